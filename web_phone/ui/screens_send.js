// The screens of the sender: choosing, passwords, the number.

import { make } from "./dom.js";
import { NUMBER_HELP, numberForm, passwordForm } from "./forms.js";
import { button, facts, notice, paragraph, quiet, sentence } from "./pieces.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./layout.js").Screen} Screen */
/** @typedef {import("./story_send.js").Chosen} Chosen */

/**
 * @typedef {object} ChooseActs
 * @property {(files: FileList | null) => void} pick
 * @property {(chosen: Chosen, password: string) => void} checkPassword
 * @property {(chosen: Chosen) => void} remove
 * @property {() => void} next
 * @property {() => void} cancel
 */

/**
 * @param {Texts} texts
 * @param {{peer: string, chosen: Chosen[], problems: string[], today: number}} given
 * @param {ChooseActs} act
 * @returns {Screen}
 */
export function choose(texts, { peer, chosen, problems, today }, act) {
  const isReady = chosen.length > 0 && chosen.every((each) => each.state === "ready");
  const next = button(texts.say("page.send.next"), act.next, "main");
  next.disabled = !isReady;
  return {
    title: texts.say("page.send.title"),
    body: [
      notice(
        "warn",
        make("p", {}, ...sentence(texts, "page.send.direction", { peer })),
        make("p", {}, texts.say("page.send.warning")),
      ),
      make("h2", {}, texts.say("page.send.choose")),
      ...chosen.map((each) => chosenCard(texts, each, today, act)),
      ...problems.map((text) => notice("bad", make("p", {}, text))),
      filePicker(texts.say("page.send.pick_files"), chosen.length === 0, false, act.pick),
      hasFolders() && filePicker(texts.say("page.send.pick_folder"), false, true, act.pick),
      chosen.length === 0 && paragraph(texts, "page.send.pair_hint"),
      chosen.length > 0 && next,
      chosen.length > 0 && !isReady && quiet(texts, "page.send.not_ready"),
      button(texts.say("page.cancel"), act.cancel),
      quiet(texts, "page.reach"),
      quiet(texts, "page.names_unchecked"),
    ],
  };
}

const hasFolders = () => "webkitdirectory" in HTMLInputElement.prototype;

/**
 * No `accept`: phones know no type for .der and .key and would grey the files out.
 * @param {string} text
 * @param {boolean} isMain
 * @param {boolean} isFolder
 * @param {(files: FileList | null) => void} pick
 */
function filePicker(text, isMain, isFolder, pick) {
  const input = make("input", { type: "file", multiple: true, webkitdirectory: isFolder });
  input.addEventListener("change", () => pick(input.files));
  return make("label", { class: isMain ? "button main" : "button" }, text, input);
}

/** @param {Texts} texts @param {Chosen} chosen @param {number} today @param {ChooseActs} act */
function chosenCard(texts, chosen, today, act) {
  return make(
    "section",
    { class: "card" },
    facts(texts, chosen.summary, today),
    ...stateOf(texts, chosen, act),
    button(texts.say("page.send.remove"), () => act.remove(chosen), "small"),
  );
}

/** @param {Texts} texts @param {Chosen} chosen @param {ChooseActs} act */
function stateOf(texts, chosen, act) {
  switch (chosen.state) {
    case "ready":
      return [
        notice(
          chosen.why === "uncheckable" ? "warn" : "good",
          make("p", {}, texts.say(`page.send.${chosen.why}`)),
        ),
      ];
    case "checking":
      return [make("p", { role: "status" }, texts.say("page.send.checking"))];
    case "failed":
      return [notice("bad", make("p", {}, failure(texts, chosen.why)))];
    case "locked":
      return [
        passwordForm(
          texts,
          { id: `password-${chosen.id}`, wrongLeft: chosen.why === "" ? null : chosen.triesLeft },
          (password) => act.checkPassword(chosen, password),
        ),
        quiet(texts, "page.send.password_stays"),
      ];
  }
}

/** @param {Texts} texts @param {string} code */
const failure = (texts, code) =>
  code === "password_tries" ? texts.say("page.send.tries_over") : texts.error(code);

/**
 * @param {Texts} texts
 * @param {{peer: string, wrongLeft: number | null}} given `wrongLeft`: tries left after a wrong one
 * @param {{send: (typed: string) => void, back: () => void, cancel: () => void}} act
 * @returns {Screen}
 */
export function typeNumber(texts, { peer, wrongLeft }, act) {
  return {
    title: texts.say("page.number.title"),
    body: [
      make("p", {}, ...sentence(texts, "page.send.direction", { peer })),
      numberForm(texts, wrongLeft, act.send),
      make("div", { id: NUMBER_HELP }, notice("warn", make("p", {}, texts.say("page.number.warning")))),
      button(texts.say("page.number.back"), act.back),
      button(texts.say("page.cancel"), act.cancel),
    ],
  };
}
