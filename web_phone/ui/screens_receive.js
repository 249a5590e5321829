// The screens of the receiver: the number, the question, the download.

import { bigNumber, button, cancelButton, check, disclosure, notice, paragraph, quiet, sentence, stepList } from "./components.js";
import { make } from "./dom.js";
import { drawing } from "./drawings.js";
import { damagedCard, toPhone } from "./screens.js";
import { summaryCard } from "./summary_card.js";

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
    step: 3,
    route: toPhone(texts, peer),
    body: [
      bigNumber(number),
      notice("warn", make("p", {}, texts.say("page.receive.number_warning"))),
      disclosure("help", texts.say("page.help"), quiet(texts, "page.names_unchecked")),
    ],
    actions: [cancelButton(texts, act.cancel)],
  };
}

/**
 * The question, with "no" as easy as "yes".
 * @param {Texts} texts
 * @param {{peer: string, arrived: Arrived[], today: number, before: string}} given `before`: the
 *   key of what will happen in this browser
 * @param {{want: (arrived: Arrived, isWanted: boolean) => void, save: () => void, decline: () => void}} act
 * @returns {Screen}
 */
export function ask(texts, { peer, arrived, today, before }, act) {
  const good = arrived.filter((each) => each.summary !== null);
  const cards = arrived.map((each, at) =>
    each.summary === null
      ? damagedCard(texts)
      : summaryCard(
          texts,
          at,
          each.summary,
          today,
          good.length > 1 && check(texts.say("page.receive.want"), each.isWanted, (isOn) => act.want(each, isOn)),
        ),
  );
  const save = button(texts.say("page.receive.save"), act.save, "main");
  save.disabled = !good.some((each) => each.isWanted);
  return {
    title: texts.say("page.receive.ask"),
    step: 4,
    route: toPhone(texts, peer),
    body: [...cards, paragraph(texts, "page.receive.ask_text"), quiet(texts, before)],
    actions: [save, button(texts.say("page.receive.decline"), act.decline)],
  };
}

/**
 * The download has begun, and only the person can see whether the file is there.
 * @param {Texts} texts
 * @param {{file: string, system: string, mayBeBlocked: boolean}} given
 * @param {{yes: () => void, again: () => void, no: () => void}} act
 * @returns {Screen}
 */
export function seen(texts, { file, system, mayBeBlocked }, act) {
  return {
    title: texts.say("page.seen.title"),
    step: 4,
    body: [
      drawing("download"),
      make("p", {}, ...sentence(texts, "page.seen.text", { file })),
      mayBeBlocked && notice("warn", make("p", {}, texts.say("page.seen.blocked"))),
      paragraph(texts, `page.seen.where.${system}`),
    ],
    actions: [
      button(texts.say("page.seen.yes"), act.yes, "main"),
      button(texts.say("page.seen.again"), act.again),
      button(texts.say("page.seen.no"), act.no, "text"),
    ],
  };
}

/**
 * The person does not see the file.
 * @param {Texts} texts
 * @param {{system: string}} given
 * @param {{again: () => void, share: (() => void) | null, giveUp: () => void}} act
 * @returns {Screen}
 */
export function unseen(texts, { system }, act) {
  return {
    title: texts.say("page.unseen.title"),
    step: 4,
    body: [
      drawing("download"),
      stepList([
        texts.say("page.unseen.keep"),
        texts.say(`page.seen.where.${system}`),
        texts.say("page.unseen.room"),
      ]),
    ],
    actions: [
      button(texts.say("page.seen.again"), act.again, "main"),
      act.share !== null && button(texts.say("page.unseen.share"), act.share),
      button(texts.say("page.unseen.give_up"), act.giveUp, "text"),
    ],
  };
}

/**
 * @param {Texts} texts
 * @param {{file: string, kept: Summary[], today: number}} given
 * @param {{again: () => void, done: () => void}} act
 * @returns {Screen}
 */
export function saved(texts, { file, kept, today }, act) {
  const isFolder = kept.length > 1 || kept.some(({ item }) => item.kind === "npki");
  return {
    title: texts.say("page.saved.title"),
    step: 5,
    body: [
      make("div", { class: "tone good" }, drawing("on_phone")),
      make("p", {}, ...sentence(texts, "page.saved.text", { file })),
      ...kept.map((summary, at) => summaryCard(texts, at, summary, today)),
      disclosure(
        "help",
        texts.say("page.saved.next"),
        quiet(texts, isFolder ? "page.saved.use_npki" : "page.saved.use_p12"),
        button(texts.say("page.seen.again"), act.again),
      ),
    ],
    actions: [button(texts.say("page.done"), act.done, "main")],
  };
}
