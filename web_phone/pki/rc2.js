// The block cipher RC2, reading only: .p12 files of older programs hide
// certificates in it.  With 40 bits it hides nothing; it is here so that such a file opens.
//
// Source: RFC 2268; certrelay/pki/rc2.py.

import { fromHex } from "../core/bytes.js";

const SHIFTS = [1, 2, 3, 5];
/** A permutation made of the digits of π. */
const PI = fromHex(
  "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2" +
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82" +
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626" +
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7" +
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec" +
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731" +
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9" +
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad",
  256,
);

/** The 64 words of 16 bits that the rounds use. @param {Uint8Array} key all of whose bits count */
function expanded(key) {
  const table = new Uint8Array(128);
  table.set(key);
  for (let at = key.length; at < 128; at += 1) table[at] = PI[(table[at - 1] + table[at - key.length]) & 255];
  table[128 - key.length] = PI[table[128 - key.length]];
  for (let at = 127 - key.length; at >= 0; at -= 1) table[at] = PI[table[at + 1] ^ table[at + key.length]];
  return Array.from({ length: 64 }, (_, at) => table[2 * at] | (table[2 * at + 1] << 8));
}

/** @param {number[]} words @param {Uint8Array} block */
function decryptBlock(words, block) {
  const r = [0, 2, 4, 6].map((at) => block[at] | (block[at + 1] << 8));
  let at = 63;
  for (let turn = 0; turn < 16; turn += 1) {
    if (turn === 5 || turn === 11) {
      for (const i of [3, 2, 1, 0]) r[i] = (r[i] - words[r[(i + 3) & 3] & 63]) & 0xffff;
    }
    for (const i of [3, 2, 1, 0]) {
      const turned = (r[i] >> SHIFTS[i]) | (r[i] << (16 - SHIFTS[i]));
      const mixed = (r[(i + 3) & 3] & r[(i + 2) & 3]) + (~r[(i + 3) & 3] & r[(i + 1) & 3]);
      r[i] = (turned - words[at] - mixed) & 0xffff;
      at -= 1;
    }
  }
  return Uint8Array.from(r.flatMap((word) => [word & 255, word >> 8]));
}

/**
 * What decrypts single blocks under a key.
 * @param {Uint8Array} key 1 to 128 bytes
 * @returns {(block: Uint8Array) => Uint8Array}
 */
export function decryptor(key) {
  const words = expanded(key);
  return (block) => decryptBlock(words, block);
}
