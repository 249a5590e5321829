// An opened private key, and whether it belongs to a certificate.
//
// Source: RFC 5208; RFC 8017 appendix A.1; certrelay/pki/private_key.py.

import { CertRelayError } from "../core/errors.js";
import { Element, TAG } from "./der.js";
import { openSealed, parseKeyFile, readScheme } from "./pbe.js";

const RSA = "1.2.840.113549.1.1.1";

/**
 * Open a key file and see that the key is the certificate's.  The key itself is dropped.
 * @param {import("./certificate.js").Certificate} certificate
 * @param {Uint8Array} encoded the key file
 * @param {string} password
 * @returns {Promise<boolean>} false for a kind of key that cannot be compared here
 * @throws {CertRelayError} `key_mismatch` if the password opened another certificate's key; and
 *   as `openKey`
 */
export async function checkPassword(certificate, encoded, password) {
  const fits = keyFits(await openKey(encoded, password), certificate.publicKeyInfo);
  if (fits === false) throw new CertRelayError("key_mismatch");
  return fits === true;
}

/**
 * Open a key file.
 * @param {Uint8Array} encoded
 * @param {string} password
 * @returns {Promise<OpenKey>}
 * @throws {CertRelayError} `wrong_password`, `bad_key_file`, `unsupported_algorithm`,
 *   `too_many_iterations`
 */
export async function openKey(encoded, password) {
  const { algorithm, sealed } = parseKeyFile(encoded);
  const key = await openSealed(readScheme(algorithm), sealed, password, readKey);
  if (key === null) throw new CertRelayError("wrong_password");
  return key;
}

/** @typedef {{oid: string, key: Uint8Array}} OpenKey */

/** Read a PrivateKeyInfo; null if it is none: a wrong password's output. @param {Uint8Array} plain @returns {OpenKey | null} */
export function readKey(plain) {
  try {
    const [version, algorithm, key] = Element.parse(plain).children(TAG.SEQUENCE);
    const number = version.integer();
    if (number !== BigInt(0) && number !== BigInt(1)) return null;
    return { oid: algorithm.child(0, TAG.SEQUENCE).oid(), key: key.octets() };
  } catch {
    return null;
  }
}

/** Whether a key belongs to a public key. @param {OpenKey} key @param {Element} publicKeyInfo @returns {boolean | null} null: cannot be told */
export function keyFits(key, publicKeyInfo) {
  if (key.oid !== RSA) return null;
  try {
    if (publicKeyInfo.child(0).child(0).oid() !== RSA) return false;
    const stated = Element.parse(publicKeyInfo.child(1).bits()).children(TAG.SEQUENCE);
    const own = Element.parse(key.key).children(TAG.SEQUENCE);
    const [modulus, exponent, secret, p, q] = own.slice(1, 6).map((field) => field.integer());
    const one = BigInt(1);
    // The numbers must also belong together, or a file could carry the right modulus with
    // a private part that signs nothing.
    return (
      stated.length === 2 &&
      stated[0].integer() === modulus &&
      stated[1].integer() === exponent &&
      p > one &&
      q > one &&
      p * q === modulus &&
      (exponent * secret) % (p - one) === one &&
      (exponent * secret) % (q - one) === one
    );
  } catch {
    return null;
  }
}
