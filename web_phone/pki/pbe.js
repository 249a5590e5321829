// Private keys under a password: EncryptedPrivateKeyInfo in the forms that Korean
// certificates use.  Other forms can still be sent; they cannot be checked here.
//
// Source: RFC 5208, RFC 8018; RFC 4010 for SEED; certrelay/pki/pbe.py.

import { aesCbc, pbkdf2Async, sha1, sha224, sha256, sha384, sha512 } from "../vendor/crypto.js";
import { concat, utf8 } from "../core/bytes.js";
import { CertRelayError } from "../core/errors.js";
import { MAX_KDF_ITERATIONS } from "../core/limits.js";
import { Element, TAG } from "./der.js";
import { KEY_LABELS, unwrap } from "./encodings.js";
import { decryptCbc } from "./seed.js";

const SEED_CBC = "1.2.410.200004.1.4";
const SEED_CBC_WITH_SHA1 = "1.2.410.200004.1.15";
const PBES2 = "1.2.840.113549.1.5.13";
const PBKDF2 = "1.2.840.113549.1.5.12";
const HMAC_SHA1 = "1.2.840.113549.2.7";
/** @type {Record<string, typeof sha1>} */
const PRFS = {
  [HMAC_SHA1]: sha1,
  "1.2.840.113549.2.8": sha224,
  "1.2.840.113549.2.9": sha256,
  "1.2.840.113549.2.10": sha384,
  "1.2.840.113549.2.11": sha512,
};
/** @type {Record<string, number>} the bytes of the key of each cipher */
const CIPHERS = {
  [SEED_CBC]: 16,
  "2.16.840.1.101.3.4.1.2": 16,
  "2.16.840.1.101.3.4.1.22": 24,
  "2.16.840.1.101.3.4.1.42": 32,
};
/** What `SEED_CBC` as the outer algorithm uses; two public libraries leave one digit out. */
const FIXED_IV = utf8("0123456789012345");
const BLOCK_BYTES = 16;
/** Rounds between two looks at the screen: some 10 ms on a slow phone. */
const ROUNDS_AT_ONCE = 5000;

/** @typedef {{cipher: string, keyAndIv: (password: Uint8Array) => Promise<[Uint8Array, Uint8Array]>}} Scheme */

/**
 * Read an EncryptedPrivateKeyInfo: its algorithm, unread, and the encrypted bytes.
 * @param {Uint8Array} encoded
 * @returns {{algorithm: Element, sealed: Uint8Array}}
 * @throws {CertRelayError} `bad_key_file`
 */
export function parseKeyFile(encoded) {
  return orBadKeyFile(() => {
    const fields = Element.parse(unwrap(encoded, KEY_LABELS).der).children(TAG.SEQUENCE);
    const [algorithm, content] = fields;
    algorithm.child(0, TAG.SEQUENCE).oid();
    const sealed = content.octets();
    if (fields.length !== 2 || sealed.length === 0) throw new CertRelayError("bad_key_file");
    return { algorithm, sealed };
  });
}

/**
 * What a password makes of a file: its content where the padding is right, else null.  Right
 * padding proves little: 1 wrong password in 256 gives it.
 * @param {Uint8Array} encoded
 * @param {Uint8Array} password
 * @returns {Promise<Uint8Array | null>}
 * @throws {CertRelayError} `bad_key_file`, `unsupported_algorithm`, `too_many_iterations`
 */
export async function openKeyFile(encoded, password) {
  const { algorithm, sealed } = parseKeyFile(encoded);
  const scheme = orBadKeyFile(() => readScheme(algorithm));
  if (sealed.length % BLOCK_BYTES !== 0) return null;
  const [key, iv] = await scheme.keyAndIv(password);
  const padded =
    scheme.cipher === SEED_CBC
      ? decryptCbc(key, iv, sealed)
      : aesCbc(key, iv, { disablePadding: true }).decrypt(sealed);
  const count = padded[padded.length - 1];
  const end = padded.length - count;
  const isRight = count >= 1 && count <= BLOCK_BYTES && padded.slice(end).every((byte) => byte === count);
  return isRight ? padded.slice(0, end) : null;
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
function readScheme(algorithm) {
  const oid = algorithm.child(0, TAG.SEQUENCE).oid();
  if (oid === SEED_CBC || oid === SEED_CBC_WITH_SHA1) return pbes1(algorithm.child(1), oid === SEED_CBC);
  if (oid !== PBES2) throw unsupported(oid);
  const derivation = algorithm.child(1).child(0, TAG.SEQUENCE);
  const encryption = algorithm.child(1).child(1, TAG.SEQUENCE);
  const cipher = encryption.child(0).oid();
  const iv = encryption.child(1);
  if (!(cipher in CIPHERS)) throw unsupported(cipher);
  if (derivation.child(0).oid() !== PBKDF2) throw unsupported(derivation.child(0).oid());
  return pbes2(derivation.child(1), cipher, iv.octets());
}

/** @param {string} oid */
const unsupported = (oid) => new CertRelayError("unsupported_algorithm", { oid });

/** @param {number} iterations */
function bearable(iterations) {
  if (iterations > MAX_KDF_ITERATIONS) {
    throw new CertRelayError("too_many_iterations", { limit: MAX_KDF_ITERATIONS });
  }
  return iterations;
}

/** @param {Element} parameters @param {boolean} hasFixedIv @returns {Scheme} */
function pbes1(parameters, hasFixedIv) {
  const salt = parameters.child(0, TAG.SEQUENCE).octets();
  const iterations = bearable(parameters.child(1).count());
  return {
    cipher: SEED_CBC,
    keyAndIv: async (password) => {
      const derived = await pbkdf1(concat(password, salt), iterations);
      const iv = hasFixedIv ? FIXED_IV : sha1(derived.slice(16)).slice(0, BLOCK_BYTES);
      return [derived.slice(0, 16), iv];
    },
  };
}

/** SHA-1 over and over: 20 bytes. @param {Uint8Array} start @param {number} iterations */
async function pbkdf1(start, iterations) {
  let digest = start;
  for (let round = 0; round < iterations; round += 1) {
    if (round % ROUNDS_AT_ONCE === ROUNDS_AT_ONCE - 1) await breath();
    digest = sha1(digest);
  }
  return digest;
}

/** Let the page draw and answer. */
const breath = () => new Promise((resolve) => setTimeout(resolve, 0));

/** @param {Element} parameters @param {string} cipher @param {Uint8Array} iv @returns {Scheme} */
function pbes2(parameters, cipher, iv) {
  const [salt, count, ...more] = parameters.children(TAG.SEQUENCE);
  const c = bearable(count.count());
  const dkLen = CIPHERS[cipher];
  if (iv.length !== BLOCK_BYTES) throw new CertRelayError("bad_key_file");
  if (more.length > 0 && more[0].tag === TAG.INTEGER) {
    const length = more.shift();
    if (length !== undefined && length.count() !== dkLen) throw new CertRelayError("bad_key_file");
  }
  const prf = more.length === 0 ? HMAC_SHA1 : more[0].child(0, TAG.SEQUENCE).oid();
  const hash = PRFS[prf];
  if (hash === undefined) throw unsupported(prf);
  const saltBytes = salt.octets();
  return {
    cipher,
    keyAndIv: async (password) => [await pbkdf2Async(hash, password, saltBytes, { c, dkLen }), iv],
  };
}
