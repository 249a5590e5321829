// Inflates deflate streams into a buffer of known size: nothing a stream says can make it
// larger, so a small file cannot become a large one.
//
// Own code and not `DecompressionStream`: the oldest browsers that the page is for have none.
//
// Source: RFC 1951.

const MAX_BITS = 15;
const LITERALS = 288;
const DISTANCES = 30;
const END_OF_BLOCK = 256;
/** In which order the lengths of the code for code lengths come. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_EXTRA = Array.from({ length: DISTANCES }, (_, at) => Math.max(0, (at >> 1) - 1));
const LENGTH_BASE = basesOf(3, LENGTH_EXTRA).map((base, at) => (at === 28 ? 258 : base));
const DISTANCE_BASE = basesOf(1, DISTANCE_EXTRA);

/** The stream is none, is cut off, or does not give the bytes that were promised. */
export class InflateError extends Error {}

/** @typedef {{counts: number[], symbols: number[]}} Code a canonical Huffman code */

/** @param {number} first @param {number[]} extra */
function basesOf(first, extra) {
  let base = first;
  return extra.map((bits) => {
    const own = base;
    base += 2 ** bits;
    return own;
  });
}

/** @param {number[]} lengths of each symbol's code; 0 for one that does not occur @returns {Code} */
function codeOf(lengths) {
  const counts = Array.from({ length: MAX_BITS + 1 }, () => 0);
  for (const length of lengths) counts[length] += 1;
  counts[0] = 0;
  let left = 1;
  for (let bits = 1; bits <= MAX_BITS; bits += 1) {
    left = 2 * left - counts[bits];
    if (left < 0) throw new InflateError("more codes than there can be");
  }
  const symbols = [...lengths.keys()].filter((symbol) => lengths[symbol] > 0);
  symbols.sort((one, other) => lengths[one] - lengths[other] || one - other);
  return { counts, symbols };
}

const FIXED = {
  literals: codeOf(Array.from({ length: LITERALS }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8))),
  distances: codeOf(Array.from({ length: DISTANCES }, () => 5)),
};

class Bits {
  /** @param {Uint8Array} data */
  constructor(data) {
    this._data = data;
    this._at = 0;
    this._held = 0;
    this._count = 0;
  }

  /** @param {number} count at most 16 */
  take(count) {
    while (this._count < count) {
      if (this._at === this._data.length) throw new InflateError("cut off");
      this._held |= this._data[this._at] << this._count;
      this._at += 1;
      this._count += 8;
    }
    const value = this._held & ((1 << count) - 1);
    this._held >>>= count;
    this._count -= count;
    return value;
  }

  /** @param {Code} code */
  symbol({ counts, symbols }) {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_BITS; bits += 1) {
      code |= this.take(1);
      const count = counts[bits];
      if (code - count < first) return symbols[index + (code - first)];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new InflateError("no such code");
  }

  /** Whole bytes, after what is left of the present one. @param {number} count */
  bytes(count) {
    this._held = 0;
    this._count = 0;
    const found = this._data.subarray(this._at, this._at + count);
    if (found.length < count) throw new InflateError("cut off");
    this._at += count;
    return found;
  }
}

/**
 * Inflate a stream.
 * @param {Uint8Array} data
 * @param {number} size the bytes that it must give, no more and no fewer
 * @returns {Uint8Array}
 * @throws {InflateError}
 */
export function inflate(data, size) {
  const bits = new Bits(data);
  const out = new Uint8Array(size);
  let at = 0;
  for (let isLast = false; !isLast; ) {
    isLast = bits.take(1) === 1;
    const kind = bits.take(2);
    if (kind === 0) at = copyStored(bits, out, at);
    else if (kind === 1) at = inflateBlock(bits, out, at, FIXED);
    else if (kind === 2) at = inflateBlock(bits, out, at, dynamicCodes(bits));
    else throw new InflateError("no such block");
  }
  if (at !== size) throw new InflateError("fewer bytes than promised");
  return out;
}

/** @param {Bits} bits @param {Uint8Array} out @param {number} at */
function copyStored(bits, out, at) {
  const [low, high, notLow, notHigh] = bits.bytes(4);
  const length = low | (high << 8);
  if (length !== (~(notLow | (notHigh << 8)) & 0xffff)) throw new InflateError("length");
  if (at + length > out.length) throw new InflateError("more bytes than promised");
  out.set(bits.bytes(length), at);
  return at + length;
}

/** @param {Bits} bits @param {Uint8Array} out @param {number} start @param {{literals: Code, distances: Code}} codes */
function inflateBlock(bits, out, start, { literals, distances }) {
  let at = start;
  for (;;) {
    const symbol = bits.symbol(literals);
    if (symbol === END_OF_BLOCK) return at;
    if (symbol < END_OF_BLOCK) {
      if (at === out.length) throw new InflateError("more bytes than promised");
      out[at] = symbol;
      at += 1;
      continue;
    }
    const which = symbol - END_OF_BLOCK - 1;
    if (which >= LENGTH_BASE.length) throw new InflateError("no such length");
    const length = LENGTH_BASE[which] + bits.take(LENGTH_EXTRA[which]);
    const far = bits.symbol(distances);
    if (far >= DISTANCES) throw new InflateError("no such distance");
    const distance = DISTANCE_BASE[far] + bits.take(DISTANCE_EXTRA[far]);
    if (distance > at) throw new InflateError("before the beginning");
    if (at + length > out.length) throw new InflateError("more bytes than promised");
    for (const end = at + length; at < end; at += 1) out[at] = out[at - distance];
  }
}

/** @param {Bits} bits */
function dynamicCodes(bits) {
  const [literals, distances, count] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4];
  if (literals > 286 || distances > DISTANCES) throw new InflateError("too many codes");
  const own = ORDER.map(() => 0);
  for (const symbol of ORDER.slice(0, count)) own[symbol] = bits.take(3);
  const code = codeOf(own);
  /** @type {number[]} */
  const lengths = [];
  while (lengths.length < literals + distances) {
    const symbol = bits.symbol(code);
    if (symbol < 16) lengths.push(symbol);
    else {
      if (symbol === 16 && lengths.length === 0) throw new InflateError("nothing to repeat");
      const value = symbol === 16 ? lengths[lengths.length - 1] : 0;
      const times = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
      for (let time = 0; time < times; time += 1) lengths.push(value);
    }
  }
  if (lengths.length > literals + distances) throw new InflateError("too many lengths");
  if (lengths[END_OF_BLOCK] === 0) throw new InflateError("no end");
  return { literals: codeOf(lengths.slice(0, literals)), distances: codeOf(lengths.slice(literals)) };
}
