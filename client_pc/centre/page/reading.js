// A screen that shows what one command tells, without a question.

import { button } from "../../../web_phone/ui/components.js";
import { busy, fault } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */

/**
 * @param {App} app
 * @param {string} command
 * @param {string} title the key of its title
 * @param {(task: Task) => Child[]} draw what is told so far
 * @param {{given?: string[], shows?: boolean, endsWell?: (code: string) => boolean}} [options] `given`: the command's arguments; `shows`: while it is still told; `endsWell`: errors that are no failure of the command
 * @returns {View}
 */
export function reading(app, command, title, draw, { given = [], shows = false, endsWell = () => false } = {}) {
  /** @type {Task | null} */
  let task = null;
  let turn = 0;
  /** @type {() => void} */
  let silence = () => undefined;
  const begin = async () => {
    const started = await app.start(command, given);
    task = started;
    if (shows) silence = started.listen(() => app.draw());
    await started.ended;
    app.tasks.delete(started.number);
    app.draw();
  };
  void begin();
  return {
    get key() {
      return String(turn);
    },
    isWide: true,
    left: () => {
      silence();
      if (task !== null && !task.isOver) task.stop();
    },
    screen: () => {
      const { texts } = app;
      const isReady = task !== null && task.isOver;
      const wrong = task === null || task.fault === null || endsWell(task.fault.code) ? null : task.fault;
      return {
        title: texts.say(title),
        body: [
          ...(task !== null && (isReady || shows) && wrong === null ? draw(task) : []),
          !isReady && busy(texts),
          ...(wrong === null ? [] : [...fault(texts, wrong), button(texts.say("centre.again"), () => {
            task = null;
            turn += 1;
            app.draw();
            void begin();
          })]),
        ],
      };
    },
  };
}
