// What an item is: whose it is, until when, where it would lie on a PC.
//
// Source: docs/protocol.md §7; certrelay/pki/check.py.

import { sha256 } from "../vendor/crypto.js";
import { fileOf } from "../core/bundle.js";
import { hex } from "../core/bytes.js";
import { CertRelayError } from "../core/errors.js";
import { readCertificateFile } from "./certificate.js";
import { caFolder, dnFolder, fileStem, sealedStem } from "./naming.js";
import { parseKeyFile } from "./pbe.js";
import { outline } from "./pkcs12.js";
import { lastDay } from "./validity.js";

/**
 * @typedef {object} Summary its texts are a stranger's
 * @property {import("../core/bundle.js").Item} item
 * @property {import("./certificate.js").Certificate | null} certificate null where it is encrypted
 * @property {import("./certificate.js").Certificate | null} kmCertificate of the km pair, if there is one
 * @property {string[]} place path components below a store's root
 */

/**
 * See what an item is, without its password.
 * @param {import("../core/bundle.js").Item} item
 * @returns {Summary}
 * @throws {CertRelayError} `bad_certificate`, `bad_key_file`, `bad_pkcs12`, `missing_sign_cert`,
 *   `missing_sign_key`, `missing_km_part`
 */
export function inspect(item) {
  if (item.kind === "pkcs12") return inspectPkcs12(item);
  const [signCert, signPri] = [fileOf(item, "signCert"), fileOf(item, "signPri")];
  const [kmCert, kmPri] = [fileOf(item, "kmCert"), fileOf(item, "kmPri")];
  if (signCert === undefined) throw new CertRelayError("missing_sign_cert");
  if (signPri === undefined) throw new CertRelayError("missing_sign_key");
  if ((kmCert === undefined) !== (kmPri === undefined)) throw new CertRelayError("missing_km_part");
  const certificate = readCertificateFile(signCert);
  parseKeyFile(signPri);
  const kmCertificate = kmCert === undefined ? null : readCertificateFile(kmCert);
  if (kmPri !== undefined) parseKeyFile(kmPri);
  const { subject, issuer, fingerprint } = certificate;
  return { item, certificate, kmCertificate, place: [caFolder(issuer), "USER", dnFolder(subject, fingerprint)] };
}

/** @param {import("../core/bundle.js").Item} item @returns {Summary} */
function inspectPkcs12(item) {
  const content = fileOf(item, "pkcs12");
  if (content === undefined) throw new CertRelayError("bad_pkcs12");
  const { owner, keyName } = outline(content, Date.now());
  return pkcs12Summary(item, owner, keyName);
}

/**
 * What a PKCS#12 item is, once its certificate is known.
 * @param {import("../core/bundle.js").Item} item
 * @param {import("./certificate.js").Certificate | null} certificate null where it is encrypted
 * @param {string} [keyName] what the file calls its key
 * @returns {Summary}
 */
export function pkcs12Summary(item, certificate, keyName = "") {
  const place = ["PKCS12", `${stemOf(item, certificate, keyName)}.p12`];
  return { item, certificate, kmCertificate: null, place };
}

/**
 * A name for people, without an ending.
 * @param {import("../core/bundle.js").Item} item
 * @param {import("./certificate.js").Certificate | null} certificate
 * @param {string} [keyName] what a sealed file calls its key
 */
export function stemOf(item, certificate, keyName = "") {
  const digest = hex(sha256(item.files[0].content)).slice(0, 16);
  if (certificate === null) return sealedStem(keyName, digest);
  const { cn, issuer, notAfter } = certificate;
  return fileStem(cn, issuer, notAfter === null ? "" : lastDay(notAfter), digest);
}
