// 휴대폰으로 시험: a QR code that opens a test page only, and proves that the phone reaches this PC.

import { button, notice } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { drawing } from "../../../web_phone/ui/drawings.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { drawCode } from "./code.js";
import { busy, fault, heading, way } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */

/** Why a phone does not come, the most usual first. */
const REASONS = ["network", "guest", "firewall"];

/** @param {App} app @returns {View} */
export function phoneTest(app) {
  /** @type {Task | null} */
  let task = null;
  let turn = 0;
  let isLeft = false;
  /** @type {() => void} */
  let silence = () => undefined;

  const begin = async () => {
    const started = await app.start("doctor", ["--phone"]);
    if (isLeft) return started.stop();
    task = started;
    silence = started.listen(() => app.draw());
    await started.ended;
    app.tasks.delete(started.number);
    app.draw();
  };
  const again = () => {
    silence();
    task = null;
    turn += 1;
    app.draw();
    void begin();
  };
  void begin();
  return {
    // What is over is a new screen, which a screen reader is told.
    get key() {
      return `${turn} ${task !== null && task.isOver}`;
    },
    isWide: true,
    left: () => {
      isLeft = true;
      silence();
      if (task !== null && !task.isOver) task.stop();
    },
    screen: () => {
      const { texts } = app;
      const back = way(texts.say("centre.menu.health"), "#/health", "text");
      const retry = button(texts.say("centre.phone_test.again"), again);
      return { title: texts.say("centre.phone_test"), body: shown(app, task), actions: task !== null && task.isOver ? [retry, back] : [back] };
    },
  };
}

/** @param {App} app @param {Task | null} task @returns {Child[]} */
function shown({ texts }, task) {
  if (task === null) return [busy(texts)];
  const reached = task.last("reached");
  if (reached !== undefined) {
    const address = printable(String(reached["address"]));
    return [
      make("div", { class: "tone good" }, drawing("on_pc")),
      notice("good", make("p", { role: "status" }, texts.say("centre.phone_test.done"))),
      make("p", { class: "quiet" }, texts.say("centre.phone_test.from", { address })),
    ];
  }
  if (task.fault !== null) {
    const isLate = task.fault.code === "phone_not_seen";
    return [...fault(texts, task.fault), ...(isLate ? reasons(texts) : [])];
  }
  const code = task.last("waiting");
  const rows = code === undefined ? undefined : code["rows"];
  if (rows === undefined) return [busy(texts)];
  return [
    make("p", {}, texts.say("centre.phone_test.steps")),
    drawCode(rows, texts.say("centre.phone_test.picture")),
    busy(texts, "centre.phone_test.waiting"),
    ...reasons(texts),
  ];
}

/** What to do where nothing comes. @param {import("../../../web_phone/ui/texts.js").Texts} texts */
const reasons = (texts) => [
  heading(texts.say("centre.phone_test.nothing")),
  make("ul", {}, ...REASONS.map((each) => make("li", {}, texts.say(`centre.phone_test.todo.${each}`)))),
];
