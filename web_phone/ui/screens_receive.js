// The screens of the receiver: the number, the question, the download.

import { make } from "./dom.js";
import { bigNumber, button, check, facts, notice, paragraph, quiet, sentence } from "./pieces.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./layout.js").Screen} Screen */
/** @typedef {import("../pki/inspect.js").Summary} Summary */
/** @typedef {{summary: Summary | null, isWanted: boolean}} Arrived null: damaged */

/**
 * @param {Texts} texts
 * @param {{peer: string, number: string}} given
 * @param {{cancel: () => void}} act
 * @returns {Screen}
 */
export function showNumber(texts, { peer, number }, act) {
  return {
    title: texts.say("page.receive.title"),
    body: [
      make("p", {}, ...sentence(texts, "page.receive.direction", { peer })),
      make("h2", {}, texts.say("page.receive.number")),
      bigNumber(number),
      notice("warn", make("p", {}, texts.say("page.receive.number_warning"))),
      button(texts.say("page.cancel"), act.cancel),
      quiet(texts, "page.names_unchecked"),
    ],
  };
}

/**
 * The question, with "no" as easy as "yes".
 * @param {Texts} texts
 * @param {{peer: string, arrived: Arrived[], today: number}} given
 * @param {{want: (arrived: Arrived, isWanted: boolean) => void, save: () => void, decline: () => void}} act
 * @returns {Screen}
 */
export function ask(texts, { peer, arrived, today }, act) {
  const good = arrived.filter((each) => each.summary !== null);
  const cards = arrived.map((each) =>
    make(
      "section",
      { class: "card" },
      each.summary === null
        ? make("p", {}, texts.say("page.receive.damaged"))
        : facts(texts, each.summary, today),
      each.summary !== null &&
        good.length > 1 &&
        check(texts.say("page.receive.want"), each.isWanted, (isOn) => act.want(each, isOn)),
    ),
  );
  const save = button(texts.say("page.receive.save"), act.save, "main");
  save.disabled = !good.some((each) => each.isWanted);
  return {
    title: texts.say("page.receive.ask"),
    body: [
      make("p", {}, ...sentence(texts, "page.receive.from", { peer })),
      ...cards,
      paragraph(texts, "page.receive.ask_text"),
      save,
      button(texts.say("page.receive.decline"), act.decline),
    ],
  };
}

/**
 * @param {Texts} texts
 * @param {{file: string, kept: Summary[], today: number}} given
 * @param {{again: () => void}} act
 * @returns {Screen}
 */
export function saved(texts, { file, kept, today }, act) {
  return {
    title: texts.say("page.saved.title"),
    body: [
      notice("good", make("p", {}, ...sentence(texts, "page.saved.text", { file }))),
      ...kept.map((summary) => make("section", { class: "card" }, facts(texts, summary, today))),
      paragraph(texts, "page.saved.see"),
      button(texts.say("page.saved.again"), act.again),
      quiet(texts, kept.some(({ item }) => item.kind === "npki") ? "page.saved.use_npki" : "page.saved.use_p12"),
      quiet(texts, "page.again"),
    ],
  };
}
