// 연결 점검: the usual reasons for which a copy fails, as lights, each with what to do.

import { quiet, wellDone } from "../../../web_phone/ui/components.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { make } from "../../../web_phone/ui/dom.js";
import { way } from "./parts.js";
import { reading } from "./reading.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./talk.js").TaskEvent} TaskEvent */

/** What only a terminal is asked about. */
const ELSEWHERE = ["terminal"];
/** @type {Record<string, string>} */
const MARKS = { good: "✓", note: "!", bad: "✗" };

/** @param {App} app @returns {View} */
export const health = (app) =>
  reading(
    app,
    "doctor",
    "centre.menu.health",
    (task) => {
      const checks = task.of("check").filter(({ check }) => !ELSEWHERE.includes(String(check)));
      const isWell = task.isOver && checks.every(({ state }) => state !== "bad");
      return [
        quiet(app.texts, "centre.health.text"),
        make("p", { class: "ways" }, way(app.texts.say("centre.phone_test"), "#/health/phone")),
        isWell && wellDone(app.texts.say("doctor.well")),
        make("ul", { class: "findings" }, ...checks.map((each) => light(app, each))),
      ];
    },
    { shows: true, endsWell: (code) => code === "unwell" },
  );

/** @param {App} app @param {TaskEvent} event */
function light({ texts }, { check, state, code, remedy, values = {} }) {
  const says = code === "" ? [`doctor.${check}.${state}`, `doctor.${check}`] : [`doctor.${check}.${code}`, `error.${code}`, `doctor.${check}`];
  const key = says.find((each) => texts.has(each));
  const todo = remedy === null ? undefined : [`centre.remedy.${remedy}`, `remedy.${remedy}`, `hint.${code}`].find((each) => texts.has(each));
  return make(
    "li",
    { class: `finding ${state}` },
    make("span", { class: "mark", "aria-hidden": "true" }, MARKS[state] || "–"),
    make(
      "span",
      {},
      make("span", { class: "finding-what" }, key === undefined ? printable(String(check)) : texts.say(key, values)),
      make("span", { class: "visually-hidden" }, ` ${texts.say(`health.${state}`)}`),
      todo !== undefined && make("span", { class: "finding-todo" }, texts.say(todo, values)),
    ),
  );
}
