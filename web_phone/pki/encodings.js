// The outer form of a certificate file: DER, PEM or bare base64, with what surrounds it.
//
// Real files have bytes after the DER element, a byte order mark in front, or are text.  A
// file's own bytes are copied unchanged; only what is inside is read from here.
//
// Source: RFC 7468 for PEM; certrelay/pki/encodings.py.

import { DerError, Element, TAG } from "./der.js";

export const CERTIFICATE_LABELS = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
export const KEY_LABELS = ["ENCRYPTED PRIVATE KEY"];

const BEGIN = "-----BEGIN ";
const LABEL = /^[A-Z0-9 ]{1,40}$/;
const BASE64 = /^[A-Za-z0-9+/]{16,}={0,2}$/;
const BLANKS = /[ \t\n\r\v\f]+/g;

/**
 * @typedef {object} Unwrapped
 * @property {Uint8Array} der the first element, without anything before or after it
 * @property {"der" | "pem" | "base64"} form
 * @property {string} label what PEM calls it
 * @property {number} tail bytes after the element
 */

/**
 * Find the one element that a file holds.
 * @param {Uint8Array} content
 * @param {string[]} [labels] of several PEM blocks the first with one of these counts
 * @returns {Unwrapped}
 * @throws {DerError} if there is none
 */
export function unwrap(content, labels = []) {
  if (content[0] === TAG.SEQUENCE) return first(content, "der", "");
  const text = readText(content);
  if (text.charCodeAt(0) === TAG.SEQUENCE) return first(toBytes(text), "der", "");
  const blocks = pemBlocks(text);
  if (blocks.length === 0) return first(fromBase64(text), "base64", "");
  const found = blocks.map(({ label, body }) => first(fromBase64(body), "pem", label));
  return found.find(({ label }) => labels.includes(label)) || found[0];
}

/** Bytes as text, one character each; without a byte order mark. @param {Uint8Array} content */
function readText(content) {
  const start = Array.from(content.slice(0, 3)).join();
  if (start === "239,187,191") return toText(content.slice(3));
  const little = start.startsWith("255,254");
  if (!little && !start.startsWith("254,255")) return toText(content);
  const bytes = content.slice(2);
  const isAscii = bytes.length % 2 === 0 && bytes.every((byte, at) => (at % 2 === (little ? 1 : 0) ? byte === 0 : byte < 128));
  return toText(isAscii ? bytes.filter((_, at) => at % 2 === (little ? 0 : 1)) : content);
}

/** @param {Uint8Array} bytes */
function toText(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** @param {string} text */
const toBytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Label and body of each block, up to the first that has no end. @param {string} text */
function pemBlocks(text) {
  const blocks = [];
  for (let at = 0; ; ) {
    const start = text.indexOf(BEGIN, at);
    if (start < 0) return blocks;
    const from = start + BEGIN.length;
    const label = text.slice(from, from + 48).split("-----")[0];
    const mark = `-----END ${label}-----`;
    const body = from + label.length + 5;
    const end = text.indexOf(mark, body);
    if (end < 0 || !LABEL.test(label)) return blocks;
    blocks.push({ label, body: text.slice(body, end) });
    at = end + mark.length;
  }
}

/** @param {string} text */
function fromBase64(text) {
  const joined = text.replace(BLANKS, "");
  if (joined.length % 4 !== 0 || !BASE64.test(joined)) throw new DerError("base64");
  return toBytes(atob(joined));
}

/** @param {Uint8Array} encoded @param {Unwrapped["form"]} form @param {string} label @returns {Unwrapped} */
function first(encoded, form, label) {
  const element = Element.first(encoded).expect(TAG.SEQUENCE);
  return { der: element.encoded, form, label, tail: encoded.length - element.encoded.length };
}
