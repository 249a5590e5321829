// What a frame can say: every sealed message.
//
//   OFFER, CHUNK, END            from the sender
//   ACCEPT, REJECT, RECEIPT      from the receiver
//   PROGRESS, CLOSE              from both
//
// A word that this version does not know (a reason, a step, a status) reads as "other", so
// that a peer's text is never shown.
//
// Source: docs/protocol.md §7.

import { concat, readUint, uint, utf8 } from "./bytes.js";
import { CertRelayError } from "./errors.js";
import { CHUNK_BYTES } from "./limits.js";
import { isVersion } from "./release.js";
import { parseObject, writeObject } from "./strict_json.js";

/** The first byte of a frame's plaintext. */
export const KINDS = {
  OFFER: 1,
  ACCEPT: 2,
  REJECT: 3,
  CHUNK: 4,
  END: 5,
  RECEIPT: 6,
  CLOSE: 7,
  PROGRESS: 8,
};

export const STEPS = ["choosing", "typing", "asking", "saving"];
export const STATUSES = ["stored", "duplicate", "rejected", "unconfirmed"];
export const REASONS = [
  "declined",
  "too_large",
  "bad_manifest",
  "bad_digest",
  "bad_certificate",
  "key_mismatch",
  "name_taken",
  "disk",
];
/** The reasons of CLOSE with which an end refuses the other one's release. */
export const REFUSALS = ["version_too_low", "version_blocked", "platform_mismatch", "os_too_low"];
export const CLOSE_REASONS = [
  "done",
  "cancelled",
  "number_mismatch",
  "second_scan",
  ...REFUSALS,
  "timeout",
  "protocol",
  "page_closed",
];
/** The keys that go with a refusal: what the hello said, and the lowest that is admitted. */
const VERSIONS = ["found", "needed"];

/** @typedef {{status: string, reason?: string}} ItemResult what became of one item */
/**
 * @typedef {{is: "offer", manifest: Uint8Array}
 *   | {is: "accept"}
 *   | {is: "reject", reason: string}
 *   | {is: "chunk", offset: number, data: Uint8Array}
 *   | {is: "end", digest: Uint8Array}
 *   | {is: "receipt", items: ItemResult[]}
 *   | {is: "close", reason: string, found?: string, needed?: string}
 *   | {is: "progress", step: string}} Body
 */

const OFFSET_BYTES = 4;
const DIGEST_BYTES = 32;

/** @param {import("./strict_json.js").JsonObject} fields */
const json = (fields) => utf8(writeObject(fields));

/**
 * Write a body: its kind and its bytes.
 * @param {Body} body
 * @returns {[number, Uint8Array]}
 */
export function encodeBody(body) {
  switch (body.is) {
    case "offer":
      return [KINDS.OFFER, body.manifest];
    case "accept":
      return [KINDS.ACCEPT, json({})];
    case "reject":
      return [KINDS.REJECT, json({ reason: body.reason })];
    case "chunk":
      return [KINDS.CHUNK, concat(uint(body.offset, OFFSET_BYTES), body.data)];
    case "end":
      return [KINDS.END, body.digest];
    case "receipt":
      return [KINDS.RECEIPT, json({ items: body.items.map((item) => ({ ...item })) })];
    case "close": {
      const { is, ...fields } = body;
      return [KINDS.CLOSE, json(fields)];
    }
    case "progress":
      return [KINDS.PROGRESS, json({ step: body.step })];
  }
}

/**
 * Read a body.
 * @param {number} kind
 * @param {Uint8Array} raw
 * @returns {Body}
 * @throws {CertRelayError} `unknown_kind`, `bad_json` or `bad_body`
 */
export function decodeBody(kind, raw) {
  switch (kind) {
    case KINDS.OFFER:
      return { is: "offer", manifest: raw }; // a fault in it is answered by REJECT, not CLOSE
    case KINDS.ACCEPT:
      object(raw);
      return { is: "accept" };
    case KINDS.REJECT:
      return { is: "reject", reason: word(object(raw), "reason", REASONS) };
    case KINDS.CHUNK: {
      const data = raw.slice(OFFSET_BYTES);
      if (data.length < 1 || data.length > CHUNK_BYTES) throw new CertRelayError("bad_body");
      return { is: "chunk", offset: readUint(raw.slice(0, OFFSET_BYTES)), data };
    }
    case KINDS.END:
      if (raw.length !== DIGEST_BYTES) throw new CertRelayError("bad_body");
      return { is: "end", digest: raw };
    case KINDS.RECEIPT:
      return { is: "receipt", items: results(object(raw).items) };
    case KINDS.CLOSE: {
      const fields = object(raw);
      const reason = word(fields, "reason", CLOSE_REASONS);
      return { is: "close", reason, ...(REFUSALS.includes(reason) && versions(fields)) };
    }
    case KINDS.PROGRESS:
      return { is: "progress", step: word(object(raw), "step", STEPS) };
    default:
      throw new CertRelayError("unknown_kind");
  }
}

/** @param {Uint8Array} raw */
function object(raw) {
  try {
    return parseObject(raw);
  } catch {
    throw new CertRelayError("bad_json");
  }
}

/** @param {import("./strict_json.js").JsonValue | undefined} fields @param {string} key @param {string[]} known */
function word(fields, key, known) {
  const isObject = typeof fields === "object" && !Array.isArray(fields);
  const value = isObject ? fields[key] : undefined;
  if (typeof value !== "string") throw new CertRelayError("bad_body");
  return known.includes(value) ? value : "other";
}

/**
 * The versions of a refusal; what is none is passed over: the session is over anyhow.
 * @param {import("./strict_json.js").JsonObject} fields
 * @returns {Record<string, string>}
 */
function versions(fields) {
  /** @type {Record<string, string>} */
  const known = {};
  for (const name of VERSIONS) {
    const text = fields[name];
    if (typeof text === "string" && isVersion(text)) known[name] = text;
  }
  return known;
}

/** @param {import("./strict_json.js").JsonValue | undefined} items @returns {ItemResult[]} */
function results(items) {
  if (!Array.isArray(items)) throw new CertRelayError("bad_body");
  return items.map((item) => {
    const status = word(item, "status", STATUSES);
    const hasReason = typeof item === "object" && "reason" in item;
    return hasReason ? { status, reason: word(item, "reason", REASONS) } : { status };
  });
}
