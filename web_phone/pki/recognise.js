// What a file is, told by its content: people's files have lost or changed names.

import { isZip } from "../core/unzip.js";
import { parseCertificate, readCertificateFile } from "./certificate.js";
import { Element, TAG } from "./der.js";
import { KEY_LABELS, unwrap } from "./encodings.js";
import { parseKeyFile } from "./pbe.js";

/** @typedef {import("./certificate.js").Certificate} Certificate */
/**
 * @typedef {{is: "certificate", content: Uint8Array, certificate: Certificate}
 *   | {is: "key" | "pkcs12" | "caPubs", content: Uint8Array}
 *   | {is: "zip"}
 *   | {is: "nothing", reason: "empty_file" | "plain_key" | "authority" | "other_file"}} Recognised
 *   `content`: the file's own bytes where it is DER, else the DER that its text stands for;
 *   `nothing`: it cannot be sent, and why
 */

/**
 * Tell what a file is.
 * @param {Uint8Array} content
 * @returns {Recognised[]} at least one; a PEM file may hold both a certificate and its key
 */
export function recognise(content) {
  if (content.length === 0) return [nothing("empty_file")];
  if (isZip(content)) return [{ is: "zip" }];
  const der = tolerant(() => unwrap(content).der);
  const first = der === null ? null : tolerant(() => Element.parse(der).children(TAG.SEQUENCE));
  if (der === null || first === null || first.length === 0) return [nothing("other_file")];
  const own = content[0] === TAG.SEQUENCE ? content : null;
  const certificate = tolerant(() => readCertificateFile(content));
  const key = tolerant(() => parseKeyFile(content) && unwrap(content, KEY_LABELS).der);
  /** @type {Recognised[]} */
  const found = [];
  if (certificate !== null && certificate.isCa) found.push(nothing("authority"));
  else if (certificate !== null) found.push({ is: "certificate", content: own || certificate.encoded, certificate });
  if (key !== null) found.push({ is: "key", content: own || key });
  if (found.length > 0) return found;
  const version = tolerant(() => Number(first[0].integer()));
  if (version === 3) return [{ is: "pkcs12", content: own || der }];
  if (version === 0 || version === 1) return [nothing("plain_key")];
  const areCertificates = first.every((each) => tolerant(() => parseCertificate(each.encoded)) !== null);
  return [areCertificates ? { is: "caPubs", content: own || der } : nothing("other_file")];
}

/** @param {"empty_file" | "plain_key" | "authority" | "other_file"} reason @returns {Recognised} */
const nothing = (reason) => ({ is: "nothing", reason });

/** @template T @param {() => T} read @returns {T | null} */
function tolerant(read) {
  try {
    return read();
  } catch {
    return null;
  }
}
