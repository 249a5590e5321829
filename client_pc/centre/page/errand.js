// One command of the program that asks little: what it asks becomes a form, what it tells a result.

import { button, cancelButton } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { passwordForm, submitButton } from "../../../web_phone/ui/forms.js";
import { LineForm, newPasswordForm } from "./fields.js";
import { busy, fault } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./talk.js").TaskEvent} TaskEvent */
/** @typedef {import("../../../web_phone/ui/layout.js").Screen} Screen */
/** @typedef {import("../../../web_phone/ui/dom.js").Child} Child */
/**
 * @typedef {object} Plan what is special about one command
 * @property {string} command
 * @property {() => string} title
 * @property {() => Child[]} about what stands above every question, such as whose certificate it is
 * @property {(begin: (given: string[]) => void) => Screen} [first] the screen before it begins; without one it begins at once
 * @property {string[]} [given] the command's arguments, where it begins at once
 * @property {(task: Task) => Child[]} result what a good end shows
 * @property {(task: Task) => Child[]} [partly] what a bad end shows below what went wrong
 * @property {(task: Task) => Child[] | null} [progress] what is shown while it works
 * @property {(asking: TaskEvent, answer: (line: string) => void) => Screen | null} [asks] a question that only this command asks
 * @property {string} back the place to go to afterwards
 * @property {boolean} [isSame] whether the stock of certificates stays as it is
 */

const PASSWORD = "password";

/** @param {App} app @param {Plan} plan @returns {View} */
export function errand(app, plan) {
  /** @type {Task | null} */
  let task = null;
  let turn = 0;
  let again = "";
  let isBegun = false;
  /** @type {() => void} */
  let silence = () => undefined;

  const begin = async (/** @type {string[]} */ given) => {
    if (isBegun) return;
    isBegun = true;
    turn += 1;
    // Not at once: whoever makes this view has not got it yet.
    await Promise.resolve();
    app.draw();
    const started = await app.start(plan.command, given);
    task = started;
    silence = started.listen((fresh) => {
      if (fresh.some(({ event }) => event === "ask" || event === "end")) turn += 1;
      confirm();
      app.draw();
    });
    await started.ended;
    again = "";
    app.tasks.delete(started.number);
    // What went wrong may be that something has changed under us.
    if (plan.isSame !== true || started.fault !== null) void app.reload();
  };

  /** The program asks a new password twice; the form has both already. */
  const confirm = () => {
    if (task === null || task.asking === null || again === "") return;
    if (task.asking.event === "new_password_wanted") {
      const line = again;
      again = "";
      task.answer(line);
    }
  };

  const cancel = () =>
    cancelButton(app.texts, () => {
      if (task !== null) task.stop();
      app.go(plan.back);
    });

  /** @param {Task} asker @param {TaskEvent} asking @returns {Screen} */
  const question = (asker, asking) => {
    const { texts } = app;
    const answer = (/** @type {string} */ line) => asker.answer(line);
    const own = plan.asks === undefined ? null : plan.asks(asking, answer);
    if (own !== null) return { ...own, actions: [...(own.actions || []), cancel()] };
    const title = plan.title();
    switch (asking.event) {
      case "password_wanted": {
        const wrong = asker.events.filter(({ event }) => event === "password_wrong" || event === "password_wanted").slice(-2, -1);
        const wrongLeft = wrong.some(({ event }) => event === "password_wrong") ? Number(asking["tries_left"]) : null;
        const form = passwordForm(texts, { id: PASSWORD, wrongLeft, help: texts.say("browser.password.stays") }, answer);
        return { title, focus: PASSWORD, body: [...plan.about(), form], actions: [submitButton(PASSWORD, texts.say("page.send.check")), cancel()] };
      }
      case "new_password_wanted": {
        const form = newPasswordForm(texts, asking["rules"] || [], (password, second) => {
          again = second;
          answer(password);
        });
        return { title, focus: "new-password", body: [...plan.about(), form], actions: [submitButton("new-password", texts.say("centre.password.change")), cancel()] };
      }
      default: {
        const isSecret = asking.event !== "address_wanted";
        const [key, mayBeEmpty] = asking.event === "idn_wanted" ? ["idn", false] : ["km", true];
        const form = new LineForm(texts, { id: "line", label: texts.say(`centre.ask.${key}`), help: texts.say(`centre.ask.${key}.help`), isSecret, mayBeEmpty }, answer);
        return { title, focus: "line", body: [...plan.about(), form.element], actions: [submitButton("line", texts.say("browser.choose.next")), cancel()] };
      }
    }
  };

  /** @param {Task} over @returns {Screen} */
  const end = (over) => {
    const { texts } = app;
    const back = button(texts.say("centre.back"), () => app.go(plan.back), over.fault === null ? "main" : "text");
    const title = plan.title();
    if (over.fault === null) return { title, body: [...plan.about(), ...plan.result(over)], actions: [back] };
    const retry = button(texts.say("centre.again"), () => restart(), "main");
    const more = plan.partly === undefined ? [] : plan.partly(over);
    return { title, body: [...plan.about(), ...more, ...fault(texts, over.fault)], actions: [retry, back] };
  };

  const restart = () => {
    silence();
    task = null;
    isBegun = false;
    turn += 1;
    if (plan.first === undefined) void begin(plan.given || []);
    else app.draw();
  };

  if (plan.first === undefined) void begin(plan.given || []);
  return {
    get key() {
      return String(turn);
    },
    left: () => {
      silence();
      // Nobody sees its questions any more.
      if (task !== null && !task.isOver) task.stop();
    },
    screen: () => {
      if (!isBegun && plan.first !== undefined) {
        const first = plan.first((given) => void begin(given));
        return { ...first, body: [...plan.about(), ...first.body], actions: [...(first.actions || []), cancel()] };
      }
      if (task !== null && task.isOver) return end(task);
      if (task !== null && task.asking !== null) return question(task, task.asking);
      const shown = task === null || plan.progress === undefined ? null : plan.progress(task);
      return { title: plan.title(), body: [...plan.about(), ...(shown || []), make("div", {}, busy(app.texts))], actions: [cancel()] };
    },
  };
}
