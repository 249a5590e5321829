// PKCS#12 files, as far as they can be read without their password.
//
// Source: RFC 7292; certrelay/pki/pkcs12.py.

import { CertRelayError } from "../core/errors.js";
import { parseCertificate } from "./certificate.js";
import { context, DerError, Element, TAG } from "./der.js";
import { unwrap } from "./encodings.js";

const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
const KEY_BAG = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERT_BAG = "1.2.840.113549.1.12.10.1.3";
const X509_CERTIFICATE = "1.2.840.113549.1.9.22.1";
const LOCAL_KEY_ID = "1.2.840.113549.1.9.21";

/** @typedef {{oid: string, value: Element, keyId: string}} Bag */

/**
 * The owner's certificate of a file where it lies open; null where it is encrypted, or where
 * the inside is of a kind that is not read here: such a file can still be moved.
 * @param {Uint8Array} encoded
 * @returns {import("./certificate.js").Certificate | null}
 * @throws {CertRelayError} `bad_pkcs12` if it is no such file
 */
export function ownerOf(encoded) {
  let parts;
  try {
    const fields = Element.parse(unwrap(encoded).der).children(TAG.SEQUENCE);
    if (fields.length > 3 || fields[0].integer() !== BigInt(3)) throw new DerError("version");
    parts = Element.parse(dataOf(fields[1])).children(TAG.SEQUENCE);
  } catch {
    throw new CertRelayError("bad_pkcs12");
  }
  try {
    return readOwner(parts);
  } catch {
    return null;
  }
}

/** @param {Element[]} parts */
function readOwner(parts) {
  /** @type {Bag[]} */
  const bags = [];
  for (const part of parts) {
    const isEncrypted = part.child(0, TAG.SEQUENCE).oid() === ENCRYPTED_DATA;
    if (!isEncrypted) bags.push(...Element.parse(dataOf(part)).children(TAG.SEQUENCE).map(readBag));
  }
  const keys = bags.filter((bag) => bag.oid === KEY_BAG || bag.oid === SHROUDED_KEY_BAG);
  const certificates = bags.filter((bag) => bag.oid === CERT_BAG).map(readCertificate);
  const ids = keys.map((key) => key.keyId).filter((id) => id !== "");
  const own = certificates.find(({ keyId }) => ids.includes(keyId)) || certificates[0];
  return own === undefined ? null : own.certificate;
}

/** @param {Element} contentInfo */
function dataOf(contentInfo) {
  if (contentInfo.child(0, TAG.SEQUENCE).oid() !== DATA) throw new DerError("not data");
  return contentInfo.child(1).child(0, context(0)).octets();
}

/** @param {Element} bag @returns {Bag} */
function readBag(bag) {
  const [oid, wrapped, ...attributes] = bag.children(TAG.SEQUENCE);
  const ids = (attributes.length === 0 ? [] : attributes[0].children(TAG.SET))
    .filter((attribute) => attribute.child(0, TAG.SEQUENCE).oid() === LOCAL_KEY_ID)
    .map((attribute) => attribute.child(1).child(0, TAG.SET).octets().join(","));
  return { oid: oid.oid(), value: wrapped.child(0, context(0)), keyId: ids[0] || "" };
}

/** @param {Bag} bag */
function readCertificate({ value, keyId }) {
  if (value.child(0, TAG.SEQUENCE).oid() !== X509_CERTIFICATE) throw new DerError("not X.509");
  return { keyId, certificate: parseCertificate(value.child(1).child(0, context(0)).octets()) };
}
