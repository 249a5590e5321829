// The talk of S with the relay: every text message there is.
//
// Source: docs/protocol.md §4.

import { fromHex, hex, utf8 } from "./bytes.js";
import { CertRelayError } from "./errors.js";
import { MAX_CONTROL_BYTES } from "./limits.js";
import { isVersion } from "./release.js";
import { parseObject, writeObject } from "./strict_json.js";

/** The WebSocket subprotocol that every connection must ask for. */
export const SUBPROTOCOL = "certrelay.v1";

/** The path of the relay's socket, after the origin's path. */
export const SOCKET_PATH = "v1/ws";

export const CLOSED_REASONS = ["left", "expired", "grace", "timeout", "over_budget", "suspended"];
export const ERROR_CODES = [
  "bad_message",
  "unsupported_protocol",
  "no_such_room",
  "no_such_code",
  "already_claimed",
  "peer_not_ready",
  "expired",
  "already_used",
  "version_too_low",
  "version_blocked",
  "version_unreadable",
  "platform_mismatch",
  "os_too_low",
  "over_budget",
  "rate_limited",
  "suspended",
  "not_admitted",
  "try_later",
];

/**
 * @typedef {{type: "paired", expires_in_ms: number}
 *   | {type: "resumed", peer: string, expires_in_ms: number}
 *   | {type: "peer_back"} | {type: "peer_gone"} | {type: "second_scan"}
 *   | {type: "closed", reason: string}
 *   | {type: "answer", share: Uint8Array, sealed: Uint8Array}
 *   | {type: "error", code: string, found?: string, needed?: string, retry_in_ms?: number}} FromRelay
 */

/**
 * S joins the room whose QR code it scanned.
 * @param {Uint8Array} join
 * @param {Uint8Array} tokenHash
 * @param {import("./hello.js").Hello} hello
 * @param {Uint8Array} [token] in each but the first that is sent: proof that it is the same end
 */
export const joinMessage = (join, tokenHash, hello, token) =>
  writeObject({
    type: "join",
    join: hex(join),
    token_hash: hex(tokenHash),
    ...(token !== undefined && { token: hex(token) }),
    platform: hello.platform,
    app_version: hello.app_version,
    os_version: hello.os_version,
  });

/** S was in this room. @param {Uint8Array} room @param {Uint8Array} token */
export const resumeMessage = (room, token) =>
  writeObject({ type: "resume", room: hex(room), role: "s", token: hex(token) });

/**
 * Somebody has typed a code of this lobby.
 * @param {string} lobby 4 to 6 digits
 * @param {Uint8Array} sid
 * @param {Uint8Array} share
 */
export const enterMessage = (lobby, sid, share) =>
  writeObject({ type: "enter", lobby, sid: hex(sid), share: hex(share) });

/** S ends the room. */
export const leaveMessage = () => writeObject({ type: "leave" });

/**
 * Read what the relay says to S.
 * @param {string} text
 * @returns {FromRelay}
 * @throws {CertRelayError} `bad_message`, for anything else
 */
export function decodeFromRelay(text) {
  if (text.length > MAX_CONTROL_BYTES || utf8(text).length > MAX_CONTROL_BYTES) throw bad();
  const read = new Fields(text);
  switch (read.text("type")) {
    case "paired":
      return { type: "paired", expires_in_ms: read.number("expires_in_ms") };
    case "resumed":
      return {
        type: "resumed",
        peer: read.oneOf("peer", ["here", "gone"]),
        expires_in_ms: read.number("expires_in_ms"),
      };
    case "peer_back":
      return { type: "peer_back" };
    case "peer_gone":
      return { type: "peer_gone" };
    case "second_scan":
      return { type: "second_scan" };
    case "answer":
      return { type: "answer", share: read.bytes("share", 32), sealed: read.bytes("sealed", 81) };
    case "closed":
      return { type: "closed", reason: read.oneOf("reason", CLOSED_REASONS) };
    case "error":
      return {
        type: "error",
        code: read.oneOf("code", ERROR_CODES),
        ...(read.has("found") && { found: read.version("found") }),
        ...(read.has("needed") && { needed: read.version("needed") }),
        ...(read.has("retry_in_ms") && { retry_in_ms: read.number("retry_in_ms") }),
      };
    default:
      throw bad();
  }
}

const bad = () => new CertRelayError("bad_message");

/** The fields of one message; each reader refuses a missing or mistyped one. */
class Fields {
  /** @param {string} raw */
  constructor(raw) {
    try {
      this.fields = parseObject(raw);
    } catch {
      throw bad();
    }
  }

  /** @param {string} key */
  has(key) {
    return key in this.fields;
  }

  /** @param {string} key */
  text(key) {
    const value = this.fields[key];
    if (typeof value !== "string") throw bad();
    return value;
  }

  /** @param {string} key */
  number(key) {
    const value = this.fields[key];
    if (typeof value !== "number") throw bad();
    return value;
  }

  /** @param {string} key @param {string[]} words */
  oneOf(key, words) {
    const value = this.text(key);
    if (!words.includes(value)) throw bad();
    return value;
  }

  /** @param {string} key @param {number} size */
  bytes(key, size) {
    return fromHex(this.text(key), size);
  }

  /** @param {string} key */
  version(key) {
    const value = this.text(key);
    if (!isVersion(value)) throw bad();
    return value;
  }
}
