// PKCS#12 files: what can be read without the password, and what the password opens.
//
// Source: RFC 7292, RFC 9579 for MACs over PBKDF2; certrelay/pki/pkcs12.py.

import { hmac, sha1, sha224, sha256, sha384, sha512 } from "../vendor/crypto.js";
import { equal } from "../core/bytes.js";
import { CertRelayError } from "../core/errors.js";
import { parseCertificate } from "./certificate.js";
import { context, DerError, Element, TAG } from "./der.js";
import { unwrap } from "./encodings.js";
import { checkWork, pbkdf2, pkcs12 as derive } from "./kdf.js";
import { passwordBytes, widePasswordBytes } from "./passwords.js";
import { bearable, HMAC_SHA1, openSealed, parseKeyFile, PBKDF2, PRFS, readScheme, unsupported } from "./pbe.js";
import { keyFits, openKey, readKey } from "./private_key.js";

const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
const KEY_BAG = "1.2.840.113549.1.12.10.1.1";
const SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERT_BAG = "1.2.840.113549.1.12.10.1.3";
const SAFE_CONTENTS_BAG = "1.2.840.113549.1.12.10.1.6";
const X509_CERTIFICATE = "1.2.840.113549.1.9.22.1";
const FRIENDLY_NAME = "1.2.840.113549.1.9.20";
const LOCAL_KEY_ID = "1.2.840.113549.1.9.21";
const PBMAC1 = "1.2.840.113549.1.5.14";
/** @type {Record<string, import("./kdf.js").Hash>} */
const DIGESTS = {
  "1.3.14.3.2.26": sha1,
  "2.16.840.1.101.3.4.2.4": sha224,
  "2.16.840.1.101.3.4.2.1": sha256,
  "2.16.840.1.101.3.4.2.2": sha384,
  "2.16.840.1.101.3.4.2.3": sha512,
};
/** Names such as `te-0f3c5d1e-2c2a` or `{0F3C5D1E-…}`. */
const MADE_UP = /^(?:[a-z]{1,3}-|PvkTmp:)?\{?[0-9a-f]{4,}(?:-[0-9a-f]{2,}){0,6}\}?$/i;
/** Levels of bags in bags: nobody writes more than one. */
const MAX_NESTING = 4;
const MAX_MAC_KEY_BYTES = 128;

/** @typedef {import("./certificate.js").Certificate} Certificate */
/** @typedef {{oid: string, value: Element, keyId: string, name: string}} Bag */
/** @typedef {{certificate: Certificate, keyId: string}} Owned */
/**
 * @typedef {object} Outline a file as far as it can be read without its password
 * @property {Certificate | null} owner null where the certificates are encrypted
 * @property {string} keyName what it calls its key, unless Windows made that up; else empty
 * @property {boolean} isSealed whether something but the keys is encrypted
 * @property {boolean} isPlain whether a key lies open: no password protects it
 */
/**
 * @typedef {object} Opened a file that its password has opened
 * @property {Certificate} certificate the owner's, the one that signs
 * @property {boolean} isCompared whether the key was seen to be the certificate's
 * @property {boolean} isPlain whether a key lies open: no password protects it
 */

/**
 * Read what lies open.
 * @param {Uint8Array} encoded a file; bytes after the element are passed over
 * @param {number} now milliseconds since 1970: of several certificates of one key the one that
 *   is valid now is the owner's
 * @returns {Outline}
 * @throws {CertRelayError} `bad_pkcs12` if it is no such file, or has no key and certificate
 */
export function outline(encoded, now) {
  try {
    const { bags, encrypted } = plainBags(shell(encoded).content);
    const keys = keysOf(bags);
    for (const { oid, value } of keys) {
      if (oid === SHROUDED_KEY_BAG) parseKeyFile(value.encoded);
      else if (readKey(value.encoded) === null) throw new DerError("no key");
    }
    const certificates = certificatesOf(bags);
    const isSealed = encrypted.length > 0;
    if (!isSealed && (keys.length === 0 || certificates.length === 0)) throw new DerError("nobody's");
    const ids = keys.map((key) => key.keyId).filter((id) => id !== "");
    const marked = certificates.filter(({ keyId }) => ids.includes(keyId));
    const people = certificates.filter(({ certificate }) => !certificate.isCa);
    const candidates = [marked, people, certificates].find((some) => some.length > 0) || [];
    const keyName = keys.map(({ name }) => name).find((name) => name !== "" && !MADE_UP.test(name.trim())) || "";
    return { owner: bestOf(candidates, now), keyName, isSealed, isPlain: keys.some(({ oid }) => oid === KEY_BAG) };
  } catch {
    throw new CertRelayError("bad_pkcs12");
  }
}

/**
 * Open a file with its password.  The keys are dropped.
 * @param {Uint8Array} encoded
 * @param {string} password
 * @param {number} now as in `outline`
 * @returns {Promise<Opened>}
 * @throws {CertRelayError} `wrong_password`; `key_mismatch` if the keys fit none of the
 *   certificates; `bad_pkcs12`, `unsupported_algorithm`, `too_many_iterations`
 */
export async function openPkcs12(encoded, password, now) {
  outline(encoded, now);
  try {
    return await open(encoded, password, now);
  } catch (error) {
    throw error instanceof CertRelayError ? error : new CertRelayError("bad_pkcs12");
  }
}

/** @param {Uint8Array} encoded @param {string} password @param {number} now @returns {Promise<Opened>} */
async function open(encoded, password, now) {
  const { content, mac } = shell(encoded);
  const { bags, encrypted } = plainBags(content);
  const schemes = encrypted.map((info) => readScheme(info.child(1)));
  checkWork(schemes.reduce((sum, scheme) => sum + scheme.work, mac === null ? 0 : macRounds(mac)));
  if (mac !== null && !(await macIsRight(mac, content, password))) throw new CertRelayError("wrong_password");
  for (const [at, info] of encrypted.entries()) {
    const more = await openSealed(schemes[at], info.child(2).implicitOctets(), password, (plain) => {
      try {
        return bagsOf(Element.parse(plain));
      } catch {
        return null;
      }
    });
    if (more === null) throw new CertRelayError("wrong_password");
    bags.push(...more);
  }
  return owned(bags, password, now);
}

/** @param {Bag[]} bags @param {string} password @param {number} now @returns {Promise<Opened>} */
async function owned(bags, password, now) {
  const certificates = certificatesOf(bags);
  const keys = keysOf(bags);
  if (certificates.length === 0 || keys.length === 0) throw new CertRelayError("bad_pkcs12");
  const shrouded = keys.filter(({ oid }) => oid === SHROUDED_KEY_BAG);
  checkWork(shrouded.reduce((sum, { value }) => sum + readScheme(parseKeyFile(value.encoded).algorithm).work, 0));
  const isPlain = shrouded.length < keys.length;
  const pairs = [];
  for (const bag of keys) {
    const key = bag.oid === KEY_BAG ? readKey(bag.value.encoded) : await openKey(bag.value.encoded, password);
    if (key === null) throw new CertRelayError("bad_pkcs12");
    const judged = certificates.map((each) => ({ ...each, fits: keyFits(key, each.certificate.publicKeyInfo) }));
    const unknown = judged.filter(({ fits, certificate }) => fits === null && !certificate.isCa);
    const choices = [
      judged.filter(({ fits, keyId }) => fits === true && keyId !== "" && keyId === bag.keyId),
      judged.filter(({ fits }) => fits === true),
      unknown.filter(({ keyId }) => keyId !== "" && keyId === bag.keyId),
      unknown,
    ];
    const candidates = choices.find((some) => some.length > 0) || [];
    const certificate = bestOf(candidates, now);
    if (certificate !== null) pairs.push({ certificate, isCompared: candidates[0].fits === true, isPlain });
  }
  if (pairs.length === 0) throw new CertRelayError("key_mismatch");
  return pairs.find(({ certificate }) => certificate.signs) || pairs[0];
}

/** Of certificates of one key: one that signs, valid now, lasting longest. @param {Owned[]} candidates @param {number} now */
function bestOf(candidates, now) {
  const rank = (/** @type {Certificate} */ { signs, notBefore, notAfter }) => {
    const isValid = notBefore !== null && notAfter !== null && notBefore <= now && now <= notAfter;
    return [signs ? 1 : 0, isValid ? 1 : 0, notAfter === null ? -Infinity : notAfter];
  };
  /** @type {Certificate | null} */
  let best = null;
  for (const { certificate } of candidates) {
    const [mine, other] = [rank(certificate), best === null ? [] : rank(best)];
    const at = mine.findIndex((value, index) => value !== other[index]);
    if (best === null || (at >= 0 && mine[at] > other[at])) best = certificate;
  }
  return best;
}

/** The outermost shell: the AuthenticatedSafe's bytes, and the MacData. @param {Uint8Array} encoded */
function shell(encoded) {
  const [version, authSafe, ...mac] = Element.parse(unwrap(encoded).der).children(TAG.SEQUENCE);
  if (version.integer() !== BigInt(3) || mac.length > 1) throw new DerError("version");
  return { content: dataOf(authSafe), mac: mac.length === 0 ? null : mac[0] };
}

/** @param {Element} contentInfo */
function dataOf(contentInfo) {
  if (contentInfo.child(0, TAG.SEQUENCE).oid() !== DATA) throw new DerError("not data");
  return contentInfo.child(1).child(0, context(0)).octets();
}

/** The bags that lie open, and the EncryptedContentInfo of each encrypted part. @param {Uint8Array} content */
function plainBags(content) {
  /** @type {Bag[]} */
  const bags = [];
  /** @type {Element[]} */
  const encrypted = [];
  for (const part of Element.parse(content).children(TAG.SEQUENCE)) {
    if (part.child(0, TAG.SEQUENCE).oid() === ENCRYPTED_DATA) {
      encrypted.push(part.child(1).child(0, context(0)).child(1, TAG.SEQUENCE).expect(TAG.SEQUENCE));
    } else bags.push(...bagsOf(Element.parse(dataOf(part))));
  }
  return { bags, encrypted };
}

/** @param {Element} contents @param {number} [depth] @returns {Bag[]} */
function bagsOf(contents, depth = 0) {
  if (depth === MAX_NESTING) throw new DerError("bags nested too deep");
  return contents.children(TAG.SEQUENCE).flatMap((bag) => {
    const [oid, wrapped, ...attributes] = bag.children(TAG.SEQUENCE);
    const value = wrapped.child(0, context(0));
    if (oid.oid() === SAFE_CONTENTS_BAG) return bagsOf(value, depth + 1);
    return [{ oid: oid.oid(), value, ...marksOf(attributes) }];
  });
}

/** The two attributes that programs write. @param {Element[]} attributes */
function marksOf(attributes) {
  const marks = { keyId: "", name: "" };
  for (const attribute of attributes.length === 0 ? [] : attributes[0].children(TAG.SET)) {
    const oid = attribute.child(0, TAG.SEQUENCE).oid();
    const [value] = attribute.child(1).children(TAG.SET);
    if (value === undefined) continue;
    if (oid === FRIENDLY_NAME) marks.name = value.text();
    else if (oid === LOCAL_KEY_ID) marks.keyId = value.octets().join(",");
  }
  return marks;
}

/** @param {Bag[]} bags */
const keysOf = (bags) => bags.filter(({ oid }) => oid === KEY_BAG || oid === SHROUDED_KEY_BAG);

/** One that is none is passed over while others can be read. @param {Bag[]} bags @returns {Owned[]} */
function certificatesOf(bags) {
  const found = [];
  let isBroken = false;
  for (const { oid, value, keyId } of bags) {
    if (oid !== CERT_BAG || value.child(0, TAG.SEQUENCE).oid() !== X509_CERTIFICATE) continue;
    try {
      found.push({ keyId, certificate: parseCertificate(value.child(1).child(0, context(0)).octets()) });
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      isBroken = true;
    }
  }
  if (isBroken && found.length === 0) throw new DerError("no certificate can be read");
  return found;
}

/** @param {Element} mac */
function macRounds(mac) {
  const rounds = mac.children(TAG.SEQUENCE)[2];
  return rounds === undefined ? 1 : bearable(rounds.count());
}

/** @param {Element} mac @param {Uint8Array} content @param {string} password */
async function macIsRight(mac, content, password) {
  const [info, salt] = mac.children(TAG.SEQUENCE);
  const [algorithm, digest] = info.children(TAG.SEQUENCE);
  const oid = algorithm.child(0, TAG.SEQUENCE).oid();
  const stated = digest.octets();
  if (oid === PBMAC1) return pbmac1IsRight(algorithm.child(1), stated, content, password);
  const hash = DIGESTS[oid];
  if (hash === undefined) throw unsupported(oid);
  for (const candidate of widePasswordBytes(password)) {
    const wanted = /** @type {const} */ ({ purpose: 3, size: stated.length, hash });
    const key = await derive(candidate, salt.octets(), macRounds(mac), wanted);
    if (equal(hmac(hash, key, content), stated)) return true;
  }
  return false;
}

/** @param {Element} parameters @param {Uint8Array} stated @param {Uint8Array} content @param {string} password */
async function pbmac1IsRight(parameters, stated, content, password) {
  const [derivation, scheme] = parameters.children(TAG.SEQUENCE);
  const [salt, rounds, size, ...prf] = derivation.child(1).children(TAG.SEQUENCE);
  const hash = PRFS[prf.length === 0 ? HMAC_SHA1 : prf[0].child(0, TAG.SEQUENCE).oid()];
  const oid = scheme.child(0, TAG.SEQUENCE).oid();
  const macHash = PRFS[oid];
  const isKnown = derivation.child(0, TAG.SEQUENCE).oid() === PBKDF2 && hash !== undefined && macHash !== undefined;
  if (!isKnown) throw unsupported(oid);
  const count = bearable(rounds.count());
  const keyBytes = size.count();
  if (keyBytes > MAX_MAC_KEY_BYTES) throw new DerError("length of the key");
  for (const candidate of passwordBytes(password)) {
    const key = await pbkdf2(hash, candidate, salt.octets(), count, keyBytes);
    if (equal(hmac(macHash, key, content), stated)) return true;
  }
  return false;
}
