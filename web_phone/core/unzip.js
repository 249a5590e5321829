// Reads ZIP files: the one that this page hands over, and any other that holds certificates.
//
// A stranger's file: how many entries there are, and how many bytes they may become, is
// limited before anything is inflated.  Names are read as hints only and never lead anywhere.
//
// Source: PKWARE APPNOTE 6.3.10 §4.3, §4.4.

import { CENTRAL, crc32, END, LOCAL, UTF8_NAMES } from "./zip.js";
import { inflate, InflateError } from "./inflate.js";

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65535;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

/**
 * @typedef {object} ZipEntry
 * @property {string[]} path a stranger's text; the file's name comes last
 * @property {number} size bytes, as the file states it
 * @property {() => Uint8Array} read throws `ZipError`: `zip_encrypted`, `zip_method`, `zip_damaged`
 */

export class ZipError extends Error {
  /** @param {"bad_zip" | "zip_encrypted" | "zip_method" | "zip_damaged"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Tell whether bytes begin as a ZIP file does. @param {Uint8Array} data */
export const isZip = (data) => data[0] === 0x50 && data[1] === 0x4b && (data[2] === 3 || data[2] === 5);

/**
 * List the files in a ZIP file, without folders.
 * @param {Uint8Array} data
 * @returns {ZipEntry[]} at most 65535, which is all that the format can count
 * @throws {ZipError} `bad_zip` if its directory cannot be read
 */
export function readZip(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  try {
    return entriesOf(data, view);
  } catch (error) {
    if (error instanceof RangeError) throw new ZipError("bad_zip");
    throw error;
  }
}

/** @param {Uint8Array} data @param {DataView} view */
function entriesOf(data, view) {
  const end = findEnd(view);
  const count = view.getUint16(end + 10, true);
  const entries = [];
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index += 1) {
    if (view.getUint32(at, true) !== CENTRAL) throw new ZipError("bad_zip");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const name = data.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes);
    const flags = view.getUint16(at + 8, true);
    const entry = {
      flags,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    const path = textOf(name, (flags & UTF8_NAMES) !== 0).split(/[/\\]/);
    if (path[path.length - 1] !== "") entries.push({ path, size: entry.size, read: () => contentOf(data, view, entry) });
    at += CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

/** @param {DataView} view */
function findEnd(view) {
  const first = Math.max(0, view.byteLength - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = view.byteLength - END_BYTES; at >= first; at -= 1) {
    const isEnd = view.getUint32(at, true) === END;
    if (isEnd && at + END_BYTES + view.getUint16(at + 20, true) <= view.byteLength) return at;
  }
  throw new ZipError("bad_zip");
}

/** Names of Korean Windows are in its code page. @param {Uint8Array} name @param {boolean} isUtf8 */
function textOf(name, isUtf8) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(name);
  } catch {
    return new TextDecoder(isUtf8 ? "utf-8" : "euc-kr").decode(name);
  }
}

/**
 * @param {Uint8Array} data
 * @param {DataView} view
 * @param {{flags: number, method: number, crc: number, packed: number, size: number, offset: number}} entry
 */
function contentOf(data, view, { flags, method, crc, packed, size, offset }) {
  if ((flags & ENCRYPTED) !== 0) throw new ZipError("zip_encrypted");
  if (method !== STORED && method !== DEFLATED) throw new ZipError("zip_method");
  try {
    if (view.getUint32(offset, true) !== LOCAL) throw new ZipError("zip_damaged");
    const start = offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    const sealed = data.subarray(start, start + packed);
    if (method === STORED && sealed.length !== size) throw new ZipError("zip_damaged");
    const content = method === STORED ? sealed.slice() : inflate(sealed, size);
    if (crc32(content) !== crc) throw new ZipError("zip_damaged");
    return content;
  } catch (error) {
    if (error instanceof RangeError || error instanceof InflateError) throw new ZipError("zip_damaged");
    throw error;
  }
}
