// The pieces that screens are put together from.

import { printable } from "../core/safe_text.js";
import { lastDay, stateOf } from "../pki/validity.js";
import { make } from "./dom.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("../pki/inspect.js").Summary} Summary */

/**
 * A sentence whose foreign values are set apart: in bold, with a direction of their own.
 * @param {Texts} texts
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function sentence(texts, key, values = {}) {
  return texts
    .parts(key, values)
    .map(({ text, isValue }) => (isValue ? make("bdi", { class: "foreign" }, text) : text));
}

/** @param {Texts} texts @param {string} key @param {Record<string, string | number>} [values] */
export const paragraph = (texts, key, values) => make("p", {}, ...sentence(texts, key, values));

/** @param {Texts} texts @param {string} key */
export const quiet = (texts, key) => make("p", { class: "quiet" }, texts.say(key));

/** @param {"warn" | "bad" | "good"} kind @param {...import("./dom.js").Child} children */
export const notice = (kind, ...children) => make("div", { class: `notice ${kind}` }, ...children);

/**
 * @param {string} text
 * @param {() => void} act
 * @param {"main" | "small" | ""} [look]
 */
export const button = (text, act, look = "") => make("button", { type: "button", class: look, onclick: act }, text);

/**
 * Whose a certificate is and until when.
 * @param {Texts} texts
 * @param {Summary} summary
 * @param {number} today milliseconds since 1970
 */
export function facts(texts, { item, certificate }, today) {
  if (certificate === null) return make("p", {}, texts.say("page.item.sealed"));
  const { cn, issuerCn, serial, notBefore, notAfter } = certificate;
  const state = texts.say(`state.${stateOf(notBefore, notAfter, today)}`);
  const until = notAfter === null ? state : `${lastDay(notAfter)} (${state})`;
  const files = texts.say(item.kind === "pkcs12" ? "page.item.pkcs12" : kindOfPair(item));
  return make(
    "dl",
    {},
    row(texts, "page.item.cn", cn, "foreign"),
    row(texts, "page.item.issuer", issuerCn),
    row(texts, "page.item.serial", serial),
    row(texts, "page.item.until", until),
    row(texts, "page.item.kind", files),
  );
}

/** One fact of a list. @param {Texts} texts @param {string} key @param {string} value @param {string} [look] */
export const row = (texts, key, value, look = "") =>
  make(
    "div",
    { class: "row" },
    make("dt", {}, texts.say(key)),
    make("dd", {}, make("bdi", { class: look }, printable(value))),
  );

/** The number to be typed on the other device, read out digit by digit. @param {string} number */
export const bigNumber = (number) =>
  make(
    "p",
    { class: "big-number" },
    make("span", { "aria-hidden": "true" }, `${number.slice(0, 3)} ${number.slice(3)}`),
    make("span", { class: "visually-hidden" }, [...number].join(" ")),
  );

/** @param {import("../core/bundle.js").Item} item */
const kindOfPair = (item) =>
  item.files.some((file) => file.role === "kmCert") ? "page.item.both_pairs" : "page.item.sign_pair";

/** The sentence for what became of an item. @param {Texts} texts @param {import("../core/bodies.js").ItemResult} result */
export function resultText(texts, { status, reason }) {
  if (status !== "rejected") return texts.say(`page.result.${status}`);
  return texts.say(`page.reason.${reason || "other"}`);
}

/** A check box with its label. @param {string} text @param {boolean} isOn @param {(isOn: boolean) => void} act */
export function check(text, isOn, act) {
  const input = make("input", { type: "checkbox", checked: isOn });
  input.addEventListener("change", () => act(input.checked));
  return make("label", { class: "check" }, input, text);
}
