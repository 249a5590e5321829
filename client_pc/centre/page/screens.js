// The screens of the PC: each a pure function of texts and story; what a click does is handed in.
//
// Long because it is a list of screens, each a few lines.

import { printable } from "../../../web_phone/core/safe_text.js";
import { MAX_ITEMS } from "../../../web_phone/core/limits.js";
import { make } from "../../../web_phone/ui/dom.js";
import { NUMBER, NUMBER_HELP, numberForm, passwordForm, submitButton } from "../../../web_phone/ui/forms.js";
import {
  bigNumber, button, cancelButton, card, certificateCard, check, disclosure, notice, paragraph, quiet, route, sentence,
} from "../../../web_phone/ui/components.js";
import { drawing } from "../../../web_phone/ui/drawings.js";
import { drawCode } from "./code.js";
import { isAsked } from "./story.js";

/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */
/** @typedef {import("../../../web_phone/ui/layout.js").Screen} Screen */
/** @typedef {import("./story.js").Story} Story */
/** @typedef {import("./story.js").Fields} Fields */
/** @typedef {import("./story.js").Problem} Problem */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */
/**
 * @typedef {object} Acts
 * @property {(line: string) => void} answer
 * @property {() => void} code
 * @property {() => void} stop
 * @property {() => Child[]} farewell what stands at the end
 */

export const TIME_LEFT = "time-left";
export const PASSWORD = "password";
export const TYPED_CODE = "typed-code";

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
export function screenOf(texts, story, act) {
  return SCREENS[story.place](texts, story, act);
}

/** @type {Record<import("./story.js").Place, (texts: Texts, story: Story, act: Acts) => Screen>} */
const SCREENS = { preparing, working, choose, password, scan, paired, number, typing, moving, ask, end };

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function preparing(texts, story, act) {
  const body = [drawing("connecting"), ...notes(story)];
  return { title: texts.say("browser.preparing.title"), step: 1, body, actions: [stop(texts, act)] };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function working(texts, story, act) {
  const step = story.step === "" && story.peer === "" ? 1 : 4;
  return { title: texts.say("browser.working.title"), step, body: [drawing("connecting")], actions: [stop(texts, act)] };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function choose(texts, { choice, chosen }, act) {
  const next = button(texts.say("browser.choose.next"), () => act.answer([...chosen].join(" ")), "main");
  const count = () => {
    next.disabled = chosen.size === 0 || chosen.size > MAX_ITEMS;
  };
  count();
  const late = (/** @type {Fields} */ each) => Number(each.state === "expired");
  const cards = [...choice].sort((one, other) => late(one) - late(other)).map((each) => {
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
    step: 2,
    body: [...cards, quiet(texts, "browser.choose.text", { most: MAX_ITEMS }), quiet(texts, "browser.original_stays")],
    actions: [next, stop(texts, act)],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function password(texts, { sending, wrongLeft }, act) {
  return {
    title: texts.say("browser.password.title"),
    step: 2,
    focus: PASSWORD,
    body: [
      ...sending.slice(-1).map((each) => fieldsCard(texts, 0, each)),
      passwordForm(texts, { id: PASSWORD, wrongLeft, help: texts.say("browser.password.stays") }, act.answer),
    ],
    actions: [submitButton(PASSWORD, texts.say("page.send.check")), stop(texts, act)],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function scan(texts, story, act) {
  const { code, command, renewed } = story;
  if (code === null) return working(texts, story, act);
  const inApp = story.appsOnly ? "app." : "";
  return {
    title: texts.say(`browser.scan.${inApp}title`),
    step: 1,
    body: [
      renewed !== "" && notice("warn", make("p", {}, texts.say(`pc.renewed.${renewed}`))),
      ...notes(story),
      ...typedCode(texts, story),
      make(
        "div",
        { class: "scan" },
        make(
          "div",
          {},
          drawCode(code.rows, texts.say(`browser.scan.${inApp}picture`)),
          make("p", { class: "countdown", role: "timer", id: TIME_LEFT }),
        ),
        make(
          "div",
          {},
          paragraph(texts, `browser.scan.${command}`),
          make(
            "ol",
            { class: "to-do" },
            code.isLocal && make("li", {}, texts.say("browser.scan.network")),
            ...howToScan(story).map((key) => make("li", {}, texts.say(key))),
          ),
          story.appsOnly && notice("warn", make("p", {}, texts.say("browser.scan.app.why"))),
          quiet(texts, "browser.scan.once"),
          // Not among the actions: these stand over the QR code in a small window.
          story.typed === null && button(texts.say("browser.code.show"), act.code),
        ),
      ),
    ],
    actions: [stop(texts, act)],
  };
}

/** What the person does with the QR code. @param {Story} story */
const howToScan = ({ appsOnly }) => (appsOnly ? ["browser.scan.app"] : ["browser.scan.camera", "browser.scan.link"]);

/** The digits to type at the other device, on the person's wish. @param {Texts} texts @param {Story} story */
function typedCode(texts, { typed, isTyped, untyped }) {
  if (untyped !== "") return [notice("warn", make("p", {}, texts.say(`pc.code.unavailable.${untyped}`)))];
  if (typed === null) return isTyped ? [notice("warn", make("p", {}, texts.say("pc.code.entered")))] : [];
  return [
    card(
      make("p", {}, texts.say(typed.isNew ? "pc.code.renewed" : "pc.code.title")),
      make(
        "p",
        { class: "big-number typed-code", id: TYPED_CODE },
        make("span", { "aria-hidden": "true" }, typed.code),
        make("span", { class: "visually-hidden" }, Array.from(typed.code.split(" ").join("")).join(" ")),
      ),
      make("p", {}, texts.say("pc.code.address")),
      make("p", { class: "big-number typed-code" }, typed.address),
      quiet(texts, "browser.code.where", { address: typed.address }),
      notice("warn", make("p", {}, texts.say("browser.code.warning"))),
    ),
  ];
}

/** The drawing of what goes where. @param {Story} story */
const way = ({ command, isPc }) => (isPc ? "between_pcs" : command === "import" ? "send" : "receive");

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function paired(texts, story, act) {
  const { command } = story;
  return {
    title: texts.say(of("browser.paired.title", story)),
    step: command === "import" ? 2 : 3,
    route: direction(texts, story),
    body: [
      drawing(way(story)),
      paragraph(texts, of("browser.paired.text", story)),
      help(texts),
    ],
    actions: [stop(texts, act)],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function number(texts, story, act) {
  return {
    title: texts.say(of("browser.number.title", story)),
    step: 3,
    route: direction(texts, story),
    body: [
      bigNumber(story.number),
      notice("warn", make("p", {}, texts.say(of("browser.number.warning", story)))),
      help(texts),
    ],
    actions: [stop(texts, act)],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function typing(texts, story, act) {
  return {
    title: texts.say(of("browser.typing.title", story)),
    step: 3,
    focus: NUMBER,
    route: direction(texts, story),
    body: [
      make("div", { id: NUMBER_HELP }, notice("warn", make("p", {}, texts.say(of("browser.typing.warning", story))))),
      numberForm(texts, story.wrongLeft, act.answer),
    ],
    after: help(texts),
    actions: [submitButton(NUMBER, texts.say("page.number.send")), stop(texts, act)],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function moving(texts, story, act) {
  // What the phone asks its person is the next thing to do, so it has the screen for itself.
  if (isAsked(story)) return asked(texts, story, act);
  const { done, total } = story.moved;
  const bar = make("progress", { max: String(Math.max(1, total)), value: String(done) });
  bar.setAttribute("aria-label", texts.say(`page.moving.${story.command === "import" ? "receive" : "send"}`));
  return {
    title: texts.say(`page.moving.${story.command === "import" ? "receive" : "send"}`),
    step: 4,
    route: direction(texts, story),
    body: [drawing(way(story)), bar, !story.isPc && paragraph(texts, "browser.moving.text")],
    actions: [stop(texts, act)],
  };
}

/** The phone asks its person, or saves. @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
const asked = (texts, story, act) => ({
  title: texts.say(of(`browser.moving.${story.step}`, story)),
  step: 4,
  route: direction(texts, story),
  body: [
    drawing(way(story)),
    story.step === "asking" && paragraph(texts, of("browser.moving.asking_text", story)),
    !story.isPc && paragraph(texts, "browser.moving.text"),
  ],
  actions: [stop(texts, act)],
});

/** The question, with "no" as easy as "yes". @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function ask(texts, story, act) {
  return {
    title: texts.say("page.receive.ask"),
    step: 4,
    route: direction(texts, story),
    body: [
      ...story.arrived.map((each, at) =>
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
      paragraph(texts, of("browser.ask.text", story)),
      help(texts),
    ],
    actions: [
      button(texts.say("page.receive.save"), () => act.answer("y"), "main"),
      button(texts.say("page.receive.decline"), () => act.answer("n")),
    ],
  };
}

/** Ends that are no failure, or none that anybody can be sure of. */
const TITLES = new Map([
  ["not_confirmed", "page.ended.not_confirmed"],
  ["unconfirmed", "page.unconfirmed.title"],
  ["cancelled", "page.ended.cancelled"],
  ["interrupted", "page.ended.cancelled"],
  ["declined", "page.ended.declined"],
  ["partial", "page.sent.some.title"],
]);

/** Ends that are nobody's fault. @type {Map<string, import("../../../web_phone/ui/components.js").Tone>} */
const TONES = new Map([
  ["not_confirmed", "warn"],
  ["unconfirmed", "warn"],
  ["partial", "warn"],
  ["left", "warn"],
  ["grace", "warn"],
  ["page_closed", "plain"],
  ["cancelled", "plain"],
  ["interrupted", "plain"],
  ["declined", "plain"],
  ["timeout", "plain"],
  ["no_answer", "plain"],
  ["renewals_used_up", "plain"],
]);

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
function end(texts, story, act) {
  if (story.end === "well" || story.end === null) return story.command === "import" ? saved(texts, story, act) : sent(texts, story, act);
  const { code } = story.end;
  const tone = TONES.get(code) || "bad";
  return {
    title: texts.say(TITLES.get(code) || "page.ended.title"),
    body: [
      make("div", { class: `tone ${tone}` }, drawing(tone === "bad" ? "fault" : tone === "warn" ? "unsure" : "stopped")),
      ...problem(texts, story, story.end, tone),
      ...savedCards(texts, story),
      ...receiptCards(texts, story),
      ...story.problems.flatMap((each) => problem(texts, story, each)),
      ...farewell(story, act),
    ],
  };
}

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
const saved = (texts, story, act) => ({
  title: texts.say("browser.saved.title"),
  step: 5,
  body: [
    make("div", { class: "tone good" }, drawing("on_pc")),
    paragraph(texts, "browser.saved.text"),
    ...savedCards(texts, story),
    ...story.problems.flatMap((each) => problem(texts, story, each)),
    ...farewell(story, act),
  ],
});

/** @param {Texts} texts @param {Story} story @param {Acts} act @returns {Screen} */
const sent = (texts, story, act) => ({
  title: texts.say("browser.sent.title"),
  step: 5,
  body: [
    make("div", { class: "tone good" }, drawing(story.isPc ? "on_pc" : "on_phone")),
    make("p", {}, ...sentence(texts, of("browser.sent.text", story), { peer: story.peer })),
    ...receiptCards(texts, story),
    ...farewell(story, act),
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
const receiptCards = (texts, story) =>
  story.receipt.map(({ status, reason }, at) =>
    cardOf(
      texts,
      at,
      story.sending[at],
      make(
        "p",
        { class: "result" },
        status === "rejected" ? reasonText(texts, story, reason) : texts.say(of(`browser.sent.${status}`, story)),
      ),
    ),
  );

/** @param {Texts} texts @param {Story} story @param {string} reason */
function reasonText(texts, story, reason) {
  if (reason === "declined") return texts.say(of("browser.sent.declined", story));
  return texts.say(`page.reason.${reason || "other"}`);
}

/** Ends after which the last line of the page says all that there is to do. */
const OVER = ["cancelled", "interrupted"];

/**
 * What happened and what to do, as this page says it: elsewhere the hints speak of command lines.
 * @param {Texts} texts
 * @param {Story} story
 * @param {Problem} found
 * @param {import("../../../web_phone/ui/components.js").Tone} [tone]
 */
function problem(texts, { command, isPc }, { key, details }, tone = "bad") {
  const ways = [...(isPc ? [] : [`.${command}.phone`, ".phone"]), `.${command}`, ""];
  const said = (/** @type {string} */ what) =>
    [...ways.map((way) => `browser.${what}.${key}${way}`), `${what}.${key}`].find((each) => texts.has(each));
  const error = said("error") || `error.${key}`;
  const hint = OVER.includes(key) ? undefined : said("hint");
  return [
    notice(tone, make("p", {}, texts.say(error, details))),
    hint !== undefined && make("p", {}, texts.say(hint, details)),
  ];
}

// --- components ---

/** What became of a certificate; beside what is known of it. @param {Texts} texts @param {number} at @param {Fields | undefined} fields @param {...Child} more */
const cardOf = (texts, at, fields, ...more) =>
  fields === undefined ? card(...more) : fieldsCard(texts, at, fields, ...more);

/** @param {Texts} texts @param {Acts} act */
const stop = (texts, act) => cancelButton(texts, act.stop);

/** @param {Texts} texts */
const help = (texts) => disclosure("help", texts.say("page.help"), quiet(texts, "page.names_unchecked"));

/** @param {Story} story */
const notes = ({ notes: said }) => said.map((text) => make("p", { class: "quiet" }, text));

/** @param {Story} story @param {Acts} act */
const farewell = (story, { farewell: own }) => [...notes(story), ...own()];

/** Sentences that are others where the other device is a PC too. */
const OF_PCS = new Set([
  ...["ask.text", "direction.export", "direction.import", "number.title", "number.warning", "paired.text", "paired.title"],
  ...["moving.asking", "moving.asking_text", "moving.saving"],
  ...["sent.declined", "sent.duplicate", "sent.text", "typing.title", "typing.warning"],
]);

/** The key of a sentence about the other device. @param {string} key @param {Story} story */
const of = (key, { isPc }) => (isPc && OF_PCS.has(key.replace("browser.", "")) ? `${key}.other_pc` : key);

/** From which device to which. @param {Texts} texts @param {Story} story */
function direction(texts, story) {
  const { command, peer } = story;
  const pc = { device: /** @type {const} */ ("pc"), name: texts.say("browser.route.pc") };
  const other = { device: /** @type {"pc" | "phone"} */ (story.isPc ? "pc" : "phone"), name: peer };
  const said = texts.say(of(`browser.direction.${command}`, story), { peer });
  return command === "import" ? route(other, pc, said) : route(pc, other, said);
}

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
