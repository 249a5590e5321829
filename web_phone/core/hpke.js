// HPKE in PSK mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
//
// One suite, one mode, no choice: nothing can fall back to base mode.  Built on the noble
// primitives rather than on a general HPKE package, because those are asynchronous, and a
// protocol that must handle messages strictly in order is safer without waiting inside.
// tests/vectors/rfc9180-… proves every step.
//
// Source: RFC 9180 §4.1, §5.1, §5.3; docs/protocol.md §5.

import { chacha20poly1305, expand, extract, sha256, x25519 } from "../vendor/crypto.js";
import { concat, uint, utf8 } from "./bytes.js";

const KEM_SUITE = concat(utf8("KEM"), uint(0x0020, 2));
const SUITE = concat(utf8("HPKE"), uint(0x0020, 2), uint(0x0001, 2), uint(0x0003, 2));
const MODE_PSK = 1;
const MIN_PSK_BYTES = 32;
const EMPTY = new Uint8Array(0);
export const ENC_BYTES = 32;

/** A key that is no key, a message that does not open, or a misuse of the mode. */
export class HpkeError extends Error {}

/** @param {Uint8Array} suite @param {Uint8Array} salt @param {string} label @param {Uint8Array} ikm */
function labeledExtract(suite, salt, label, ikm) {
  return extract(sha256, concat(utf8("HPKE-v1"), suite, utf8(label), ikm), salt);
}

/**
 * @param {Uint8Array} suite
 * @param {Uint8Array} prk
 * @param {string} label
 * @param {Uint8Array} info
 * @param {number} size
 */
function labeledExpand(suite, prk, label, info, size) {
  return expand(sha256, prk, concat(uint(size, 2), utf8("HPKE-v1"), suite, utf8(label), info), size);
}

/** One context: seals or opens one message, and exports keys. */
export class Context {
  /** @param {Uint8Array} key @param {Uint8Array} nonce @param {Uint8Array} exporter */
  constructor(key, nonce, exporter) {
    this._cipher = /** @type {[Uint8Array, Uint8Array] | null} */ ([key, nonce]);
    this._exporter = exporter;
  }

  /** Encrypt the one message. @param {Uint8Array} plaintext @param {Uint8Array} aad */
  seal(plaintext, aad) {
    return this._once(aad).encrypt(plaintext);
  }

  /** Decrypt the one message. @param {Uint8Array} sealed @param {Uint8Array} aad */
  open(sealed, aad) {
    const cipher = this._once(aad);
    try {
      return cipher.decrypt(sealed);
    } catch {
      throw new HpkeError("does not open");
    }
  }

  /** Derive `size` bytes under `label`. @param {Uint8Array} label @param {number} size */
  export(label, size) {
    return labeledExpand(SUITE, this._exporter, "sec", label, size);
  }

  /** @param {Uint8Array} aad */
  _once(aad) {
    if (this._cipher === null) throw new HpkeError("a context carries one message");
    const [key, nonce] = this._cipher;
    this._cipher = null;
    return chacha20poly1305(key, nonce, aad);
  }
}

/**
 * The key schedule of mode_psk.
 * @param {Uint8Array} shared the KEM's shared secret
 * @param {Uint8Array} info what the context is bound to
 * @param {Uint8Array} psk at least 32 bytes
 * @param {Uint8Array} pskId at least one byte
 */
export function keySchedule(shared, info, psk, pskId) {
  if (psk.length < MIN_PSK_BYTES) throw new HpkeError("a psk has at least 32 bytes");
  if (pskId.length === 0) throw new HpkeError("a psk has an id");
  const context = concat(
    uint(MODE_PSK, 1),
    labeledExtract(SUITE, EMPTY, "psk_id_hash", pskId),
    labeledExtract(SUITE, EMPTY, "info_hash", info),
  );
  const secret = labeledExtract(SUITE, shared, "secret", psk);
  return {
    key: labeledExpand(SUITE, secret, "key", context, 32),
    nonce: labeledExpand(SUITE, secret, "base_nonce", context, 12),
    exporter: labeledExpand(SUITE, secret, "exp", context, 32),
  };
}

/**
 * The KEM's shared secret, the same at both ends.
 * @param {Uint8Array} secretKey of this end
 * @param {Uint8Array} publicKey of the other end
 * @param {Uint8Array} enc the sender's ephemeral public key
 * @param {Uint8Array} recipient the recipient's public key
 */
export function sharedSecret(secretKey, publicKey, enc, recipient) {
  let dh;
  try {
    dh = x25519.getSharedSecret(secretKey, publicKey);
  } catch {
    throw new HpkeError("not a usable public key"); // of low order, or not 32 bytes
  }
  const prk = labeledExtract(KEM_SUITE, EMPTY, "eae_prk", dh);
  return labeledExpand(KEM_SUITE, prk, "shared_secret", concat(enc, recipient), 32);
}

/**
 * SetupPSKS.
 * @param {Uint8Array} recipient its X25519 public key, 32 bytes
 * @param {Uint8Array} info what the context is bound to
 * @param {Uint8Array} psk at least 32 bytes
 * @param {Uint8Array} pskId at least one byte
 * @param {Uint8Array} ephemeral a fresh X25519 secret key, 32 bytes, never used again
 * @returns {[Uint8Array, Context]} the encapsulated key, 32 bytes, and the context
 * @throws {HpkeError} if the psk or its id is missing or short, or the key is of low order
 */
export function setupSender(recipient, info, psk, pskId, ephemeral) {
  const enc = x25519.getPublicKey(ephemeral);
  const shared = sharedSecret(ephemeral, recipient, enc, recipient);
  const { key, nonce, exporter } = keySchedule(shared, info, psk, pskId);
  return [enc, new Context(key, nonce, exporter)];
}

/**
 * SetupPSKR.
 * @param {Uint8Array} enc the encapsulated key, 32 bytes
 * @param {Uint8Array} secretKey the recipient's X25519 secret key, 32 bytes
 * @param {Uint8Array} info as the sender has it
 * @param {Uint8Array} psk as the sender has it
 * @param {Uint8Array} pskId as the sender has it
 */
export function setupRecipient(enc, secretKey, info, psk, pskId) {
  const shared = sharedSecret(secretKey, enc, enc, x25519.getPublicKey(secretKey));
  const { key, nonce, exporter } = keySchedule(shared, info, psk, pskId);
  return new Context(key, nonce, exporter);
}
