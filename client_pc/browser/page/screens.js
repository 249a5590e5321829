// The screens of the PC: each a pure function of texts and story; what a click does is handed in.

import { printable } from "../../../web_phone/core/safe_text.js";
import { MAX_ITEMS } from "../../../web_phone/core/limits.js";
import { make } from "../../../web_phone/ui/dom.js";
import { NUMBER_HELP, numberForm, passwordForm, submitButton } from "../../../web_phone/ui/forms.js";
import { bigNumber, button, card, certificateCard, check, notice, paragraph, quiet, sentence } from "../../../web_phone/ui/components.js";
import { drawCode } from "./code.js";

/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */
/** @typedef {import("../../../web_phone/ui/layout.js").Screen} Screen */
/** @typedef {import("./story.js").Story} Story */
/** @typedef {import("./story.js").Fields} Fields */
/** @typedef {import("./story.js").Problem} Problem */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */
/** @typedef {{answer: (line: string) => void, stop: () => void}} Acts */

export const TIME_LEFT = "time-left";
export const PASSWORD = "password";

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
export function screenOf(texts, story, act) {
  return SCREENS[story.place](texts, story, act);
}

/** A page without a story. @param {Texts} texts @param {"elsewhere" | "shut" | "gone"} why @returns {Screen} */
export const without = (texts, why) => ({
  title: texts.say(`browser.${why}.title`),
  body: [paragraph(texts, `browser.${why}.text`)],
});

/** @type {Record<import("./story.js").Place, (texts: Texts, story: Story, act: Acts) => Screen>} */
const SCREENS = { preparing, working, choose, password, scan, paired, number, typing, moving, ask, end };

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function preparing(texts, story, act) {
  return { title: texts.say("browser.preparing.title"), body: [...notes(story), stop(texts, act)] };
}

/** @param {Texts} texts @param {Story} _story @param {Acts} act @returns {Screen} */
function working(texts, _story, act) {
  return { title: texts.say("browser.working.title"), body: [stop(texts, act)] };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function choose(texts, { choice, chosen }, act) {
  const next = button(texts.say("browser.choose.next"), () => act.answer([...chosen].join(" ")), "main");
  const count = () => {
    next.disabled = chosen.size === 0 || chosen.size > MAX_ITEMS;
  };
  count();
  const cards = choice.map((each) => {
    const number = Number(each.number);
    const want = check(texts.say("browser.choose.one"), chosen.has(number), (isOn) => {
      if (isOn) chosen.add(number);
      else chosen.delete(number);
      count();
    });
    return fieldsCard(texts, number, each, want);
  });
  return {
    title: texts.say("browser.choose.title"),
    body: [...cards, make("p", {}, texts.say("browser.choose.text", { most: MAX_ITEMS })), next, stop(texts, act)],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function password(texts, { sending, wrongLeft }, act) {
  return {
    title: texts.say("browser.password.title"),
    body: [
      ...sending.slice(-1).map((each) => fieldsCard(texts, 0, each)),
      passwordForm(texts, { id: PASSWORD, wrongLeft, help: texts.say("browser.password.stays") }, act.answer),
      submitButton(PASSWORD, texts.say("page.send.check")),
      stop(texts, act),
    ],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function scan(texts, story, act) {
  const { code, command, renewed } = story;
  if (code === null) return working(texts, story, act);
  return {
    title: texts.say("browser.scan.title"),
    body: [
      renewed !== "" && notice("warn", make("p", {}, texts.say(`pc.renewed.${renewed}`))),
      ...notes(story),
      make(
        "div",
        { class: "scan" },
        make(
          "div",
          {},
          drawCode(code.rows, texts.say("browser.scan.picture")),
          make("p", { class: "countdown", role: "timer", id: TIME_LEFT }),
        ),
        make(
          "div",
          {},
          paragraph(texts, `browser.scan.${command}`),
          make(
            "ol",
            {},
            code.isLocal && make("li", {}, texts.say("browser.scan.network")),
            make("li", {}, texts.say("browser.scan.camera")),
            make("li", {}, texts.say("browser.scan.link")),
          ),
          quiet(texts, "browser.scan.once"),
          stop(texts, act),
        ),
      ),
    ],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function paired(texts, { command, peer }, act) {
  return {
    title: texts.say("browser.paired.title"),
    body: [
      direction(texts, command, peer),
      paragraph(texts, "browser.paired.text"),
      stop(texts, act),
      quiet(texts, "page.names_unchecked"),
    ],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function number(texts, story, act) {
  return {
    title: texts.say("browser.number.title"),
    body: [
      direction(texts, story.command, story.peer),
      bigNumber(story.number),
      notice("warn", make("p", {}, texts.say("browser.number.warning"))),
      stop(texts, act),
      quiet(texts, "page.names_unchecked"),
    ],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function typing(texts, { command, peer, wrongLeft }, act) {
  return {
    title: texts.say("browser.typing.title"),
    body: [
      direction(texts, command, peer),
      numberForm(texts, wrongLeft, act.answer),
      submitButton("number", texts.say("page.number.send")),
      make("div", { id: NUMBER_HELP }, notice("warn", make("p", {}, texts.say("browser.typing.warning")))),
      stop(texts, act),
      quiet(texts, "page.names_unchecked"),
    ],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function moving(texts, story, act) {
  const { done, total } = story.moved;
  const bar = make("progress", { max: String(Math.max(1, total)), value: String(done) });
  bar.setAttribute("aria-label", texts.say(`page.moving.${story.command === "import" ? "receive" : "send"}`));
  return {
    title: texts.say(`page.moving.${story.command === "import" ? "receive" : "send"}`),
    body: [bar, paragraph(texts, "browser.moving.text"), stop(texts, act)],
  };
}

/** The question, with "no" as easy as "yes". @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function ask(texts, { arrived, peer }, act) {
  return {
    title: texts.say("page.receive.ask"),
    body: [
      make("p", {}, ...sentence(texts, "browser.ask.from", { peer })),
      ...arrived.map((each, at) =>
        each.refused === undefined
          ? fieldsCard(
              texts,
              at,
              each,
              !each.verified && quiet(texts, "browser.ask.unverified"),
              each.name_taken === true && notice("warn", make("p", {}, texts.say("story.item.beside"))),
            )
          : card(make("p", {}, texts.say("page.receive.damaged"))),
      ),
      paragraph(texts, "browser.ask.text"),
      button(texts.say("page.receive.save"), () => act.answer("y"), "main"),
      button(texts.say("page.receive.decline"), () => act.answer("n")),
      quiet(texts, "page.names_unchecked"),
    ],
  };
}

/** Ends that are no failure, or none that anybody can be sure of. */
const TITLES = new Map([
  ["not_confirmed", "page.ended.not_confirmed"],
  ["partial", "page.sent.some.title"],
]);

/** @param {Texts} texts @param {Story} story @returns {Screen} */
function end(texts, story) {
  if (story.end === "well" || story.end === null) return story.command === "import" ? saved(texts, story) : sent(texts, story);
  const { code } = story.end;
  return {
    title: texts.say(TITLES.get(code) || "page.ended.title"),
    body: [
      ...problem(texts, story.end),
      ...savedCards(texts, story),
      ...receiptCards(texts, story),
      ...story.problems.flatMap((each) => problem(texts, each)),
      ...farewell(texts, story),
    ],
  };
}

/** @param {Texts} texts @param {Story} story @returns {Screen} */
const saved = (texts, story) => ({
  title: texts.say("browser.saved.title"),
  body: [
    notice("good", make("p", {}, texts.say("browser.saved.text"))),
    ...savedCards(texts, story),
    ...story.problems.flatMap((each) => problem(texts, each)),
    ...farewell(texts, story),
  ],
});

/** @param {Texts} texts @param {Story} story @returns {Screen} */
const sent = (texts, story) => ({
  title: texts.say("browser.sent.title"),
  body: [
    notice("good", make("p", {}, ...sentence(texts, "browser.sent.text", { peer: story.peer }))),
    ...receiptCards(texts, story),
    ...farewell(texts, story),
  ],
});

/** @param {Texts} texts @param {Story} story */
function savedCards(texts, { arrived, saved: places }) {
  const good = arrived.filter((each) => each.refused === undefined);
  const isEach = good.length === places.length;
  return places.map(({ status, path }, at) =>
    cardOf(
      texts,
      at,
      isEach ? good[at] : undefined,
      make("p", { class: "result" }, texts.say(`browser.saved.${status}`)),
      make("p", { class: "path" }, printable(path, Infinity)),
    ),
  );
}

/** @param {Texts} texts @param {Story} story */
const receiptCards = (texts, { receipt, sending }) =>
  receipt.map(({ status, reason }, at) =>
    cardOf(
      texts,
      at,
      sending[at],
      make("p", { class: "result" }, status === "rejected" ? reasonText(texts, reason) : texts.say(`browser.sent.${status}`)),
    ),
  );

/** @param {Texts} texts @param {string} reason */
function reasonText(texts, reason) {
  if (reason === "declined") return texts.say("browser.sent.declined");
  return texts.say(`page.reason.${reason || "other"}`);
}

/** @param {Texts} texts @param {Problem} found */
function problem(texts, { key, details }) {
  const hint = texts.has(`hint.${key}`) ? texts.say(`hint.${key}`, details) : "";
  return [
    notice("bad", make("p", {}, texts.say(`error.${key}`, details))),
    hint !== "" && make("p", {}, hint),
  ];
}

// --- components ---

/** What became of a certificate; beside what is known of it. @param {Texts} texts @param {number} at @param {Fields | undefined} fields @param {...Child} more */
const cardOf = (texts, at, fields, ...more) =>
  fields === undefined ? card(...more) : fieldsCard(texts, at, fields, ...more);

/** @param {Texts} texts @param {Acts} act */
const stop = (texts, act) => button(texts.say("page.cancel"), act.stop);

/** @param {Story} story */
const notes = ({ notes: said }) => said.map((text) => make("p", { class: "quiet" }, text));

/** @param {Texts} texts @param {Story} story */
const farewell = (texts, story) => [...notes(story), quiet(texts, "browser.close")];

/** Where the certificate goes; in a warning where it leaves. @param {Texts} texts @param {string} command @param {string} peer */
const direction = (texts, command, peer) => {
  const words = make("p", {}, ...sentence(texts, `browser.direction.${command}`, { peer }));
  return command === "export" ? notice("warn", words) : words;
};

/** A certificate, as the program describes it. @param {Texts} texts @param {number} at @param {Fields} fields @param {...Child} more */
function fieldsCard(texts, at, { cn, issuer, serial, not_after: until, state, kind, file = "" }, ...more) {
  const fields = {
    id: String(at),
    cn: cn === null && serial === null ? null : cn || "?",
    files: texts.say(kind === "pkcs12" ? "page.item.pkcs12" : "page.item.sign_pair"),
    ...{ issuer: issuer || "?", serial: serial || "?", state, file },
    notAfter: until === null ? null : Date.parse(until),
  };
  return certificateCard(texts, fields, Date.now(), ...more);
}
