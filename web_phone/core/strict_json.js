// JSON as the protocol allows it, for control messages and for sealed bodies alike.
//
// One object; no key twice, no null, no float, no BOM, no lone surrogate, integers from 0 to
// 2**53-1.  JSON.parse cannot see a key that stands twice, hence a reader of our own.
//
// Source: docs/protocol.md §4.

import { MAX_INTEGER, MAX_JSON_DEPTH } from "./limits.js";

/** The text is not an object in strict JSON. */
export class NotStrict extends Error {}

/** @typedef {string | number | boolean | JsonObject | JsonValue[]} JsonValue */
/** @typedef {{ [key: string]: JsonValue }} JsonObject */

const BLANKS = /[ \t\n\r]*/y;
const NUMBER = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
/** @type {Record<string, string>} */
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * Read one JSON object.
 * @param {string | Uint8Array} raw the whole text; the caller has checked its size
 * @returns {JsonObject}
 * @throws {NotStrict} if any rule above is broken
 */
export function parseObject(raw) {
  const reader = new Reader(typeof raw === "string" ? raw : decodeUtf8(raw));
  reader.blanks();
  const value = reader.object(0);
  reader.blanks();
  if (!reader.isAtEnd()) throw new NotStrict("text after the object");
  return value;
}

/**
 * Write fields as JSON without blanks, in the order given.
 * @param {JsonObject} fields
 */
export const writeObject = (fields) => JSON.stringify(fields);

/** @param {Uint8Array} bytes */
function decodeUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotStrict("bad UTF-8");
  }
}

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  isAtEnd() {
    return this.at === this.text.length;
  }

  /** @param {RegExp} sticky @returns {string | undefined} */
  take(sticky) {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text);
    if (found === null) return undefined;
    this.at = sticky.lastIndex;
    return found[0];
  }

  blanks() {
    this.take(BLANKS);
  }

  /** @param {string} character */
  has(character) {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  /** @param {string} character */
  need(character) {
    if (!this.has(character)) throw new NotStrict(`${character} is missing`);
  }

  /** @param {number} depth @returns {JsonValue} */
  value(depth) {
    if (depth > MAX_JSON_DEPTH) throw new NotStrict("too deep");
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      default:
        return this.number();
    }
  }

  /** @param {number} depth @returns {JsonObject} */
  object(depth) {
    this.need("{");
    /** @type {JsonObject} */
    const fields = Object.create(null); // so that "__proto__" is a key like any other
    this.blanks();
    if (this.has("}")) return fields;
    do {
      this.blanks();
      const key = this.string();
      if (key in fields) throw new NotStrict("a key twice");
      this.blanks();
      this.need(":");
      this.blanks();
      fields[key] = this.value(depth + 1);
      this.blanks();
    } while (this.has(","));
    this.need("}");
    return fields;
  }

  /** @param {number} depth @returns {JsonValue[]} */
  array(depth) {
    this.need("[");
    /** @type {JsonValue[]} */
    const values = [];
    this.blanks();
    if (this.has("]")) return values;
    do {
      this.blanks();
      values.push(this.value(depth + 1));
      this.blanks();
    } while (this.has(","));
    this.need("]");
    return values;
  }

  string() {
    this.need('"');
    let text = "";
    for (;;) {
      text += this.take(PLAIN_TEXT);
      if (this.has('"')) break;
      this.need("\\");
      text += this.escape();
    }
    // With the u flag a pair counts as one character, so this finds lone surrogates only.
    if (/[\ud800-\udfff]/u.test(text)) throw new NotStrict("a lone surrogate");
    return text;
  }

  escape() {
    const letter = this.text[this.at];
    this.at += 1;
    if (letter in ESCAPES) return ESCAPES[letter];
    const code = this.take(/[0-9a-fA-F]{4}/y);
    if (letter !== "u" || code === undefined) throw new NotStrict("a bad escape");
    return String.fromCharCode(parseInt(code, 16));
  }

  number() {
    const digits = this.take(NUMBER);
    if (digits === undefined || Number(digits) > MAX_INTEGER) throw new NotStrict("no integer");
    return Number(digits);
  }

  /** @template {JsonValue} T @param {string} word @param {T} value */
  word(word, value) {
    if (!this.text.startsWith(word, this.at)) throw new NotStrict("no value");
    this.at += word.length;
    return value;
  }
}
