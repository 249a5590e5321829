// The screens of the sender: choosing, passwords, the number.

import { PASSWORD_TRIES } from "../core/limits.js";
import { printable } from "../core/safe_text.js";
import { stateOf } from "../pki/validity.js";
import { button, cancelButton, card, certificateCard, disclosure, notice, paragraph, quiet, sentence, wellDone } from "./components.js";
import { make } from "./dom.js";
import { FILE_NAMES } from "./download.js";
import { drawing, icon } from "./drawings.js";
import { NUMBER, NUMBER_HELP, numberForm, passwordForm, submitButton } from "./forms.js";
import { toPc } from "./screens.js";
import { fieldsOf, summaryCard } from "./summary_card.js";

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

/** @param {Chosen} chosen @param {number} today */
export const isExpired = ({ summary: { certificate } }, today) =>
  certificate !== null && stateOf(certificate.notBefore, certificate.notAfter, today) === "expired";

/**
 * Choosing, then one password after the other, then a last look.
 * @param {Texts} texts
 * @param {{peer: string, chosen: Chosen[], halves: Half[], leftOut: LeftOut[], isReading: boolean, today: number}} given
 * @param {ChooseActs} act
 * @returns {Screen}
 */
export function choose(texts, given, act) {
  const { peer, chosen, halves, leftOut, isReading, today } = given;
  const sorted = [...chosen].sort((one, other) => Number(isExpired(one, today)) - Number(isExpired(other, today)));
  const asked = sorted.find((each) => each.state === "locked" || each.state === "checking");
  const stage = asked !== undefined ? "password" : chosen.length + halves.length > 0 ? "review" : "pick";
  const screen = { pick, password: askPassword, review }[stage](texts, { ...given, chosen: sorted }, asked, act);
  return {
    step: 2,
    route: toPc(texts, peer),
    ...screen,
    body: [
      isReading && make("p", { role: "status" }, texts.say("page.send.reading")),
      ...leftOut.map((each) => leftOutNotice(texts, each)),
      ...halves.map((half) => halfCard(texts, half, act)),
      ...screen.body,
    ],
  };
}

/** @typedef {{chosen: Chosen[], halves: Half[], today: number}} Shown */

/** @param {Texts} texts @param {Shown} _shown @param {Chosen | undefined} _asked @param {ChooseActs} act */
const pick = (texts, _shown, _asked, act) => ({
  title: texts.say("page.send.title"),
  body: [
    drawing("choose"),
    make(
      "ul",
      { class: "kinds" },
      make("li", {}, texts.say("page.send.what_pair")),
      make("li", {}, texts.say("page.send.what_p12")),
    ),
    quiet(texts, "page.send.original_stays"),
    otherWays(texts, act, false, quiet(texts, "page.send.pair_hint"), quiet(texts, "page.reach")),
  ],
  actions: [
    filePicker(texts.say("page.send.pick_files"), "main", false, act.pick),
    cancelButton(texts, act.cancel),
  ],
});

/** @param {Texts} texts @param {Shown} shown @param {Chosen | undefined} asked @param {ChooseActs} act */
function askPassword(texts, { chosen, today }, asked, act) {
  const one = /** @type {Chosen} */ (asked);
  const { id, state, triesLeft } = one;
  const field = `password-${id}`;
  const isChecking = state === "checking";
  const form = passwordForm(
    texts,
    {
      id: field,
      wrongLeft: triesLeft === PASSWORD_TRIES ? null : triesLeft,
      help: texts.say("page.send.password_help"),
      isChecking,
    },
    (password) => act.checkPassword(one, password),
  );
  const submit = submitButton(field, texts.say(isChecking ? "page.send.checking" : "page.send.check"));
  submit.disabled = isChecking;
  return {
    title: texts.say("page.send.password_title"),
    focus: field,
    body: [
      chosenCard(texts, one, today, act, form),
      ...chosen.filter((each) => each !== one).map((each) => chosenCard(texts, each, today, act, stateLine(texts, each))),
    ],
    after: otherWays(texts, act, true),
    actions: [submit, cancelButton(texts, act.cancel)],
  };
}

/** @param {Texts} texts @param {Shown} shown @param {Chosen | undefined} _asked @param {ChooseActs} act */
function review(texts, { chosen, halves, today }, _asked, act) {
  const isWhole = halves.length === 0;
  const failed = chosen.filter((each) => each.state === "failed");
  const isReady = chosen.length > 0 && failed.length === 0;
  const leaveOut = () => failed.forEach((each) => act.remove(each));
  const next =
    failed.length > 0
      ? button(texts.say("page.send.leave_out"), leaveOut, "main")
      : button(texts.say("page.send.next"), act.next, "main");
  return {
    title: texts.say(failed.length > 0 ? "page.send.failed_title" : isWhole ? "page.send.review_title" : "page.half.title"),
    body: [
      ...chosen.map((each) => chosenCard(texts, each, today, act, stateLine(texts, each))),
      isReady && quiet(texts, "page.send.original_stays"),
      otherWays(texts, act, isWhole),
    ],
    actions: [
      isWhole || failed.length > 0 ? next : filePicker(texts.say("page.send.pick_files"), "main", false, act.pick),
      !isWhole && isReady && button(texts.say("page.half.without"), act.next),
      cancelButton(texts, act.cancel),
    ],
  };
}

/** @param {Texts} texts @param {ChooseActs} act @param {boolean} isMore whether something is chosen @param {...import("./dom.js").Child} more */
const otherWays = (texts, act, isMore, ...more) =>
  disclosure(
    "help",
    texts.say("page.other_ways"),
    isMore && filePicker(texts.say("page.send.pick_more"), "", false, act.pick),
    hasFolders() && filePicker(texts.say("page.send.pick_folder"), "", true, act.pick),
    ...more,
    quiet(texts, "page.names_unchecked"),
  );

const hasFolders = () => "webkitdirectory" in HTMLInputElement.prototype;

/**
 * No `accept`: phones know no type for .der and .key and would grey the files out.
 * @param {string} text
 * @param {"main" | ""} look
 * @param {boolean} isFolder
 * @param {(files: File[]) => void} act
 */
function filePicker(text, look, isFolder, act) {
  const input = make("input", { type: "file", multiple: true, webkitdirectory: isFolder });
  input.addEventListener("change", () => {
    const files = Array.from(input.files || []);
    input.value = ""; // or the same file could not be picked again after it was removed
    act(files);
  });
  return make("label", { class: `button ${look}` }, text, input);
}

/** @param {Texts} texts @param {Chosen} chosen @param {number} today @param {ChooseActs} act @param {...import("./dom.js").Child} state */
const chosenCard = (texts, chosen, today, act, ...state) =>
  certificateCard(
    texts,
    {
      ...fieldsOf(texts, chosen.id, chosen.summary, today),
      file: chosen.name,
      act: button(texts.say("page.send.remove"), () => act.remove(chosen), "text small"),
    },
    today,
    chosen.note !== "" && notice("warn", make("p", {}, texts.say(`page.note.${chosen.note}`))),
    ...state,
  );

/** @param {Texts} texts @param {Chosen} chosen */
function stateLine(texts, { state, why }) {
  if (state === "failed") return notice("bad", make("p", {}, failure(texts, why)));
  if (state !== "ready") return make("p", { class: "quiet" }, texts.say("page.send.password_waits"));
  const text = texts.say(`page.send.${why}`);
  return why === "checked" ? wellDone(text) : notice("warn", make("p", {}, text));
}

/** @param {Texts} texts @param {string} code */
const failure = (texts, code) =>
  code === "password_tries" ? texts.say("page.send.tries_over") : texts.pageError(code);

/** What a set of files still lacks. @param {Texts} texts @param {Half} half @param {ChooseActs} act */
const halfCard = (texts, half, act) =>
  card(
    make(
      "ul",
      { class: "checklist" },
      ...half.parts.map(({ role, file }) =>
        make(
          "li",
          { class: file === "" ? "missing" : "there" },
          make("span", { class: "dot" }, file !== "" && icon("tick")),
          make(
            "span",
            {},
            ...sentence(texts, file === "" ? "page.half.missing" : "page.half.present", { file: file || FILE_NAMES[role] }),
          ),
        ),
      ),
    ),
    button(texts.say("page.send.remove"), () => act.remove(half), "text small"),
  );

/** Of a file's name in a list: it stays on one line of a small phone. */
const MAX_NAME_CELLS = 32;

/** The files that were left out for one reason. @param {Texts} texts @param {LeftOut} leftOut */
function leftOutNotice(texts, { reason, names, more }) {
  const lines = names.map((name) => make("li", {}, make("bdi", {}, printable(name, MAX_NAME_CELLS))));
  if (more > 0) lines.push(make("li", {}, texts.say("page.left_out.and_more", { more })));
  return notice("warn", make("p", {}, texts.say(`page.left_out.${reason}`)), make("ul", {}, ...lines));
}

/**
 * A certificate that has expired is of no use in most places.
 * @param {Texts} texts
 * @param {{peer: string, chosen: Chosen[], today: number}} given
 * @param {{leaveOut: () => void, send: () => void, cancel: () => void}} act
 * @returns {Screen}
 */
export function confirmExpired(texts, { peer, chosen, today }, act) {
  return {
    title: texts.say("page.expired.title"),
    step: 2,
    route: toPc(texts, peer),
    body: [
      ...chosen.map(({ id, summary }) => summaryCard(texts, id, summary, today)),
      paragraph(texts, "page.expired.text"),
    ],
    actions: [
      button(texts.say("page.expired.leave_out"), act.leaveOut, "main"),
      button(texts.say("page.expired.send"), act.send),
      cancelButton(texts, act.cancel),
    ],
  };
}

/**
 * @param {Texts} texts
 * @param {{peer: string, wrongLeft: number | null}} given `wrongLeft`: tries left after a wrong one
 * @param {{send: (typed: string) => void, back: () => void, cancel: () => void}} act
 * @returns {Screen}
 */
export function typeNumber(texts, { peer, wrongLeft }, act) {
  return {
    title: texts.say("page.number.title"),
    step: 3,
    route: toPc(texts, peer),
    focus: NUMBER,
    body: [
      make("div", { id: NUMBER_HELP }, notice("warn", make("p", {}, texts.say("page.number.warning")))),
      numberForm(texts, wrongLeft, act.send),
    ],
    actions: [
      submitButton(NUMBER, texts.say("page.number.send")),
      button(texts.say("page.number.back"), act.back, "text"),
      cancelButton(texts, act.cancel),
    ],
  };
}
