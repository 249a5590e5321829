// Triple DES, reading only: most .p12 files in the field lie under it.
//
// Source: FIPS 46-3, SP 800-67; the tests hold it against Python's library.

const BLOCK_BYTES = 8;

/** The eight S-boxes, each as four rows of sixteen. */
const S_BOXES = [
  "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
  "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
  "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
  "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
  "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
  "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
  "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
  "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
];
/** Bits are counted from 1, the highest first, as the standard counts them. */
const P = [16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25];
const PC1 = [
  [57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36],
  [63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4],
];
const PC2 = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
  41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
const INITIAL = [58, 60, 62, 64, 57, 59, 61, 63].flatMap((start) => SHIFTS.slice(0, 8).map((_, at) => start - 8 * at));

/** S-box and the permutation P after it, as one table for each six bits of the input. */
const SP = S_BOXES.map((rows, box) =>
  Uint32Array.from({ length: 64 }, (_, input) => {
    const row = ((input >> 4) & 2) | (input & 1);
    const value = parseInt(rows[16 * row + ((input >> 1) & 15)], 16);
    return P.reduce((word, from, to) => {
      const bit = from - 1 - 4 * box;
      return bit >= 0 && bit < 4 && (value >> (3 - bit)) & 1 ? (word | (1 << (31 - to))) >>> 0 : word;
    }, 0);
  }),
);

/** @param {number} word @param {number} count */
const rotate = (word, count) => ((word << count) | (word >>> (32 - count))) >>> 0;

/** The bits of bytes, the highest first. @param {Uint8Array} bytes */
const bitsOf = (bytes) => Array.from(bytes).flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));

/** Sixteen round keys, each as eight numbers of six bits. @param {Uint8Array} key 8 bytes @returns {number[][]} */
function roundKeys(key) {
  const bits = bitsOf(key);
  let halves = PC1.map((half) => half.map((at) => bits[at - 1]));
  return SHIFTS.map((shift) => {
    halves = halves.map((half) => [...half.slice(shift), ...half.slice(0, shift)]);
    const both = [...halves[0], ...halves[1]];
    const chosen = PC2.map((at) => both[at - 1]);
    return SP.map((_, box) => chosen.slice(6 * box, 6 * box + 6).reduce((sum, bit) => 2 * sum + bit, 0));
  });
}

/** Sixteen rounds without the permutations around them. @param {[number, number]} halves @param {number[][]} keys @returns {[number, number]} */
function rounds([left, right], keys) {
  for (const key of keys) {
    let mixed = 0;
    for (let box = 0; box < 8; box += 1) mixed |= SP[box][(rotate(right, (4 * box + 5) % 32) & 63) ^ key[box]];
    [left, right] = [right, (left ^ mixed) >>> 0];
  }
  return [right, left];
}

/** @param {Uint8Array} block @param {number[][][]} stages @returns {Uint8Array} */
function decryptBlock(block, stages) {
  const bits = bitsOf(block);
  const word = (/** @type {number} */ start) =>
    INITIAL.slice(start, start + 32).reduce((sum, at) => ((sum << 1) | bits[at - 1]) >>> 0, 0);
  const [left, right] = stages.reduce(rounds, [word(0), word(32)]);
  const out = new Uint8Array(BLOCK_BYTES);
  INITIAL.forEach((to, at) => {
    const bit = ((at < 32 ? left : right) >>> (31 - (at % 32))) & 1;
    out[(to - 1) >> 3] |= bit << (7 - ((to - 1) & 7));
  });
  return out;
}

/**
 * What decrypts single blocks under a key.
 * @param {Uint8Array} key 24 bytes, or 16 of which the first 8 count twice
 * @returns {(block: Uint8Array) => Uint8Array}
 */
export function decryptor(key) {
  const [first, second, third] = [0, 8, 16].map((at) => roundKeys(key.slice(at % key.length, (at % key.length) + 8)));
  const stages = [third.slice().reverse(), second, first.slice().reverse()];
  return (block) => decryptBlock(block, stages);
}
