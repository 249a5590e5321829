// Keys from passwords: the derivations of PKCS#5 and PKCS#12.
//
// A file says how much work its key is: the work is reckoned before it is done, and refused above
// a limit; whatever was reckoned, it ends after a time.
//
// Source: RFC 8018 §5, RFC 7292 appendix B; certrelay/pki/kdf.py.

import { pbkdf2Async, sha1 } from "../vendor/crypto.js";
import { concat } from "../core/bytes.js";
import { CertRelayError } from "../core/errors.js";
import { KDF_S, MAX_KDF_WORK } from "../core/limits.js";

/** @typedef {typeof sha1} Hash */

/** Rounds between two looks at the screen: some 10 ms on a slow phone. */
const ROUNDS_AT_ONCE = 5000;

/** Let the page draw and answer. */
const breath = () => new Promise((resolve) => setTimeout(resolve, 0));

const tooMuch = () => new CertRelayError("too_many_iterations", { limit: MAX_KDF_WORK });

/** How many results of a hash make that many bytes: each takes all rounds. @param {Hash} hash @param {number} size */
export const blocks = (hash, size) => Math.ceil(size / hash.outputLen);

/** Refuse what is too much. @param {number} work rounds times blocks */
export function checkWork(work) {
  if (work > MAX_KDF_WORK) throw tooMuch();
}

/**
 * Wait for a result, but not longer than that.
 * @template T @param {Promise<T>} result @param {number} seconds
 * @returns {Promise<T>}
 */
export function within(result, seconds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooMuch()), 1000 * seconds);
    const settle = () => clearTimeout(timer);
    result.then(settle, settle);
    result.then(resolve, reject);
  });
}

/** PBKDF2 with HMAC. @param {Hash} hash @param {Uint8Array} password @param {Uint8Array} salt @param {number} rounds @param {number} size in bytes */
export async function pbkdf2(hash, password, salt, rounds, size) {
  checkWork(rounds * blocks(hash, size));
  return within(pbkdf2Async(hash, password, salt, { c: rounds, dkLen: size }), KDF_S);
}

/** Hash over and over. @param {Hash} hash @param {Uint8Array} start @param {number} rounds */
async function hashed(hash, start, rounds) {
  const end = Date.now() + 1000 * KDF_S;
  let digest = start;
  for (let round = 0; round < rounds; round += 1) {
    if (round % ROUNDS_AT_ONCE === ROUNDS_AT_ONCE - 1) await breath();
    if (round % ROUNDS_AT_ONCE === 0 && Date.now() > end) throw tooMuch();
    digest = hash(digest);
  }
  return digest;
}

/** PBKDF1 with SHA-1: 20 bytes. @param {Uint8Array} password @param {Uint8Array} salt @param {number} rounds */
export const pbkdf1 = (password, salt, rounds) => hashed(sha1, concat(password, salt), rounds);

/**
 * PKCS#12's derivation.
 * @param {Uint8Array} password as `widePasswordBytes` gives it
 * @param {Uint8Array} salt
 * @param {number} rounds
 * @param {{purpose: 1 | 2 | 3, size: number, hash?: Hash}} wanted purpose: 1 for a key, 2 for an
 *   IV, 3 for a MAC key; size in bytes
 */
export async function pkcs12(password, salt, rounds, { purpose, size, hash = sha1 }) {
  checkWork(rounds * blocks(hash, size));
  const block = hash.blockLen;
  let inner = concat(filled(salt, block), filled(password, block));
  let derived = new Uint8Array(0);
  for (;;) {
    const digest = await hashed(hash, concat(new Uint8Array(block).fill(purpose), inner), rounds);
    derived = concat(derived, digest);
    if (derived.length >= size) return derived.slice(0, size);
    const addend = filled(digest, block).slice(0, block);
    inner = concat(...chunks(inner, block).map((chunk) => plusOne(chunk, addend)));
  }
}

/** Repeat content until it fills whole blocks; nothing stays nothing. @param {Uint8Array} content @param {number} block */
function filled(content, block) {
  const size = Math.ceil(content.length / block) * block;
  return Uint8Array.from({ length: size }, (_, at) => content[at % content.length]);
}

/** @param {Uint8Array} bytes @param {number} size */
const chunks = (bytes, size) =>
  Array.from({ length: bytes.length / size }, (_, at) => bytes.slice(at * size, (at + 1) * size));

/** Big-endian sum of both and one, cut to their length. @param {Uint8Array} one @param {Uint8Array} other */
function plusOne(one, other) {
  const sum = new Uint8Array(one.length);
  let carry = 1;
  for (let at = one.length - 1; at >= 0; at -= 1) {
    carry += one[at] + other[at];
    sum[at] = carry & 255;
    carry >>= 8;
  }
  return sum;
}
