// SEED, the Korean block cipher under which most signPri.key files lie.
//
// The two S-boxes are computed as the standard defines them, rather than typed in: a power
// in GF(2^8) and an affine map.
//
// Source: RFC 4269 §2; its test vectors are in the tests.

const BLOCK_BYTES = 16;
const ROUNDS = 16;

/** Multiply in GF(2^8) modulo x^8+x^6+x^5+x+1. @param {number} a @param {number} b */
function multiply(a, b) {
  let product = 0;
  for (let factor = a, rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) product ^= factor;
    factor = (factor << 1) ^ (factor & 0x80 ? 0x163 : 0);
  }
  return product;
}

/** @param {number} exponent @param {number[]} columns of the affine map @param {number} constant */
function sBox(exponent, columns, constant) {
  return Uint8Array.from({ length: 256 }, (_, x) => {
    let power = 1;
    for (let square = x, rest = exponent; rest > 0; rest >>= 1, square = multiply(square, square)) {
      if (rest & 1) power = multiply(power, square);
    }
    return columns.reduce((sum, column, bit) => ((power >> bit) & 1 ? sum ^ column : sum), constant);
  });
}

const S1 = sBox(247, [0x2c, 0xd0, 0x69, 0xc2, 0x41, 0x44, 0x58, 0xe2], 0xa9);
const S2 = sBox(251, [0xd0, 0x2a, 0xe1, 0x2c, 0x21, 0x30, 0xa2, 0x6c], 0x38);
const MASKS = [0xfc, 0xf3, 0xcf, 0x3f];

/** The function G on 32 bits, as four tables: one for each byte of its input. */
const G_TABLES = [0, 1, 2, 3].map((input) =>
  Uint32Array.from({ length: 256 }, (_, x) => {
    const s = input % 2 === 0 ? S1[x] : S2[x];
    let word = 0;
    for (let output = 0; output < 4; output += 1) {
      word |= (s & MASKS[(output + input) % 4]) << (8 * output);
    }
    return word >>> 0;
  }),
);

/** @param {number} x */
function g(x) {
  return (
    (G_TABLES[0][x & 255] ^
      G_TABLES[1][(x >>> 8) & 255] ^
      G_TABLES[2][(x >>> 16) & 255] ^
      G_TABLES[3][x >>> 24]) >>>
    0
  );
}

/** @param {number} value @param {number} bits */
const rotate = (value, bits) => ((value << bits) | (value >>> (32 - bits))) >>> 0;

/** @param {Uint8Array} bytes @returns {number[]} */
function words(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [0, 4, 8, 12].map((at) => view.getUint32(at));
}

/** @param {Uint8Array} key 16 bytes */
function roundKeys(key) {
  let [a, b, c, d] = words(key);
  /** @type {[number, number][]} */
  const keys = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const constant = rotate(0x9e3779b9, round);
    keys.push([g((a + c - constant) >>> 0), g((b - d + constant) >>> 0)]);
    if (round % 2 === 0) [a, b] = [(a >>> 8) | (b << 24), (b >>> 8) | (a << 24)];
    else [c, d] = [(c << 8) | (d >>> 24), (d << 8) | (c >>> 24)];
  }
  return keys;
}

/** @param {number} c @param {number} d @param {[number, number]} key */
function f(c, d, [k0, k1]) {
  const first = (c ^ k0) >>> 0;
  const mixed = g((first ^ d ^ k1) >>> 0);
  const middle = g((mixed + first) >>> 0);
  const last = g((middle + mixed) >>> 0);
  return [(last + middle) >>> 0, last];
}

/** Encrypt or decrypt (the keys reversed) one block. @param {[number, number][]} keys @param {Uint8Array} block */
function crypt(keys, block) {
  let [l0, l1, r0, r1] = words(block);
  for (const key of keys) {
    const [f0, f1] = f(r0, r1, key);
    [l0, l1, r0, r1] = [r0, r1, (l0 ^ f0) >>> 0, (l1 ^ f1) >>> 0];
  }
  const out = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(out.buffer);
  [r0, r1, l0, l1].forEach((word, at) => view.setUint32(4 * at, word));
  return out;
}

/** Encrypt one block. @param {Uint8Array} key 16 bytes @param {Uint8Array} block 16 bytes */
export const encryptBlock = (key, block) => crypt(roundKeys(key), block);

/**
 * What decrypts single blocks under a key.
 * @param {Uint8Array} key 16 bytes
 * @returns {(block: Uint8Array) => Uint8Array}
 */
export function decryptor(key) {
  const keys = roundKeys(key).reverse();
  return (block) => crypt(keys, block);
}
