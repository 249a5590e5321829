// The screens of a typed code: the field for it, and the question that its QR code puts.

import { button, cancelButton, disclosure, notice, paragraph, quiet, route } from "./components.js";
import { make } from "./dom.js";
import { drawing } from "./drawings.js";
import { CODE, CODE_HELP, codeForm, submitButton } from "./forms.js";
import { howToScan } from "./screens.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./layout.js").Screen} Screen */

/** It has not told its name yet; in either language it is called this. */
const PC = "PC";

/**
 * Opened without a QR code: a code can be typed here.
 * @param {Texts} texts
 * @param {{wrong: string[], address: string}} given `wrong`: what was wrong with the last one, in
 *   sentences; `address`: the page's own, as the PC shows it beside the code
 * @param {{enter: (typed: string) => string[]}} act `enter` gives sentences where that is no code
 * @returns {Screen}
 */
export function typeCode(texts, { wrong, address }, act) {
  return {
    title: texts.say("page.start.title"),
    step: 1,
    focus: CODE,
    body: [
      make("div", { id: CODE_HELP }, notice("warn", make("p", {}, texts.say("page.code.warning")))),
      codeForm(texts, wrong, act.enter),
    ],
    actions: [submitButton(CODE, texts.say("page.code.connect"))],
    after: make(
      "div",
      {},
      quiet(texts, "page.code.address", { address }),
      disclosure("code-where", texts.say("page.code.where"), paragraph(texts, "page.code.where_text")),
      disclosure("code-scan", texts.say("page.code.scan"), drawing("scan"), howToScan(texts)),
    ),
  };
}

/**
 * The code was right: which way the certificate goes, before anything is connected.
 * @param {Texts} texts
 * @param {{direction: "toPC" | "toPhone"}} given
 * @param {{goOn: () => void, cancel: () => void}} act
 * @returns {Screen}
 */
export function confirmDirection(texts, { direction }, act) {
  const isSender = direction === "toPC";
  const title = texts.say(isSender ? "page.code.send" : "page.code.receive");
  const phone = { device: /** @type {const} */ ("phone"), name: texts.say("page.route.phone") };
  const pc = { device: /** @type {const} */ ("pc"), name: PC };
  return {
    title,
    step: 1,
    route: isSender ? route(phone, pc, title) : route(pc, phone, title),
    body: [notice("warn", make("p", {}, texts.say("page.code.told"))), drawing(isSender ? "send" : "receive")],
    actions: [button(texts.say("page.code.go_on"), act.goOn, "main"), cancelButton(texts, act.cancel)],
  };
}
