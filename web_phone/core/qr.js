// The QR code: payload ⇄ digits ⇄ URL.
//
//   payload (65 bytes) = byte0 ‖ pkG (32) ‖ seed (32)
//   URL                = origin ‖ "#" ‖ digits(payload)
//
// A damaged code is refused, each damage by its own word, and never repaired.
//
// Source: docs/protocol.md §2.

import { concat, uint, utf8 } from "./bytes.js";
import { CertRelayError } from "./errors.js";
import { parseOrigin } from "./origin.js";

const VERSION = 1;
const PAYLOAD_BYTES = 65;
const GROUP_BYTES = 7;
/** Decimal digits for a group of so many bytes. */
const GROUP_DIGITS = [0, 3, 5, 8, 10, 13, 15, 17];

/**
 * @typedef {object} QrCode
 * @property {import("./origin.js").Origin} origin
 * @property {"toPC" | "toPhone"} direction where the certificate goes
 * @property {boolean} lan whether the origin may be plain http on the local network
 * @property {Uint8Array} pkg G's X25519 public key, 32 bytes
 * @property {Uint8Array} seed 32 bytes, secret
 * @property {Uint8Array} info HPKE's `info`: version, direction, lan and origin, bound into the keys
 */

/**
 * Read what a camera saw.
 * @param {string} url
 * @returns {QrCode}
 * @throws {CertRelayError} with the word of the damage; `qr_key` is noticed when m1 is made
 */
export function parseQr(url) {
  const hash = url.indexOf("#");
  const payload = readPayload(fromDigits(hash < 0 ? "" : url.slice(hash + 1)));
  return qrAt(parseOrigin(url.slice(0, hash)), payload);
}

/** @typedef {Pick<QrCode, "direction" | "lan" | "pkg" | "seed"> & {byte0: number}} Payload */

/**
 * Read the 65 bytes.
 * @param {Uint8Array} raw
 * @returns {Payload}
 * @throws {CertRelayError} `qr_length`, `qr_version` or `qr_reserved`
 */
export function readPayload(raw) {
  if (raw.length === 0) throw new CertRelayError("qr_length");
  const byte0 = raw[0];
  // Before the length, which a later version may have chosen anew.
  if (byte0 >> 4 !== VERSION) throw new CertRelayError("qr_version");
  if (raw.length !== PAYLOAD_BYTES) throw new CertRelayError("qr_length");
  if ((byte0 & 0b11) !== 0) throw new CertRelayError("qr_reserved");
  return {
    byte0,
    direction: ((byte0 >> 3) & 1) === 1 ? "toPC" : "toPhone",
    lan: ((byte0 >> 2) & 1) === 1,
    pkg: raw.slice(1, 33),
    seed: raw.slice(33),
  };
}

/**
 * Join a payload with the relay's place.
 * @param {import("./origin.js").Origin} origin
 * @param {Payload} payload
 * @returns {QrCode}
 * @throws {CertRelayError} `qr_scheme`, if the payload does not allow that place
 */
export function qrAt(origin, payload) {
  const { byte0, direction, lan, pkg, seed } = payload;
  if (origin.scheme === "http" && !(lan ? origin.isLocal : origin.isLoopback)) {
    throw new CertRelayError("qr_scheme");
  }
  const spelled = utf8(origin.text);
  const info = concat(utf8("certrelay/1 info"), uint(byte0, 1), uint(spelled.length, 2), spelled);
  return { origin, direction, lan, pkg, seed, info };
}

/** A code as it is scanned: where a typed code leads. @param {QrCode} qr */
export function qrUrl({ origin, info, pkg, seed }) {
  const byte0 = info.slice("certrelay/1 info".length)[0];
  return `${origin.text}#${toDigits(concat(uint(byte0, 1), pkg, seed))}`;
}

/** @param {Uint8Array} raw */
function toDigits(raw) {
  let digits = "";
  for (let at = 0; at < raw.length; at += GROUP_BYTES) {
    const group = raw.slice(at, at + GROUP_BYTES);
    const value = group.reduceRight((rest, byte) => (rest << BigInt(8)) | BigInt(byte), BigInt(0));
    digits += value.toString().padStart(GROUP_DIGITS[group.length], "0");
  }
  return digits;
}

/**
 * Read groups of digits: 17 for every 7 bytes, little-endian.
 * @param {string} digits
 * @returns {Uint8Array}
 */
function fromDigits(digits) {
  if (!/^[0-9]*$/.test(digits)) throw new CertRelayError("qr_digits");
  const whole = Math.floor(digits.length / GROUP_DIGITS[GROUP_BYTES]);
  const tail = GROUP_DIGITS.indexOf(digits.length % GROUP_DIGITS[GROUP_BYTES]);
  if (tail < 0 || digits.length === 0) throw new CertRelayError("qr_length");
  const groups = [];
  for (let group = 0, at = 0; group < whole + (tail > 0 ? 1 : 0); group += 1) {
    const size = group < whole ? GROUP_BYTES : tail;
    groups.push(groupBytes(digits.slice(at, at + GROUP_DIGITS[size]), size));
    at += GROUP_DIGITS[size];
  }
  return concat(...groups);
}

/** @param {string} digits @param {number} size */
function groupBytes(digits, size) {
  // 17 digits are more than a number holds exactly.
  let rest = BigInt(digits);
  if (rest >= BigInt(1) << BigInt(8 * size)) throw new CertRelayError("qr_range");
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(rest & BigInt(255));
    rest >>= BigInt(8);
    return byte;
  });
}
