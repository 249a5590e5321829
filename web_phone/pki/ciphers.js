// Block ciphers in CBC mode with PKCS#7 padding, reading only, by object identifier.
//
// Source: RFC 8018 appendix B.2, RFC 4010; certrelay/pki/ciphers.py.  ARIA is not read here.

import { aesCbc } from "../vendor/crypto.js";
import * as des from "./des.js";
import * as rc2 from "./rc2.js";
import * as seed from "./seed.js";

/**
 * @typedef {object} BlockCipher
 * @property {number} keyBytes
 * @property {number} blockBytes
 * @property {(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array) => Uint8Array} decryptCbc
 *   whole blocks; the padding stays on
 */

/** @param {number} keyBytes @param {number} blockBytes @param {(key: Uint8Array) => (block: Uint8Array) => Uint8Array} decryptor @returns {BlockCipher} */
const ofBlocks = (keyBytes, blockBytes, decryptor) => ({
  keyBytes,
  blockBytes,
  decryptCbc(key, iv, sealed) {
    const decrypt = decryptor(key);
    const plain = new Uint8Array(sealed.length);
    let previous = iv;
    for (let at = 0; at < sealed.length; at += blockBytes) {
      const block = sealed.slice(at, at + blockBytes);
      decrypt(block).forEach((byte, index) => {
        plain[at + index] = byte ^ previous[index];
      });
      previous = block;
    }
    return plain;
  },
});

/** @param {number} keyBytes @returns {BlockCipher} */
const aes = (keyBytes) => ({
  keyBytes,
  blockBytes: 16,
  decryptCbc: (key, iv, sealed) => aesCbc(key, iv, { disablePadding: true }).decrypt(sealed),
});

export const SEED = ofBlocks(16, 16, seed.decryptor);
const TRIPLE_DES = ofBlocks(24, 8, des.decryptor);

/** The ciphers of PBES2 whose parameter is the IV. @type {Record<string, BlockCipher>} */
export const CIPHERS = {
  "1.2.410.200004.1.4": SEED,
  "2.16.840.1.101.3.4.1.2": aes(16),
  "2.16.840.1.101.3.4.1.22": aes(24),
  "2.16.840.1.101.3.4.1.42": aes(32),
  "1.2.840.113549.3.7": TRIPLE_DES,
};

/** The forms of PKCS#12, which fix the cipher and derive the IV. @type {Record<string, BlockCipher>} */
export const PKCS12_FORMS = {
  "1.2.840.113549.1.12.1.3": TRIPLE_DES,
  "1.2.840.113549.1.12.1.4": ofBlocks(16, 8, des.decryptor),
  "1.2.840.113549.1.12.1.5": ofBlocks(16, 8, rc2.decryptor),
  "1.2.840.113549.1.12.1.6": ofBlocks(5, 8, rc2.decryptor),
};

/**
 * Decrypt and take the padding off; null if the padding is not right.  Right padding proves
 * little: 1 wrong key in 256 gives it.
 * @param {BlockCipher} cipher
 * @param {Uint8Array} key
 * @param {Uint8Array} iv
 * @param {Uint8Array} sealed
 */
export function decrypt(cipher, key, iv, sealed) {
  const { blockBytes } = cipher;
  if (sealed.length === 0 || sealed.length % blockBytes !== 0) return null;
  const padded = cipher.decryptCbc(key, iv, sealed);
  const count = padded[padded.length - 1];
  const end = padded.length - count;
  const isRight = count >= 1 && count <= blockBytes && padded.slice(end).every((byte) => byte === count);
  return isRight ? padded.slice(0, end) : null;
}
