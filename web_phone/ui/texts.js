// Every sentence that a person reads: the same catalogue as Python's.
//
// A value that is put into a sentence passes through the sanitiser here, so that no caller
// can forget it.

import { textKey } from "../core/errors.js";
import { printable } from "../core/safe_text.js";

export const LANGUAGES = ["ko", "en"];
/** How each language calls itself: the same whatever language is shown. @type {Record<string, string>} */
export const OWN_NAMES = { ko: "한국어", en: "English" };

/** The language to begin with: Korean where the browser asks for it, else English. */
export function preferredLanguage() {
  const asked = navigator.languages || [navigator.language];
  return asked.some((tag) => tag.toLowerCase().startsWith("ko")) ? "ko" : "en";
}

/** The catalogue of one language. */
export class Texts {
  /** @param {string} language @param {Record<string, string>} sentences */
  constructor(language, sentences) {
    this.language = language;
    this._sentences = sentences;
  }

  /** @param {string} key */
  has(key) {
    return Object.prototype.hasOwnProperty.call(this._sentences, key);
  }

  /**
   * The sentence of a key; a value that is not known shows as a question mark.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  say(key, values = {}) {
    return this.parts(key, values).map(({ text }) => text).join("");
  }

  /**
   * The sentence in parts, so that foreign values can be set apart.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   * @returns {{text: string, isValue: boolean}[]}
   */
  parts(key, values = {}) {
    const sentence = this.has(key) ? this._sentences[key] : key;
    return sentence
      .split(/(\{[a-z][a-z0-9_]*\})/)
      .map((part, at) => {
        if (at % 2 === 0) return { text: part, isValue: false };
        const name = part.slice(1, -1);
        const isKnown = Object.prototype.hasOwnProperty.call(values, name);
        return { text: isKnown ? printable(String(values[name])) : "?", isValue: true };
      })
      .filter(({ text }) => text !== "");
  }

  /** What happened. @param {string} code @param {Record<string, string | number>} [details] */
  error(code, details = {}) {
    return this.say(`error.${textKey(code)}`, details);
  }

  /**
   * What happened, as a page says it: some errors speak of command lines elsewhere, and some are
   * another thing when the other device did it.
   * @param {string} code
   * @param {Record<string, string | number>} [details]
   * @param {boolean} [byPeer]
   */
  pageError(code, details = {}, byPeer = false) {
    const key = textKey(code);
    const own = byPeer ? [`page.error.${key}.by_peer`, `page.error.${key}`] : [`page.error.${key}`];
    const found = own.find((each) => this.has(each));
    return found === undefined ? this.error(code, details) : this.say(found, details);
  }

  /** What to do next; empty if there is nothing. @param {string} code @param {Record<string, string | number>} [details] */
  hint(code, details = {}) {
    const own = `page.hint.${textKey(code)}`;
    const key = this.has(own) ? own : `hint.${textKey(code)}`;
    return this.has(key) ? this.say(key, details) : "";
  }
}
