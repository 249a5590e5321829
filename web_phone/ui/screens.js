// The screens of both stories that only tell something: beginning, waiting, end.
//
// A screen is a pure function of texts and values; what a tap does is handed in.

import { make } from "./dom.js";
import { button, facts, notice, paragraph, quiet, resultText, sentence } from "./pieces.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./layout.js").Screen} Screen */
/** @typedef {import("../core/bodies.js").ItemResult} ItemResult */
/** @typedef {import("../pki/inspect.js").Summary} Summary */

/** Opened by hand. @param {Texts} texts @returns {Screen} */
export const start = (texts) => ({
  title: texts.say("page.start.title"),
  body: [paragraph(texts, "page.start.text"), quiet(texts, "page.reach")],
});

/** Reloaded: the keys are gone. @param {Texts} texts @returns {Screen} */
export const reloaded = (texts) => ({
  title: texts.say("page.reloaded.title"),
  body: [paragraph(texts, "page.reloaded.text")],
});

/** @param {Texts} texts @param {{cancel: () => void}} act @returns {Screen} */
export const connecting = (texts, act) => ({
  title: texts.say("page.connecting.title"),
  body: [paragraph(texts, "page.connecting.text"), button(texts.say("page.cancel"), act.cancel)],
});

/**
 * It ended without the copy.
 * @param {Texts} texts
 * @param {{code: string, details: Record<string, string | number>, byPeer: boolean}} end
 * @returns {Screen}
 */
export function ended(texts, { code, details, byPeer }) {
  const hint = texts.hint(code, details);
  return {
    // Whoever does not know what became of it must not say that it failed.
    title: texts.say(code === "not_confirmed" ? "page.ended.not_confirmed" : "page.ended.title"),
    body: [
      notice("bad", make("p", {}, texts.error(code, details))),
      byPeer && quiet(texts, "page.ended.by_peer"),
      hint === "" ? quiet(texts, "page.again") : make("p", {}, hint),
    ],
  };
}

/**
 * @param {Texts} texts
 * @param {{bytes: number, total: number}} moved
 * @param {{cancel: () => void}} act
 * @returns {Screen}
 */
export function moving(texts, { bytes, total }, act) {
  const bar = make("progress", { max: String(Math.max(1, total)), value: String(bytes) });
  bar.setAttribute("aria-label", texts.say("page.moving.title"));
  return {
    title: texts.say("page.moving.title"),
    body: [bar, paragraph(texts, "page.moving.text"), button(texts.say("page.cancel"), act.cancel)],
  };
}

/**
 * What the PC's receipt says.
 * @param {Texts} texts
 * @param {{items: Summary[], results: ItemResult[], peer: string, today: number}} copy
 * @returns {Screen}
 */
export function sent(texts, { items, results, peer, today }) {
  const kept = results.filter((result) => result.status !== "rejected").length;
  const word = kept === results.length ? "all" : kept > 0 ? "some" : "none";
  const kind = word === "all" ? "good" : word === "some" ? "warn" : "bad";
  return {
    title: texts.say(`page.sent.${word}.title`),
    body: [
      notice(kind, make("p", {}, ...sentence(texts, `page.sent.${word}.text`, { peer }))),
      make("ul", { class: "plain" }, ...items.map((item, at) => resultCard(texts, item, results[at], today))),
      quiet(texts, "page.again"),
    ],
  };
}

/** @param {Texts} texts @param {Summary} summary @param {ItemResult} result @param {number} today */
const resultCard = (texts, summary, result, today) =>
  make(
    "li",
    { class: "card" },
    make("p", { class: "foreign" }, resultText(texts, result)),
    facts(texts, summary, today),
  );
