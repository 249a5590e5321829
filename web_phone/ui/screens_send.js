// The screens of the sender: choosing, passwords, the number.

import { printable } from "../core/safe_text.js";
import { make } from "./dom.js";
import { NUMBER_HELP, numberForm, passwordForm } from "./forms.js";
import { button, facts, notice, paragraph, quiet, sentence } from "./pieces.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./layout.js").Screen} Screen */
/** @typedef {import("./selection.js").Chosen} Chosen */
/** @typedef {import("./selection.js").Half} Half */
/** @typedef {import("./selection.js").LeftOut} LeftOut */

/**
 * @typedef {object} ChooseActs
 * @property {(files: File[]) => void} pick
 * @property {(chosen: Chosen, password: string) => void} checkPassword
 * @property {(chosen: Chosen | Half) => void} remove
 * @property {() => void} next
 * @property {() => void} cancel
 */

/**
 * @param {Texts} texts
 * @param {{peer: string, chosen: Chosen[], halves: Half[], leftOut: LeftOut[], isReady: boolean, today: number}} given
 * @param {ChooseActs} act
 * @returns {Screen}
 */
export function choose(texts, { peer, chosen, halves, leftOut, isReady, today }, act) {
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
      ...halves.map((half) => halfCard(texts, half, act)),
      ...leftOut.map((each) => leftOutNotice(texts, each)),
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
 * @param {(files: File[]) => void} pick
 */
function filePicker(text, isMain, isFolder, pick) {
  const input = make("input", { type: "file", multiple: true, webkitdirectory: isFolder });
  input.addEventListener("change", () => {
    const files = Array.from(input.files || []);
    input.value = ""; // or the same file could not be picked again after it was removed
    pick(files);
  });
  return make("label", { class: isMain ? "button main" : "button" }, text, input);
}

/** Of a file's name in a list: it stays on one line of a small phone. */
const MAX_NAME_CELLS = 32;
/** The files' own names, for those that are still missing. @type {Record<string, string>} */
const FILES = { signCert: "signCert.der", signPri: "signPri.key", kmCert: "kmCert.der", kmPri: "kmPri.key" };

/** What is there of a set that is not whole, and what is missing. @param {Texts} texts @param {Half} half @param {ChooseActs} act */
function halfCard(texts, half, act) {
  const lines = half.parts.map(({ role, file }) =>
    make("li", {}, texts.say(file === "" ? "page.half.missing" : "page.half.present", { file: file || FILES[role] })),
  );
  return make(
    "section",
    { class: "card" },
    make("p", {}, texts.say("page.half.title")),
    make("ul", {}, ...lines),
    button(texts.say("page.send.remove"), () => act.remove(half), "small"),
  );
}

/** The files that were left out for one reason. @param {Texts} texts @param {LeftOut} leftOut */
function leftOutNotice(texts, { reason, names, more }) {
  const lines = names.map((name) => make("li", {}, make("bdi", {}, printable(name, MAX_NAME_CELLS))));
  if (more > 0) lines.push(make("li", {}, texts.say("page.left_out.and_more", { more })));
  return notice("warn", make("p", {}, texts.say(`page.left_out.${reason}`)), make("ul", {}, ...lines));
}

/** @param {Texts} texts @param {Chosen} chosen @param {number} today @param {ChooseActs} act */
function chosenCard(texts, chosen, today, act) {
  return make(
    "section",
    { class: "card" },
    chosen.name !== "" && make("p", { class: "foreign" }, printable(chosen.name)),
    facts(texts, chosen.summary, today),
    chosen.note !== "" && notice("warn", make("p", {}, texts.say(`page.note.${chosen.note}`))),
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
          chosen.why === "checked" ? "good" : "warn",
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
