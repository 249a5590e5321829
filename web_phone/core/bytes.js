// Byte strings: joined, compared, written as hex and as big-endian integers.

import { CertRelayError } from "./errors.js";

const encoder = new TextEncoder();

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/** @param {...Uint8Array} parts */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Read lower-case hex of exactly `size` bytes.
 * @param {string} text
 * @param {number} size
 */
export function fromHex(text, size) {
  if (text.length !== 2 * size || !/^[0-9a-f]*$/.test(text)) throw new CertRelayError("bad_message");
  return Uint8Array.from({ length: size }, (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

/**
 * A big-endian integer of `size` bytes.
 * @param {number} value
 * @param {number} size
 */
export function uint(value, size) {
  const bytes = new Uint8Array(size);
  for (let at = size - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) {
    bytes[at] = rest % 256;
  }
  return bytes;
}

/**
 * Read a big-endian integer; above 2**53 the result is inexact, but never small.
 * @param {Uint8Array} bytes
 */
export function readUint(bytes) {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/**
 * Compare in a time that depends on the lengths only.
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 */
export function equal(one, other) {
  if (one.length !== other.length) return false;
  let differing = 0;
  for (let at = 0; at < one.length; at += 1) differing |= one[at] ^ other[at];
  return differing === 0;
}
