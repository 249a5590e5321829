// The hello: how a device presents itself inside the sealed handshake.
//
// JSON, then blanks up to exactly 512 bytes.  The sender cuts a name that is too long; the
// receiver repairs nothing.
//
// Source: docs/protocol.md §5.

import { fromHex, hex, utf8 } from "./bytes.js";
import { CertRelayError } from "./errors.js";
import { HELLO_BYTES, MAX_NAME_BYTES } from "./limits.js";
import { isAppVersion, isOsVersion, LETTERS } from "./release.js";
import { parseObject, writeObject } from "./strict_json.js";

const APP = /^[a-z0-9.-]{1,32}$/;
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const BLANK = 0x20;

/**
 * @typedef {object} Hello
 * @property {string} name a hint that nobody has checked
 * @property {string} platform a word of `LETTERS`
 * @property {string} app
 * @property {string} app_version
 * @property {string} os_version
 */

/**
 * Write S's hello, 512 bytes.
 * @param {Hello} hello
 * @param {Uint8Array} tokenHash lets G open the room again after the relay lost it
 */
export function writeHello(hello, tokenHash) {
  const text = writeObject({ ...hello, name: fitName(hello.name), token_hash: hex(tokenHash) });
  const bytes = new Uint8Array(HELLO_BYTES).fill(BLANK);
  bytes.set(utf8(text));
  return bytes;
}

/**
 * Read a hello.
 * @param {Uint8Array} raw what the other device sealed
 * @param {boolean} withToken whether it comes from S, which must name its token's hash
 * @returns {Hello}
 * @throws {CertRelayError} `bad_hello`, for whatever is wrong with it
 */
export function readHello(raw, withToken) {
  try {
    return read(raw, withToken);
  } catch {
    throw new CertRelayError("bad_hello");
  }
}

/** @param {Uint8Array} raw @param {boolean} withToken @returns {Hello} */
function read(raw, withToken) {
  let end = raw.length;
  while (end > 0 && raw[end - 1] === BLANK) end -= 1;
  // Only blanks may follow the object: JSON's other white space is refused.
  const isTight = raw[0] === 0x7b && raw[end - 1] === 0x7d;
  if (raw.length !== HELLO_BYTES || !isTight) throw new CertRelayError("bad_hello");
  const fields = parseObject(raw.slice(0, end));
  const text = (/** @type {string} */ key) => {
    const value = fields[key];
    if (typeof value !== "string") throw new CertRelayError("bad_hello");
    return value;
  };
  const hello = {
    name: text("name"),
    platform: text("platform"),
    app: text("app"),
    app_version: text("app_version"),
    os_version: text("os_version"),
  };
  const nameBytes = utf8(hello.name).length;
  const isRight =
    nameBytes >= 1 &&
    nameBytes <= MAX_NAME_BYTES &&
    hello.name.search(HIDDEN) < 0 &&
    Object.keys(LETTERS).includes(hello.platform) &&
    APP.test(hello.app) &&
    isAppVersion(hello.app_version) &&
    isOsVersion(hello.os_version);
  if (!isRight) throw new CertRelayError("bad_hello");
  if (withToken) fromHex(text("token_hash"), 32);
  return hello;
}

/** Cut a device's name to what a hello may hold, at a character's border. @param {string} name */
export function fitName(name) {
  let fitting = "";
  for (const character of name.replace(HIDDEN, "").replace(/[\ud800-\udfff]/gu, "").trim()) {
    if (utf8(fitting + character).length > MAX_NAME_BYTES) break;
    fitting += character;
  }
  return fitting.trim() || "?";
}
