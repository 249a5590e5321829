// The card of a certificate that this page has read itself.

import { printable } from "../core/safe_text.js";
import { kindOf } from "../pki/kinds.js";
import { stateOf } from "../pki/validity.js";
import { certificateCard } from "./components.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("../pki/inspect.js").Summary} Summary */

/**
 * @param {Texts} texts
 * @param {string | number} id unlike every other on the screen
 * @param {Summary} summary
 * @param {number} today milliseconds since 1970
 * @returns {import("./components.js").CardFields}
 */
export function fieldsOf(texts, id, { item, certificate }, today) {
  const files = texts.say(item.kind === "pkcs12" ? "page.item.pkcs12" : filesOfPair(item));
  if (certificate === null) return { id: String(id), cn: null, files };
  const { cn, issuerCn: issuer, serial, notBefore, notAfter } = certificate;
  const state = stateOf(notBefore, notAfter, today);
  return { id: String(id), cn, files, use: useOf(texts, certificate), issuer, serial, notAfter, state };
}

/** @param {Texts} texts @param {string | number} id @param {Summary} summary @param {number} today @param {...import("./dom.js").Child} more */
export const summaryCard = (texts, id, summary, today, ...more) =>
  certificateCard(texts, fieldsOf(texts, id, summary, today), today, ...more);

/** @param {import("../core/bundle.js").Item} item */
const filesOfPair = (item) =>
  item.files.some((file) => file.role === "kmCert") ? "page.item.both_pairs" : "page.item.sign_pair";

/** What a certificate is for, where that is known. @param {Texts} texts @param {import("../pki/certificate.js").Certificate} certificate */
function useOf(texts, certificate) {
  const { use, holder, isDisputed, oid } = kindOf(certificate);
  if (use === "unknown") return "";
  const notes = [holder !== "" && texts.say(`holder.${holder}`), isDisputed && printable(oid)].filter(Boolean);
  return texts.say(`use.${use}`) + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
}
