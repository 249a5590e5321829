// What stands around every screen: name and language, the four steps, what the connection and
// the other device do, the screen itself, and the bar with its buttons and the clock.

import { fill, make } from "./dom.js";
import { icon } from "./drawings.js";
import { OWN_NAMES } from "./texts.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./dom.js").Child} Child */
/**
 * @typedef {object} Screen
 * @property {string} title what to do now
 * @property {Child} [route] from which device to which
 * @property {Child[]} body
 * @property {Child} [after] what stands below the bar
 * @property {Child[]} [actions] the bar: one filled button, then the quieter ones
 * @property {0 | 1 | 2 | 3 | 4 | 5} [step] the step that the person is at; 5 when all four are done, 0 for none
 * @property {string} [focus] the id of the field that takes the focus
 */

const STEPS = ["connect", "choose", "number", "done"];
/** Milliseconds in which a second tap belongs to the first: the systems allow 300 to 500. */
const SETTLE_MS = 400;
/** Milliseconds in which a tap's click follows the finger that has left. */
const CLICK_MS = 100;
/** Seconds that are left when the person is told once that time runs out. */
const SOON_S = 20;

export class Layout {
  /**
   * @param {HTMLElement} root
   * @param {(language: string) => void} onLanguage
   * @param {string} [name] the key of the page's name
   */
  constructor(root, onLanguage, name = "page.name") {
    this._root = root;
    this._key = name;
    this._name = make("p", { class: "name" });
    this._language = make("button", { type: "button", class: "language", onclick: () => onLanguage(this._other) });
    this._other = "en";
    this._steps = make("ol", { class: "steps" });
    this._connection = make("div", { role: "status" });
    this._peer = make("div", { role: "status" });
    this._alert = make("div", { role: "alert" });
    this._content = make("div", { class: "content" });
    this._timer = make("p", { class: "clock", role: "timer" });
    this._prolong = make("button", { type: "button", class: "text" });
    this._clock = make("div", { class: "clock-row", hidden: true }, this._timer, this._prolong);
    this._actions = make("div", { class: "actions" });
    this._after = make("div");
    this._bar = make("div", { class: "bar" }, this._clock, this._actions);
    this._isGoodNews = false;
    this._step = 0;
    this._settledAt = 0;
    this._wasSoon = false;
    this._isPressed = false;
    /** What is drawn as soon as nothing is pressed. @type {Screen | null} */
    this._held = null;
    /** @type {Texts | null} */
    this._texts = null;
    const top = make("div", { class: "top" }, this._name, this._language);
    const header = make("header", {}, top, this._steps);
    const main = make("main", {}, this._content, this._bar, this._after);
    root.addEventListener("click", onlyWhereItBegan(), true);
    this._watchPresses();
    fill(root, header, this._connection, this._peer, this._alert, main);
  }

  /** @param {Texts} texts */
  speak(texts) {
    this._texts = texts;
    this._other = texts.language === "ko" ? "en" : "ko";
    document.documentElement.lang = texts.language;
    document.title = texts.say(this._key);
    this._name.textContent = document.title;
    this._language.textContent = OWN_NAMES[this._other];
    this._language.lang = this._other;
    this._prolong.textContent = texts.say("page.clock.prolong");
    this._steps.setAttribute("aria-label", texts.say("page.steps"));
    this._drawSteps();
  }

  /**
   * Show a screen.  A new one takes the focus, so that it is read out: its field, or its title.
   * The same one drawn again waits until nothing is pressed: a button that is replaced between
   * press and release would never be clicked.
   * @param {Screen} screen
   * @param {boolean} isNew
   */
  show(screen, isNew) {
    this._held = null;
    if (!isNew && this._isPressed) this._held = screen;
    else this._draw(screen, isNew);
  }

  _watchPresses() {
    let turn = 0;
    const set = (/** @type {boolean} */ isPressed) => {
      this._isPressed = isPressed;
      if (!isPressed && this._held !== null) this.show(this._held, false);
    };
    this._root.addEventListener("pointerdown", ({ isPrimary, button }) => {
      if (!isPrimary || button !== 0) return;
      turn += 1;
      set(true);
    });
    const release = () => {
      const own = turn;
      setTimeout(() => own === turn && set(false), CLICK_MS);
    };
    // What the click itself changes is seen at once.
    this._root.addEventListener("click", () => (this._isPressed = false), true);
    addEventListener("pointerup", release);
    addEventListener("pointercancel", release);
    // Released where the page does not see it: outside the window, or in a menu of the system.
    addEventListener("pointermove", ({ buttons }) => this._isPressed && buttons === 0 && release());
  }

  /** @param {Screen} screen @param {boolean} isNew */
  _draw({ title, route = null, body, actions = [], after = null, step = 0, focus = "" }, isNew) {
    const heading = make("h1", { tabindex: "-1" }, title);
    const restore = isNew ? () => undefined : remember(this._root);
    fill(this._content, heading, route, ...body);
    fill(this._actions, ...actions);
    fill(this._after, after);
    // A bar that stays in sight would lie between a field and the keyboard.
    this._root.classList.toggle("has-field", focus !== "");
    this._bar.hidden = actions.length === 0;
    this._step = step;
    this._drawSteps();
    restore();
    if (isNew) this._settledAt = performance.now() + SETTLE_MS;
    this._hold(this._settledAt - performance.now());
    if (!isNew) return;
    this.warn("");
    if (this._isGoodNews) this.connection("");
    scrollTo(0, 0);
    const field = focus === "" ? null : document.getElementById(focus);
    if (field === null) heading.focus({ preventScroll: true });
    else this._enter(field);
  }

  /**
   * Keep the buttons of a new screen from acting at once: the second tap of a double tap would
   * answer a question that nobody has read yet.
   * @param {number} ms
   */
  _hold(ms) {
    if (ms <= 0) return;
    // A form's own button stays: an empty field is refused, and Enter needs it.
    const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (this._actions.querySelectorAll("button[type=button]"));
    const held = Array.from(buttons).filter((each) => !each.disabled);
    const set = (/** @type {boolean} */ isHeld) => {
      for (const each of held) {
        each.disabled = isHeld;
        each.classList.toggle("held", isHeld);
      }
    };
    set(true);
    setTimeout(() => set(false), ms);
  }

  /** Let the person type: the field and the button below it come into view. @param {HTMLElement} field */
  _enter(field) {
    field.focus({ preventScroll: true });
    this._actions.scrollIntoView({ block: "nearest" });
    field.scrollIntoView({ block: "nearest" });
  }

  _drawSteps() {
    const texts = this._texts;
    this._steps.hidden = this._step === 0;
    if (texts === null) return;
    const items = STEPS.map((name, at) => {
      const isDone = at + 1 < this._step;
      return make(
        "li",
        { class: isDone ? "done" : "", "aria-current": at + 1 === this._step ? "step" : false },
        make("span", { class: "dot" }, isDone ? icon("tick") : String(at + 1)),
        make("span", { class: "step-name" }, texts.say(`page.steps.${name}`)),
      );
    });
    fill(this._steps, ...items);
  }

  /**
   * Show how much time is left; null for no clock.
   * @param {{left: number, prolong: (() => void) | null} | null} clock `left` in seconds
   */
  clock(clock) {
    this._clock.hidden = clock === null;
    if (clock === null || this._texts === null) {
      this._wasSoon = false;
      return;
    }
    const left = Math.max(0, Math.ceil(clock.left));
    const shown = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    this._timer.textContent = this._texts.say("page.clock", { left: shown });
    this._prolong.hidden = clock.prolong === null;
    this._prolong.onclick = clock.prolong;
    const isSoon = left <= SOON_S;
    this._timer.classList.toggle("soon", isSoon);
    if (isSoon && !this._wasSoon) this._timer.setAttribute("role", "alert");
    else if (!isSoon) this._timer.setAttribute("role", "timer");
    this._wasSoon = isSoon;
  }

  /** Say how the connection is; empty for well. @param {string} text @param {"warn" | "good"} [kind] */
  connection(text, kind = "warn") {
    this._isGoodNews = kind === "good";
    say(this._connection, text, kind);
  }

  /** Say what the other person is doing; empty for nothing. @param {string} text */
  peer(text) {
    say(this._peer, text, "plain");
  }

  /** Say at once what is wrong; empty for nothing. @param {string} text */
  warn(text) {
    say(this._alert, text, "bad");
    if (text !== "") this._alert.scrollIntoView({ block: "nearest" });
  }
}

/**
 * A second tap in a row counts only for what the first one met: a screen that changed in between
 * has another button there, and nobody has seen it yet.
 */
function onlyWhereItBegan() {
  /** @type {EventTarget | null} */
  let first = null;
  return (/** @type {MouseEvent} */ event) => {
    if (event.detail <= 1) first = event.target;
    else if (event.target !== first) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
}

/** @param {HTMLElement} place @param {string} text @param {string} kind */
function say(place, text, kind) {
  if (text === "") fill(place);
  else fill(place, make("div", { class: `notice ${kind}` }, make("p", {}, text)));
}

/** Keep what is typed, what is open and the focus over a drawing of the same screen. @param {HTMLElement} root */
function remember(root) {
  const inputs = Array.from(root.querySelectorAll("input[id]"));
  const typed = new Map(inputs.map((each) => [each.id, /** @type {HTMLInputElement} */ (each).value]));
  const open = Array.from(root.querySelectorAll("details[open][id]"), ({ id }) => id);
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  // The title takes the focus once: every time that it got it, it would be read out again.
  const place = focused === null || focused.tabIndex < 0 ? -1 : alike(root, focused).indexOf(focused);
  return () => {
    for (const [id, value] of typed) {
      const input = /** @type {HTMLInputElement | null} */ (document.getElementById(id));
      if (input !== null) input.value = value;
    }
    for (const id of open) {
      const details = document.getElementById(id);
      if (details !== null) details.setAttribute("open", "");
    }
    if (focused === null || place < 0) return;
    const again = /** @type {HTMLElement | undefined} */ (alike(root, focused)[place]);
    if (again !== undefined && again !== document.activeElement) again.focus({ preventScroll: true });
  };
}

/** The elements that say the same and lead to the same as one does. @param {HTMLElement} root @param {Element} one */
function alike(root, one) {
  const mark = (/** @type {Element} */ each) => [each.id, each.getAttribute("href"), each.textContent].join("\n");
  return Array.from(root.querySelectorAll(one.tagName)).filter((each) => mark(each) === mark(one));
}
