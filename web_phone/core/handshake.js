// The handshake of S, one type for each stage.
//
//   S:  Scanned ──finish(m2)──▶ m3 to send, the session's keys, G's hello
//
// A stage is used up by leaving it.  m1, m2 and m3 stand here without the carrier's type
// byte; hellos are opaque bytes.  Bytes are hashed as they were received.
//
// Source: docs/protocol.md §5.

import { chacha20poly1305 } from "../vendor/crypto.js";
import { concat } from "./bytes.js";
import { commitment, hashItems, joinSecret, labelled, preSharedKey, roomOf } from "./derive.js";
import { CertRelayError, stateError } from "./errors.js";
import { HpkeError, setupSender } from "./hpke.js";
import { NUMBER_DIGITS } from "./limits.js";

const RANDOM_BYTES = 32;
/** Each key of m2 and m3 seals one message. */
const NONCE = new Uint8Array(12);

/**
 * @typedef {object} ScanSecrets S's fresh randomness for one scan
 * @property {Uint8Array} ske 32 bytes
 * @property {Uint8Array} ns 32 bytes
 * @property {Uint8Array} token 16 bytes
 */

/**
 * @typedef {object} SessionKeys
 * @property {Uint8Array} th hash of the handshake
 * @property {Uint8Array} s2g the key of what S seals
 * @property {Uint8Array} g2s the key of what G seals
 * @property {string} number six decimal digits, leading zeros kept
 */

/**
 * Draw S's secrets.
 * @param {(size: number) => Uint8Array} random a source of so many random bytes
 * @returns {ScanSecrets}
 */
export const freshSecrets = (random) => ({ ske: random(32), ns: random(32), token: random(16) });

/** S, after it read the QR code: its first message is `m1`. */
export class Scanned {
  /**
   * @param {ScanSecrets} secrets
   * @param {import("./qr.js").QrCode} qr
   * @param {Uint8Array} hello
   * @throws {CertRelayError} `qr_key`, if the code's public key is none
   */
  constructor(secrets, qr, hello) {
    this.join = joinSecret(qr.seed);
    this.room = roomOf(this.join);
    const [enc, context] = begin(qr, this.room, secrets.ske);
    this._secrets = /** @type {[import("./hpke.js").Context, Uint8Array] | null} */ ([
      context,
      secrets.ns,
    ]);
    const plaintext = concat(commitment(secrets.ns), hello);
    this.m1 = concat(enc, context.seal(plaintext, labelled("m1")));
  }

  /**
   * Open m2.
   * @param {Uint8Array} m2
   * @returns {{m3: Uint8Array, keys: SessionKeys, hello: Uint8Array}} `hello` as G sealed it
   * @throws {CertRelayError} `m2_open`; the session is over
   */
  finish(m2) {
    if (this._secrets === null) throw stateError("a handshake is finished once");
    const [context, ns] = this._secrets;
    this._secrets = null;
    const opened = openM2(context, this.m1, m2);
    const key = context.export(concat(labelled("m3"), hashItems(this.m1, m2)), 32);
    const m3 = chacha20poly1305(key, NONCE, labelled("m3")).encrypt(ns);
    const keys = sessionKeys(context, this.m1, m2, m3);
    return { m3, keys, hello: opened.slice(RANDOM_BYTES) };
  }
}

/** @param {import("./qr.js").QrCode} qr @param {Uint8Array} room @param {Uint8Array} ske */
function begin(qr, room, ske) {
  try {
    return setupSender(qr.pkg, qr.info, preSharedKey(qr.seed), room, ske);
  } catch (error) {
    throw error instanceof HpkeError ? new CertRelayError("qr_key") : error;
  }
}

/** @param {import("./hpke.js").Context} context @param {Uint8Array} m1 @param {Uint8Array} m2 */
function openM2(context, m1, m2) {
  const key = context.export(concat(labelled("m2"), hashItems(m1)), 32);
  let opened;
  try {
    opened = chacha20poly1305(key, NONCE, labelled("m2")).decrypt(m2);
  } catch {
    throw new CertRelayError("m2_open");
  }
  if (opened.length < RANDOM_BYTES) throw new CertRelayError("m2_open");
  return opened;
}

/**
 * What both ends know after m3.
 * @param {import("./hpke.js").Context} context
 * @param {Uint8Array} m1
 * @param {Uint8Array} m2
 * @param {Uint8Array} m3
 * @returns {SessionKeys}
 */
export function sessionKeys(context, m1, m2, m3) {
  const th = hashItems(m1, m2, m3);
  const named = (/** @type {string} */ name) => concat(labelled(name), th);
  // 16 bytes modulo 10**6, byte by byte: a number holds no 128 bits.
  const number = context
    .export(named("sas"), 16)
    .reduce((rest, byte) => (rest * 256 + byte) % 10 ** NUMBER_DIGITS, 0);
  return {
    th,
    s2g: context.export(named("s2g"), 32),
    g2s: context.export(named("g2s"), 32),
    number: String(number).padStart(NUMBER_DIGITS, "0"),
  };
}
