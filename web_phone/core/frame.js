// The bytes of one frame and of one acknowledgement.
//
//   frame           = 0x10 ‖ seq(8) ‖ AEAD(key, 00000000‖seq, aad = first 9, plaintext)
//   acknowledgement = 0x11 ‖ n(8)   ‖ AEAD(key, 00000001‖n,   aad = first 9, next(8))
//   plaintext       = kind(1) ‖ ack(8) ‖ payload
//   payload         = u16 length ‖ body ‖ zeros, 1,024 or 16,640 bytes
//
// No counter lives here: channel.js keeps them.
//
// Source: docs/protocol.md §7.

import { chacha20poly1305 } from "../vendor/crypto.js";
import { KINDS } from "./bodies.js";
import { concat, readUint, uint } from "./bytes.js";
import { CertRelayError } from "./errors.js";
import { LARGE_PAYLOAD_BYTES, SMALL_PAYLOAD_BYTES } from "./limits.js";

/** The first byte of a binary message. */
export const CARRIER = { M1: 0x01, M2: 0x02, M3: 0x03, FRAME: 0x10, ACK: 0x11 };

const HEAD_BYTES = 9;
const TAG_BYTES = 16;
const LENGTH_BYTES = 2;

/** The two sizes that a frame can have: 1,058 and 16,674. */
export const FRAME_BYTES = [SMALL_PAYLOAD_BYTES, LARGE_PAYLOAD_BYTES].map(
  (payload) => HEAD_BYTES + 9 + payload + TAG_BYTES,
);

/** The size of an acknowledgement. */
export const ACK_BYTES = HEAD_BYTES + 8 + TAG_BYTES;

/** Read seq or n; the caller has checked the size. @param {Uint8Array} message */
export const numberOf = (message) => readUint(message.slice(1, HEAD_BYTES));

/**
 * Encrypt one frame.  No seq is ever given twice for one key.
 * @param {Uint8Array} key
 * @param {number} seq
 * @param {number} kind
 * @param {number} ack
 * @param {Uint8Array} body
 */
export function sealFrame(key, seq, kind, ack, body) {
  const head = concat(uint(CARRIER.FRAME, 1), uint(seq, 8));
  return seal(key, 0, head, concat(uint(kind, 1), uint(ack, 8), pad(kind, body)));
}

/**
 * Decrypt a frame of a right size.
 * @param {Uint8Array} key
 * @param {Uint8Array} message
 * @returns {{kind: number, ack: number, payload: Uint8Array}}
 * @throws {CertRelayError} `bad_tag`
 */
export function openFrame(key, message) {
  const plaintext = open(key, 0, message);
  return { kind: plaintext[0], ack: readUint(plaintext.slice(1, 9)), payload: plaintext.slice(9) };
}

/**
 * Encrypt one acknowledgement.  No n is ever given twice for one key.
 * @param {Uint8Array} key
 * @param {number} n
 * @param {number} nextSeq
 */
export function sealAck(key, n, nextSeq) {
  return seal(key, 1, concat(uint(CARRIER.ACK, 1), uint(n, 8)), uint(nextSeq, 8));
}

/**
 * Decrypt an acknowledgement of the right size: the next seq the other side expects.
 * @param {Uint8Array} key
 * @param {Uint8Array} message
 * @throws {CertRelayError} `bad_tag`
 */
export const openAck = (key, message) => readUint(open(key, 1, message));

/** Fill a body up to its payload's size. @param {number} kind @param {Uint8Array} body */
export function pad(kind, body) {
  const payload = new Uint8Array(payloadSize(kind, body.length));
  payload.set(uint(body.length, LENGTH_BYTES));
  payload.set(body, LENGTH_BYTES);
  return payload;
}

/**
 * Take the body out of a payload.
 * @param {number} kind
 * @param {Uint8Array} payload
 * @throws {CertRelayError} `payload_size`, `payload_length` or `payload_padding`
 */
export function unpad(kind, payload) {
  if (payload.length !== SMALL_PAYLOAD_BYTES && payload.length !== LARGE_PAYLOAD_BYTES) {
    throw new CertRelayError("payload_size");
  }
  const length = readUint(payload.slice(0, LENGTH_BYTES));
  const end = LENGTH_BYTES + length;
  if (end > payload.length) throw new CertRelayError("payload_length");
  if (payload.length !== payloadSize(kind, length)) throw new CertRelayError("payload_size");
  if (payload.slice(end).some((byte) => byte !== 0)) throw new CertRelayError("payload_padding");
  return payload.slice(LENGTH_BYTES, end);
}

/** @param {number} kind @param {number} bodyBytes */
function payloadSize(kind, bodyBytes) {
  const isLarge = kind === KINDS.CHUNK || bodyBytes > SMALL_PAYLOAD_BYTES - LENGTH_BYTES;
  return isLarge ? LARGE_PAYLOAD_BYTES : SMALL_PAYLOAD_BYTES;
}

/** @param {Uint8Array} key @param {number} space @param {Uint8Array} head @param {Uint8Array} plaintext */
function seal(key, space, head, plaintext) {
  const nonce = concat(uint(space, 4), head.slice(1));
  return concat(head, chacha20poly1305(key, nonce, head).encrypt(plaintext));
}

/** @param {Uint8Array} key @param {number} space @param {Uint8Array} message */
function open(key, space, message) {
  const head = message.slice(0, HEAD_BYTES);
  const nonce = concat(uint(space, 4), head.slice(1));
  try {
    return chacha20poly1305(key, nonce, head).decrypt(message.slice(HEAD_BYTES));
  } catch {
    throw new CertRelayError("bad_tag");
  }
}
