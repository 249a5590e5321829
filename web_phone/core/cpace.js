// CPace: two devices that were told the same few digits agree on a key, one guess each.
//
// Suite CPACE-X25519-SHA512 of draft-irtf-cfrg-cpace-21, initiator-responder.  What is here
// knows nothing of codes; core/code.js gives it its inputs.  The generator and K never leave
// this module: either of them lets somebody check a guess of the secret.
//
// Source: docs/protocol.md §10.3; RFC 7748 for X25519; RFC 9380 §6.7.1 for the map.

import { sha512, x25519 } from "../vendor/crypto.js";
import { concat, utf8 } from "./bytes.js";
import { CertRelayError, stateError } from "./errors.js";

export const SID_BYTES = 16;
const SCALAR_BYTES = 32;
const SHARE_BYTES = 32;
/** SHA-512's block: the generator string fills the first one with all that is secret. */
const BLOCK_BYTES = 128;

const ONE = BigInt(1);
const TWO = BigInt(2);
const P = (ONE << BigInt(255)) - BigInt(19);
/** The curve: y² = x³ + Ax² + x over the integers modulo p. */
const A = BigInt(486662);

/**
 * @typedef {object} Inputs what both ends must have alike, or their keys differ
 * @property {Uint8Array} secret what the person read and typed
 * @property {Uint8Array} channel where the two meet
 * @property {Uint8Array} sid 16 bytes, new for every run
 * @property {[Uint8Array, Uint8Array]} names associated data of the initiator and the responder
 */

/** @typedef {(size: number) => Uint8Array} Random a source of so many random bytes */

/** One end of one run.  Its `share` is sent to the other end; `finish` uses it up. */
export class Exchange {
  /** @param {Inputs} inputs @param {boolean} initiates @param {Random} random */
  constructor(inputs, initiates, random) {
    this._inputs = inputs;
    this._initiates = initiates;
    /** @type {Uint8Array | null} */
    this._scalar = random(SCALAR_BYTES);
    this.share = multiply(this._scalar, generator(inputs, random));
  }

  /**
   * Make the intermediate session key (ISK), 64 bytes.
   * @param {Uint8Array} otherShare as it travelled
   * @throws {CertRelayError} `low_order`, if the share was chosen so that K is known
   */
  finish(otherShare) {
    const scalar = this._scalar;
    this._scalar = null;
    if (scalar === null) throw stateError("an exchange is finished once");
    const { sid, names } = this._inputs;
    const [first, second] = this._initiates ? [this.share, otherShare] : [otherShare, this.share];
    const began = prefixed(utf8("CPace255_ISK"), sid, multiply(scalar, otherShare));
    return sha512(concat(began, prefixed(first, names[0]), prefixed(second, names[1])));
  }
}

/** `lv(a, b, …)`: each item with its length in front, as LEB128. @param {...Uint8Array} items */
function prefixed(...items) {
  return concat(...items.map((item) => concat(leb128(item.length), item)));
}

/** @param {number} value */
function leb128(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

/** What the generator is hashed from. @param {Inputs} inputs */
export function generatorString({ secret, channel, sid }) {
  const head = prefixed(utf8("CPace255"), secret);
  const filling = new Uint8Array(Math.max(0, BLOCK_BYTES - 1 - head.length));
  return concat(head, prefixed(filling, channel, sid));
}

/** The generator, for tests and for `Exchange`, which forgets it. @param {Inputs} inputs @param {Random} random */
export function generator(inputs, random) {
  return mapToCurve(sha512(generatorString(inputs)).slice(0, SHARE_BYTES), random);
}

/**
 * Map 32 bytes to the u-coordinate of a point: Elligator 2.
 *
 * Both powers are taken of a value that was multiplied with a fresh random factor, so that the
 * time they take tells nothing of the secret behind `hashed`.
 * @param {Uint8Array} hashed
 * @param {Random} random
 */
export function mapToCurve(hashed, random) {
  const r = modulo(readLittle(hashed) % (ONE << BigInt(255)));
  const blind = nonZero(random);
  let v = modulo(-A * inverse(ONE + TWO * r * r, blind));
  if (!isSquare(v * (v * (v + A) + ONE), nonZero(random))) v = modulo(-A - v);
  return writeLittle(v);
}

/** @param {bigint} value */
const modulo = (value) => ((value % P) + P) % P;

/** @param {Random} random */
const nonZero = (random) => (readLittle(random(SCALAR_BYTES)) % (P - ONE)) + ONE;

/** @param {bigint} value @param {bigint} blind */
const inverse = (value, blind) => modulo(power(value * blind, P - TWO) * blind);

/** @param {bigint} value @param {bigint} blind */
const isSquare = (value, blind) => power(value * blind * blind, (P - ONE) / TWO) <= ONE;

/** @param {bigint} base @param {bigint} exponent one of two constants, nothing secret */
function power(base, exponent) {
  let result = ONE;
  let square = modulo(base);
  for (let rest = exponent; rest > 0; rest >>= ONE) {
    if (rest & ONE) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/** @param {Uint8Array} bytes */
function readLittle(bytes) {
  return bytes.reduceRight((value, byte) => value * BigInt(256) + BigInt(byte), BigInt(0));
}

/** @param {bigint} value */
function writeLittle(value) {
  let rest = value;
  return Uint8Array.from({ length: SHARE_BYTES }, () => {
    const byte = Number(rest % BigInt(256));
    rest /= BigInt(256);
    return byte;
  });
}

/**
 * Multiply a point (RFC 7748).
 * @param {Uint8Array} scalar
 * @param {Uint8Array} u
 * @throws {CertRelayError} `low_order`, if the result is 32 zero bytes
 */
export function multiply(scalar, u) {
  try {
    return x25519.getSharedSecret(scalar, u);
  } catch {
    throw new CertRelayError("low_order");
  }
}
