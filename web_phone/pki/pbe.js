// Private keys under a password: EncryptedPrivateKeyInfo in the forms that certificates come
// in.  Other forms can still be sent; they cannot be checked here.
//
// Source: RFC 5208, RFC 8018, RFC 7292; RFC 4010 for SEED; certrelay/pki/pbe.py.

import { sha1, sha224, sha256, sha384, sha512 } from "../vendor/crypto.js";
import { utf8 } from "../core/bytes.js";
import { CertRelayError } from "../core/errors.js";
import { MAX_KDF_ITERATIONS } from "../core/limits.js";
import { CIPHERS, decrypt, PKCS12_FORMS, SEED } from "./ciphers.js";
import { DerError, Element, TAG } from "./der.js";
import { KEY_LABELS, unwrap } from "./encodings.js";
import { blocks, pbkdf1, pbkdf2, pkcs12 } from "./kdf.js";
import { passwordBytes, widePasswordBytes } from "./passwords.js";

const SEED_CBC = "1.2.410.200004.1.4";
const SEED_CBC_WITH_SHA1 = "1.2.410.200004.1.15";
const PBES2 = "1.2.840.113549.1.5.13";
export const PBKDF2 = "1.2.840.113549.1.5.12";
export const HMAC_SHA1 = "1.2.840.113549.2.7";
/** @type {Record<string, import("./kdf.js").Hash>} */
export const PRFS = {
  [HMAC_SHA1]: sha1,
  "1.2.840.113549.2.8": sha224,
  "1.2.840.113549.2.9": sha256,
  "1.2.840.113549.2.10": sha384,
  "1.2.840.113549.2.11": sha512,
};
/** What `SEED_CBC` as the outer algorithm uses; two public libraries leave one digit out. */
const FIXED_IV = utf8("0123456789012345");

/**
 * @typedef {object} Scheme how something was encrypted
 * @property {import("./ciphers.js").BlockCipher} cipher
 * @property {number} work what one try of a password takes: rounds times blocks
 * @property {(password: string) => Uint8Array[]} passwords the bytes that a password may stand for
 * @property {(password: Uint8Array) => Promise<[Uint8Array, Uint8Array]>} keyAndIv
 */

/**
 * Read an EncryptedPrivateKeyInfo: its algorithm, unread, and the encrypted bytes.
 * @param {Uint8Array} encoded a file: DER with or without bytes after it, PEM or base64
 * @returns {{algorithm: Element, sealed: Uint8Array}}
 * @throws {CertRelayError} `bad_key_file`
 */
export function parseKeyFile(encoded) {
  return orBadKeyFile(() => {
    const fields = Element.parse(unwrap(encoded, KEY_LABELS).der).children(TAG.SEQUENCE);
    const [algorithm, content] = fields;
    algorithm.child(0, TAG.SEQUENCE).oid();
    const sealed = content.octets();
    if (fields.length !== 2 || sealed.length === 0) throw new DerError("fields");
    return { algorithm, sealed };
  });
}

/**
 * Read an AlgorithmIdentifier.
 * @param {Element} algorithm
 * @returns {Scheme}
 * @throws {CertRelayError} `bad_key_file`, `unsupported_algorithm`, `too_many_iterations`
 */
export const readScheme = (algorithm) => orBadKeyFile(() => schemeOf(algorithm));

/**
 * Try a password: the first content that `read` takes.  Padding alone proves little, since 1
 * wrong password in 256 gives it.
 * @template T
 * @param {Scheme} scheme
 * @param {Uint8Array} sealed
 * @param {string} password
 * @param {(plain: Uint8Array) => T | null} read null if this is not what was encrypted
 * @returns {Promise<T | null>} null tells a wrong password
 */
export async function openSealed(scheme, sealed, password, read) {
  for (const candidate of scheme.passwords(password)) {
    const [key, iv] = await scheme.keyAndIv(candidate);
    const plain = decrypt(scheme.cipher, key, iv, sealed);
    const found = plain === null ? null : read(plain);
    if (found !== null) return found;
  }
  return null;
}

/** @template T @param {() => T} read @returns {T} */
function orBadKeyFile(read) {
  try {
    return read();
  } catch (error) {
    throw error instanceof CertRelayError ? error : new CertRelayError("bad_key_file");
  }
}

/** @param {Element} algorithm @returns {Scheme} */
function schemeOf(algorithm) {
  const [name, parameters] = algorithm.children(TAG.SEQUENCE);
  const oid = name.oid();
  if (oid === PBES2) return pbes2(parameters);
  const isKorean = oid === SEED_CBC || oid === SEED_CBC_WITH_SHA1;
  if (!isKorean && !(oid in PKCS12_FORMS)) throw unsupported(oid);
  const salt = parameters.child(0, TAG.SEQUENCE).octets();
  const iterations = bearable(parameters.child(1).count());
  return isKorean ? seedPbes1(salt, iterations, oid === SEED_CBC) : pkcs12Form(PKCS12_FORMS[oid], salt, iterations);
}

/** @param {string} oid */
export const unsupported = (oid) => new CertRelayError("unsupported_algorithm", { oid });

/** Give the rounds back if they can be computed. @param {number} iterations */
export function bearable(iterations) {
  if (iterations > MAX_KDF_ITERATIONS) {
    throw new CertRelayError("too_many_iterations", { limit: MAX_KDF_ITERATIONS });
  }
  return iterations;
}

/** @param {Uint8Array} salt @param {number} iterations @param {boolean} hasFixedIv @returns {Scheme} */
const seedPbes1 = (salt, iterations, hasFixedIv) => ({
  cipher: SEED,
  work: iterations,
  passwords: passwordBytes,
  keyAndIv: async (password) => {
    const derived = await pbkdf1(password, salt, iterations);
    const iv = hasFixedIv ? FIXED_IV : sha1(derived.slice(16)).slice(0, SEED.blockBytes);
    return [derived.slice(0, 16), iv];
  },
});

/** @param {import("./ciphers.js").BlockCipher} cipher @param {Uint8Array} salt @param {number} iterations @returns {Scheme} */
const pkcs12Form = (cipher, salt, iterations) => ({
  cipher,
  work: iterations * (blocks(sha1, cipher.keyBytes) + blocks(sha1, cipher.blockBytes)),
  passwords: widePasswordBytes,
  keyAndIv: async (password) => [
    await pkcs12(password, salt, iterations, { purpose: 1, size: cipher.keyBytes }),
    await pkcs12(password, salt, iterations, { purpose: 2, size: cipher.blockBytes }),
  ],
});

/** @param {Element} parameters @returns {Scheme} */
function pbes2(parameters) {
  const derivation = parameters.child(0, TAG.SEQUENCE);
  const encryption = parameters.child(1, TAG.SEQUENCE);
  const oid = encryption.child(0).oid();
  const iv = encryption.child(1);
  if (!(oid in CIPHERS)) throw unsupported(oid);
  if (derivation.child(0).oid() !== PBKDF2) throw unsupported(derivation.child(0).oid());
  const cipher = CIPHERS[oid];
  const [salt, count, ...more] = derivation.child(1).children(TAG.SEQUENCE);
  const c = bearable(count.count());
  const ivBytes = iv.octets();
  if (ivBytes.length !== cipher.blockBytes) throw new DerError("length of the IV");
  if (more.length > 0 && more[0].tag === TAG.INTEGER) {
    const length = more.shift();
    if (length !== undefined && length.count() !== cipher.keyBytes) throw new DerError("length of the key");
  }
  const prf = more.length === 0 ? HMAC_SHA1 : more[0].child(0, TAG.SEQUENCE).oid();
  const hash = PRFS[prf];
  if (hash === undefined) throw unsupported(prf);
  const saltBytes = salt.octets();
  return {
    cipher,
    work: c * blocks(hash, cipher.keyBytes),
    passwords: passwordBytes,
    keyAndIv: async (password) => [await pbkdf2(hash, password, saltBytes, c, cipher.keyBytes), ivBytes],
  };
}
