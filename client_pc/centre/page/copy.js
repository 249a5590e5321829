// 가져오기 · 보내기: a copy between two devices, which the centre has begun or a terminal.  Its screens
// are in screens.js; what is here is what comes before them, and after the end.

import { after, beginning, isAsked } from "./story.js";
import { screenOf } from "./screens.js";
import { textKey } from "../../../web_phone/core/errors.js";
import { button, cancelButton, notice, paragraph, quiet } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { drawing } from "../../../web_phone/ui/drawings.js";
import { CODE, CODE_HELP, codeForm, submitButton } from "../../../web_phone/ui/forms.js";
import { doors } from "./doors.js";
import { LineForm } from "./fields.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./talk.js").TaskEvent} TaskEvent */
/** @typedef {import("../../../web_phone/ui/layout.js").Screen} Screen */
/** @typedef {import("./story.js").Story} Story */

/** What `join` asks before a story begins. */
const BEFORE = ["address_wanted", "code_wanted", "go_on_wanted"];

/** @param {App} app @returns {View} */
export function copy(app) {
  const task = app.copy;
  if (task === undefined) return nothing(app);
  let story = after(beginning(), { event: "begin", command: task.command === "export" ? "export" : "import" }, performance.now());
  /** An error is one on the way if something comes behind it, and else the end. @type {TaskEvent | null} */
  let error = null;
  const take = (/** @type {TaskEvent} */ event) => {
    if (error !== null && event.event !== "end") story = after(story, problem(error), performance.now());
    error = event.event === "error" ? event : null;
    if (error === null) story = after(story, asStory(event), performance.now());
  };
  const end = task.listen((fresh) => {
    fresh.forEach(take);
    app.draw();
  });
  const timer = setInterval(() => count(app, story), 1000);

  const acts = {
    answer: task.answer.bind(task),
    code: task.code.bind(task),
    stop: task.stop.bind(task),
    farewell: () => farewell(app, task, story),
  };
  return {
    get key() {
      const { asking } = task;
      return `${task.number} ${story.turn} ${asking === null ? "" : asking.event}`;
    },
    get isWide() {
      return story.place === "scan";
    },
    left: () => {
      end();
      clearInterval(timer);
    },
    screen: () => {
      const { asking } = task;
      const isBefore = asking !== null && BEFORE.includes(asking.event);
      const screen = isBefore ? beforehand(app, task, asking) : screenOf(app.texts, story, acts);
      setTimeout(() => count(app, story), 0);
      return screen;
    },
    news: () => {
      const { step, connection } = story;
      const other = story.isPc ? "other_pc" : "phone";
      const peer = step === "" || isAsked(story) ? "" : app.texts.say(`story.step.${step}.${other}`);
      const text = connection === null ? "" : app.texts.say(connection.key, connection.values);
      return { peer, connection: text, kind: connection === null ? "warn" : connection.kind };
    },
  };
}

/** The time that the QR code has left. @param {App} app @param {Story} story */
function count(app, { code }) {
  const place = document.getElementById("time-left");
  if (place === null || code === null) return;
  const left = Math.max(0, Math.round((code.until - performance.now()) / 1000));
  const shown = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  place.textContent = app.texts.say("browser.scan.left", { left: shown });
}

/** An event of a task, as the story has it. @param {TaskEvent} event @returns {TaskEvent} */
function asStory(event) {
  switch (event.event) {
    case "found":
      return { event: "begin", command: event.direction };
    case "failed":
      return problem(event);
    case "end":
      return event.code === null ? { event: "end" } : { event: "end", code: event.code, key: textKey(event.code), details: event.details || {} };
    default:
      return event;
  }
}

/** What went wrong on the way. @param {TaskEvent} event @returns {TaskEvent} */
const problem = ({ event: _, code, text: __, ...details }) => ({ event: "problem", code, key: textKey(code), details: details["details"] || details });

/** No copy runs: the ways to begin one. @param {App} app @returns {View} */
const nothing = (app) => ({
  key: "",
  screen: () => ({ title: app.texts.say("centre.copy.none"), body: [doors(app)] }),
});

/** Before the two devices know of each other. @param {App} app @param {Task} task @param {TaskEvent} asking @returns {Screen} */
function beforehand({ texts }, task, asking) {
  const stop = cancelButton(texts, () => task.stop());
  if (asking.event === "code_wanted") {
    const refused = task.last("code_refused");
    const wrong = refused === undefined ? [] : [texts.error(String(refused["code"])), texts.say("centre.join.left", { left: Number(refused["tries_left"]) })];
    const form = codeForm(texts, wrong, (typed) => {
      task.answer(typed);
      return [];
    });
    return {
      title: texts.say("centre.join.code"),
      step: 1,
      focus: CODE,
      body: [make("div", { id: CODE_HELP }, notice("warn", make("p", {}, texts.say("browser.code.warning")))), form],
      actions: [submitButton(CODE, texts.say("browser.choose.next")), stop],
    };
  }
  if (asking.event === "address_wanted") {
    const form = new LineForm(texts, { id: "address", label: texts.say("centre.join.address"), help: texts.say("centre.join.address.help") }, (line) => task.answer(line));
    return { title: texts.say("centre.join.address.title"), step: 1, focus: "address", body: [form.element], actions: [submitButton("address", texts.say("browser.choose.next")), stop] };
  }
  const found = task.last("found");
  const direction = found === undefined ? "import" : String(found["direction"]);
  return {
    title: texts.say(`centre.join.${direction}`),
    step: 1,
    body: [
      drawing("between_pcs"),
      found !== undefined && paragraph(texts, `centre.join.original.${found["original"]}`),
      notice("warn", make("p", {}, texts.say("browser.code.warning"))),
    ],
    actions: [button(texts.say("centre.join.go_on"), () => task.answer("y"), "main"), button(texts.say("centre.no"), () => task.answer("n"), "text")],
  };
}

/** What can be done after the end. @param {App} app @param {Task} task @param {Story} story */
function farewell(app, task, { saved, end }) {
  const { texts } = app;
  const folders = saved.filter(({ status }) => status === "stored" || status === "duplicate");
  return [
    ...folders.slice(0, 1).map(({ path }) => button(texts.say("centre.open_folder"), () => void app.talk.open(path).catch(() => undefined))),
    button(texts.say(end === "well" ? "centre.copy.more" : "centre.copy.again"), () => void app.beginCopy(/** @type {"import"} */ (task.command))),
    button(texts.say("centre.menu.home"), () => app.go(""), "text"),
  ];
}

/** 다른 PC: which of the two PCs shows the code. @param {App} app @returns {View} */
export const otherPc = (app) => ({
  key: "",
  screen: () => {
    const { texts } = app;
    return {
      title: texts.say("centre.pc.title"),
      body: [
        drawing("between_pcs"),
        paragraph(texts, "centre.pc.text"),
        button(texts.say("centre.pc.join"), () => void app.beginCopy("join"), "main"),
        button(texts.say("centre.pc.import"), () => void app.beginCopy("import", ["--code"])),
        button(texts.say("centre.pc.export"), () => void app.beginCopy("export", ["--code"])),
        quiet(texts, "centre.pc.hint"),
      ],
    };
  },
});

