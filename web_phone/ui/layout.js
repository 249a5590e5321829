// What stands around every screen: the name, the language, the connection, the other
// device's step, and the region that a screen reader listens to.

import { fill, make } from "./dom.js";
import { OWN_NAMES } from "./texts.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {{title: string, body: import("./dom.js").Child[]}} Screen */

export class Layout {
  /** @param {HTMLElement} root @param {(language: string) => void} onLanguage */
  constructor(root, onLanguage) {
    this._name = make("p", { class: "name" });
    this._language = make("button", { type: "button", onclick: () => onLanguage(this._other) });
    this._other = "en";
    this._connection = make("div", { role: "status" });
    this._peer = make("div", { role: "status" });
    this._alert = make("div", { role: "alert" });
    this._main = make("main");
    this._isGoodNews = false;
    const header = make("header", {}, this._name, this._language);
    fill(root, header, this._connection, this._peer, this._main, this._alert);
  }

  /** @param {Texts} texts */
  speak(texts) {
    this._other = texts.language === "ko" ? "en" : "ko";
    document.documentElement.lang = texts.language;
    document.title = texts.say("page.name");
    this._name.textContent = texts.say("page.name");
    this._language.textContent = OWN_NAMES[this._other];
    this._language.lang = this._other;
  }

  /** Show a screen.  A new one takes the focus, so that it is read out. @param {Screen} screen @param {boolean} isNew */
  show({ title, body }, isNew) {
    const heading = make("h1", { tabindex: "-1" }, title);
    const restore = isNew ? () => undefined : remember(this._main);
    fill(this._main, heading, ...body);
    restore();
    if (!isNew) return;
    this.warn("");
    if (this._isGoodNews) this.connection("");
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }

  /** Say how the connection is; empty for well. @param {string} text @param {"warn" | "good"} [kind] */
  connection(text, kind = "warn") {
    this._isGoodNews = kind === "good";
    say(this._connection, text, kind);
  }

  /** Say what the other person is doing; empty for nothing. @param {string} text */
  peer(text) {
    say(this._peer, text, "");
  }

  /** Say at once what is wrong; empty for nothing. @param {string} text */
  warn(text) {
    say(this._alert, text, "bad");
    if (text !== "") this._alert.scrollIntoView({ block: "nearest" });
  }
}

/** @param {HTMLElement} place @param {string} text @param {string} kind */
function say(place, text, kind) {
  if (text === "") fill(place);
  else fill(place, make("div", { class: `notice ${kind}` }, make("p", {}, text)));
}

/** Keep what is typed, and the focus, over a drawing of the same screen. @param {HTMLElement} main */
function remember(main) {
  const inputs = Array.from(main.querySelectorAll("input[id]"));
  const typed = new Map(inputs.map((each) => [each.id, /** @type {HTMLInputElement} */ (each).value]));
  const focused = document.activeElement === null ? "" : document.activeElement.id;
  return () => {
    for (const [id, value] of typed) {
      const input = /** @type {HTMLInputElement | null} */ (document.getElementById(id));
      if (input !== null) input.value = value;
    }
    const again = focused === "" ? null : document.getElementById(focused);
    if (again !== null) again.focus();
  };
}
