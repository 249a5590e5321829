// What the screens of the centre are put together from, beside the components of both pages.

import { printable } from "../../../web_phone/core/safe_text.js";
import { ownerName } from "../../../web_phone/pki/naming.js";
import { lastDay } from "../../../web_phone/pki/validity.js";
import { notice, sentence } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { fileName, Stock } from "./model.js";

/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */
/** @typedef {import("./model.js").Certificate} Certificate */
/** @typedef {import("./task.js").Fault} Fault */

/** @type {Record<string, string>} */
const TONES = { valid: "good", expiring: "warn", expired: "bad", broken: "bad", not_yet: "warn" };

/** Whether a certificate is good, as one word or as the days that are left. @param {Texts} texts @param {Certificate} each */
export function badge(texts, { state, days_left: left }) {
  const days = left === null || left < 0 ? 0 : left;
  const text =
    state !== "expiring" ? texts.say(`state.${state}`)
    : days === 0 ? texts.say("page.item.today")
    : texts.say("page.item.days_left", { days });
  return make("span", { class: `badge ${TONES[state] || "plain"}` }, text);
}

/** Whose a certificate is; the file's name where it does not tell. @param {Certificate} each */
export const nameOf = ({ owner, cn, path }) => printable(owner || (cn === null ? "" : ownerName(cn)) || fileName(path));

/** What it is for, and for whom. @param {Texts} texts @param {Certificate} each */
export function useOf(texts, { use, holder, kind }) {
  const said = use === null || use === "unknown" ? "" : texts.say(`use.${use}`);
  const whose = holder === null || !texts.has(`holder.${holder}`) ? "" : texts.say(`holder.${holder}`);
  const words = [said, whose].filter((each) => each !== "");
  return words.length > 0 ? words.join(" · ") : texts.say(kind === "pkcs12" ? "page.item.pkcs12" : "centre.kind.npki");
}

/** The last day of a certificate. @param {Certificate} each */
export const dayOf = ({ not_after: end }) => (end === null ? "" : lastDay(Date.parse(end)));

/** A line of a list that leads to a certificate's screen. @param {Texts} texts @param {Certificate} each */
export const certificateLink = (texts, each) =>
  make(
    "a",
    { class: "line", href: `#/certificate/${Stock.address(each)}` },
    make("span", { class: "line-name" }, make("bdi", {}, nameOf(each))),
    badge(texts, each),
    make(
      "span",
      { class: "line-facts" },
      [useOf(texts, each), printable(each.authority || each.issuer || ""), dayOf(each) && texts.say("page.item.last_day", { day: dayOf(each) })]
        .filter((said) => said !== "")
        .join(" · "),
    ),
  );

/** A heading inside a screen. @param {string} text @param {string} [id] */
export const heading = (text, id = "") => make("h2", id === "" ? { class: "part" } : { class: "part", id }, text);

/** A way to another screen that looks like a button. @param {string} text @param {string} href @param {string} [look] */
export const way = (text, href, look = "") => make("a", { class: `button ${look}`, href }, text);

/** Facts of a list, those that are empty left out. @param {Texts} texts @param {[string, string | null | undefined][]} rows keys of labels with values */
export const facts = (texts, rows) =>
  make(
    "dl",
    { class: "all-facts" },
    ...rows
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([key, value]) =>
        make("div", { class: "row" }, make("dt", {}, texts.say(key)), make("dd", {}, make("bdi", {}, printable(String(value), Infinity)))),
      ),
  );

/** A sentence of the program that speaks of command lines has no place here. */
const COMMAND_LINE = /certrelay [a-z]|(^|\s)--[a-z]/;

/** What went wrong, and what to do. @param {Texts} texts @param {Fault} fault @param {"bad" | "warn"} [tone] */
export function fault(texts, { key, details, text }, tone = "bad") {
  const [first = "", ...rest] = text.split("\n");
  const values = Object.fromEntries(Object.entries(details).map(([name, value]) => [name, String(value)]));
  const pick = (/** @type {string} */ what, /** @type {string} */ last) => {
    const found = [`centre.${what}.${key}`, `browser.${what}.${key}`, `${what}.${key}`].find((each) => texts.has(each));
    return found === undefined ? last : texts.say(found, values);
  };
  const hint = pick("hint", rest.join(" "));
  return [
    notice(tone, make("p", { role: "alert" }, pick("error", first))),
    hint !== "" && !COMMAND_LINE.test(hint) && make("p", {}, hint),
  ];
}

/** @param {Texts} texts @param {string} key @param {Record<string, string | number>} values @param {"warn" | "bad" | "good" | "plain"} tone */
export const told = (texts, key, values, tone) => notice(tone, make("p", {}, ...sentence(texts, key, values)));

/** What is worked at. @param {Texts} texts @param {string} [key] */
export const busy = (texts, key = "centre.busy") =>
  make("p", { class: "busy", role: "status" }, make("span", { class: "spinner", "aria-hidden": "true" }), texts.say(key));

/** A moment as people write it, in the PC's own time. @param {Texts} texts @param {string} at ISO 8601 */
export const momentOf = (texts, at) =>
  new Date(at).toLocaleString(texts.language === "ko" ? "ko-KR" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
