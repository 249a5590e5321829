// Folder and file names that are derived from a certificate, and never from a peer's text.
//
// The same rules as certrelay/pki/naming.py, held together by a test: what a browser saves
// here may be copied into a PC's NPKI folder later.
//
// Source: docs/protocol.md §7; docs/security.md, attack 17.

import { sha256 } from "../vendor/crypto.js";
import { hex, utf8 } from "../core/bytes.js";
import { MAX_NAME_COMPONENT_BYTES } from "../core/limits.js";

/** @typedef {[string, string][]} Rdns (attribute, value) pairs, leaf first */

/** @type {Record<string, string>} */
const CA_FOLDERS = {
  yessign: "yessign",
  signkorea: "SignKorea",
  kica: "KICA",
  signgate: "KICA",
  crosscert: "CrossCert",
  tradesign: "TradeSign",
  ncasign: "NCASign",
  inipass: "INIPASS",
  "government of korea": "GPKI",
};
const OTHERS =
  /[^ !#&'()+,\-.0-9=@A-Z_a-z~\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u3041-\u3096\u30a1-\u30fa\u3131-\u3163\u3165-\u318e\uac00-\ud7a3\u4e00-\u9fff]/gu;
/** Of a name for people: what is longer would push the authority and the day out of sight. */
const OWNER_CHARACTERS = 40;
/** What authorities put behind a name: `()0020041200806232804005`, `(HONG)0012…`. */
const NUMBER_OF_OWNER = / *(\([^()]*\)[0-9]{6,}|_[0-9]{8,})$/;
const RESERVED =
  /^(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|COM[0-9¹²³]|LPT[0-9¹²³]) *(\..*)?$/i;

/**
 * Make one safe path component of any text.
 * @param {string} text
 * @param {string} fallback the answer for a text of which nothing is left
 */
export function component(text, fallback) {
  let clean = text.replace(/[\ud800-\udfff]/gu, "?").normalize("NFC").replace(OTHERS, "_");
  clean = clean.replace(/[. ]+$/, "").replace(/^ +/, "");
  if (clean.startsWith(".")) clean = `_${clean.slice(1)}`;
  if (RESERVED.test(clean)) clean = `_${clean}`;
  const mark = `~${hex(sha256(utf8(text.replace(/[\ud800-\udfff]/gu, "?")))).slice(0, 16)}`;
  if (utf8(clean).length > MAX_NAME_COMPONENT_BYTES) {
    let kept = "";
    for (const character of clean) {
      if (utf8(kept + character).length + mark.length > MAX_NAME_COMPONENT_BYTES) break;
      kept += character;
    }
    clean = kept + mark;
  }
  return clean || fallback;
}

/** Write a name as folders are named: `cn=…,ou=…,o=…,c=kr`. @param {Rdns} rdns */
export const written = (rdns) => rdns.map(([attribute, value]) => `${attribute}=${value}`).join(",");

/** The folder of an issuing authority: the field's spelling where it is known. @param {Rdns} issuer */
export function caFolder(issuer) {
  const organisation = (issuer.find(([attribute]) => attribute === "o") || ["", ""])[1];
  const key = organisation.trim().toLowerCase();
  const known = Object.keys(CA_FOLDERS).includes(key) ? CA_FOLDERS[key] : undefined;
  const folder = known || component(organisation, "Unknown");
  return folder.toUpperCase() === "PKCS12" ? `_${folder}` : folder;
}

/** The folder of a certificate: its name, or its fingerprint. @param {Rdns} subject @param {string} fingerprint */
export const dnFolder = (subject, fingerprint) => component(written(subject), fingerprint.slice(0, 16));

/** The owner's name without the number that authorities put behind it. @param {string} cn */
export const ownerName = (cn) => cn.replace(NUMBER_OF_OWNER, "") || cn;

/**
 * Name a file for people: `홍길동_yessign_2027-11-28`.
 * @param {string} cn the owner's common name
 * @param {Rdns} issuer
 * @param {string} day the last one, empty where it cannot be read
 * @param {string} fallback takes the place of an owner of whom nothing can be written
 */
export function fileStem(cn, issuer, day, fallback) {
  const owner = [...component(ownerName(cn), fallback)].slice(0, OWNER_CHARACTERS).join("").replace(/^ +| +$/g, "");
  return component([owner, caFolder(issuer), day].filter((part) => part !== "").join("_"), fallback);
}

/**
 * Name a file for people whose certificate cannot be read: `홍길동_0123abcd`.
 * @param {string} name what the file calls its key; may be empty
 * @param {string} digest the first 16 hex digits of the file's SHA-256
 */
export function sealedStem(name, digest) {
  const owner = [...component(ownerName(name), "")].slice(0, OWNER_CHARACTERS).join("").replace(/^ +| +$/g, "");
  return owner === "" ? digest : component(`${owner}_${digest.slice(0, 8)}`, digest);
}
