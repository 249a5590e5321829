// X.509 certificates, read as far as a person needs to see them.
//
// Real certificates have faults; only what is no certificate at all is refused.  All texts
// in one are a stranger's: show them through `printable`.
//
// Source: RFC 5280 §4; certrelay/pki/certificate.py.

import { sha256 } from "../vendor/crypto.js";
import { hex } from "../core/bytes.js";
import { CertRelayError } from "../core/errors.js";
import { context, DerError, Element, TAG } from "./der.js";
import { CERTIFICATE_LABELS, unwrap } from "./encodings.js";
import { written } from "./naming.js";

/** @typedef {import("./naming.js").Rdns} Rdns */
/**
 * @typedef {object} Certificate
 * @property {Rdns} subject leaf first
 * @property {Rdns} issuer
 * @property {string} cn the subject's common name; the whole name where it has none
 * @property {string} issuerCn
 * @property {string} serial decimal
 * @property {number | null} notBefore milliseconds since 1970; null if it cannot be read
 * @property {number | null} notAfter
 * @property {Element} publicKeyInfo
 * @property {boolean} signs whether its key may sign; a km certificate's may only exchange keys
 * @property {string[]} policies identifiers
 * @property {boolean} isCa whether it is an authority's own
 * @property {string} fingerprint SHA-256, 64 hex digits
 * @property {Uint8Array} encoded the certificate alone, without what stood after it
 */

/** @type {Record<string, string>} */
const ATTRIBUTES = {
  "2.5.4.3": "cn",
  "2.5.4.4": "sn",
  "2.5.4.5": "serialnumber",
  "2.5.4.6": "c",
  "2.5.4.7": "l",
  "2.5.4.8": "st",
  "2.5.4.9": "street",
  "2.5.4.10": "o",
  "2.5.4.11": "ou",
  "2.5.4.12": "title",
  "2.5.4.17": "postalcode",
  "2.5.4.20": "telephonenumber",
  "2.5.4.42": "givenname",
  "0.9.2342.19200300.100.1.1": "uid",
  "0.9.2342.19200300.100.1.25": "dc",
  "1.2.840.113549.1.9.1": "email",
};
const MAX_SERIAL_BYTES = 64;
const KEY_USAGE = "2.5.29.15";
const CERTIFICATE_POLICIES = "2.5.29.32";
const BASIC_CONSTRAINTS = "2.5.29.19";
/** digitalSignature and nonRepudiation. */
const SIGNING_BITS = 0xc0;

/**
 * Read a certificate.
 * @param {Uint8Array} encoded one certificate in DER and nothing after it
 * @returns {Certificate}
 * @throws {CertRelayError} `bad_certificate` if it is none
 */
export function parseCertificate(encoded) {
  try {
    return parse(encoded);
  } catch {
    throw new CertRelayError("bad_certificate");
  }
}

/**
 * Read a certificate file: DER, PEM or base64, with bytes after it or without.
 * @param {Uint8Array} content
 * @returns {Certificate}
 * @throws {CertRelayError} `bad_certificate` if it holds none
 */
export function readCertificateFile(content) {
  try {
    return parse(unwrap(content, CERTIFICATE_LABELS).der);
  } catch {
    throw new CertRelayError("bad_certificate");
  }
}

/** @param {Uint8Array} encoded @returns {Certificate} */
function parse(encoded) {
  const outer = Element.parse(encoded).children(TAG.SEQUENCE);
  if (outer.length !== 3) throw new DerError("no certificate");
  outer[1].child(0, TAG.SEQUENCE).oid();
  let fields = outer[0].children(TAG.SEQUENCE);
  if (fields.length > 0 && fields[0].tag === context(0)) fields = fields.slice(1);
  if (fields.length < 6) throw new DerError("too few fields");
  const [serial, , issuerName, validity, subjectName, publicKeyInfo] = fields;
  for (const element of [issuerName, validity, subjectName, publicKeyInfo]) element.expect(TAG.SEQUENCE);
  if (serial.content.length > MAX_SERIAL_BYTES) throw new DerError("serial number");
  const subject = tolerant(() => readName(subjectName)) || [];
  const issuer = tolerant(() => readName(issuerName)) || [];
  const extensions = tolerant(() => readExtensions(fields.slice(6))) || {};
  const usage = extensions[KEY_USAGE];
  const constraints = extensions[BASIC_CONSTRAINTS];
  const policies = extensions[CERTIFICATE_POLICIES];
  const times = tolerant(() => [validity.child(0).time(), validity.child(1).time()]);
  return {
    subject,
    issuer,
    cn: commonName(subject),
    issuerCn: commonName(issuer),
    serial: serial.integer().toString(),
    notBefore: times === null ? null : times[0],
    notAfter: times === null ? null : times[1],
    publicKeyInfo,
    signs: usage === undefined || tolerant(() => maySign(usage)) !== false,
    policies: (policies !== undefined && tolerant(() => readPolicies(policies))) || [],
    isCa: constraints !== undefined && tolerant(() => saysCa(constraints)) === true,
    encoded,
    fingerprint: hex(sha256(encoded)),
  };
}

/** The values of the extensions, by their identifiers. @param {Element[]} fields @returns {Record<string, Uint8Array>} */
function readExtensions(fields) {
  /** @type {Record<string, Uint8Array>} */
  const found = {};
  for (const field of fields.filter(({ tag }) => tag === context(3))) {
    for (const extension of field.child(0).children(TAG.SEQUENCE)) {
      const parts = extension.children(TAG.SEQUENCE);
      const oid = parts[0].oid();
      if (!(oid in found)) found[oid] = parts[parts.length - 1].octets();
    }
  }
  return found;
}

/** @param {Uint8Array} value of the extension KeyUsage */
function maySign(value) {
  const { content } = Element.parse(value).expect(TAG.BIT_STRING);
  if (content.length === 0) throw new DerError("key usage");
  return content.length > 1 && (content[1] & SIGNING_BITS) !== 0;
}

/** @param {Uint8Array} value of the extension CertificatePolicies */
const readPolicies = (value) =>
  Element.parse(value)
    .children(TAG.SEQUENCE)
    .map((policy) => policy.child(0, TAG.SEQUENCE).oid());

/** @param {Uint8Array} value of the extension BasicConstraints */
function saysCa(value) {
  const [first] = Element.parse(value).children(TAG.SEQUENCE);
  return first !== undefined && first.tag === TAG.BOOLEAN && first.content.some((byte) => byte !== 0);
}

/** @template T @param {() => T} read @returns {T | null} */
function tolerant(read) {
  try {
    return read();
  } catch {
    return null;
  }
}

/** @param {Element} element @returns {Rdns} */
function readName(element) {
  /** @type {Rdns} */
  const pairs = [];
  for (const rdn of element.children(TAG.SEQUENCE).reverse()) {
    for (const pair of rdn.children(TAG.SET)) {
      const oid = pair.child(0, TAG.SEQUENCE).oid();
      pairs.push([ATTRIBUTES[oid] || oid, pair.child(1).text()]);
    }
  }
  return pairs;
}

/** @param {Rdns} name */
function commonName(name) {
  const found = name.find(([attribute, value]) => attribute === "cn" && value !== "");
  return found === undefined ? written(name) : found[1];
}
