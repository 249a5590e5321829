// From what a file picker gives to small files in memory, each with its place and its name.
//
// A folder may hold thousands of photos and a ZIP file anything: what is read is limited, what
// looks like a certificate is read first, and what is left out is named with its reason.

import { readZip } from "../core/unzip.js";
import { MAX_FILE_BYTES } from "../core/limits.js";
import { recognise } from "../pki/recognise.js";

/** Files that are opened of one pick: an NPKI folder of 20 certificates has 100. */
export const MAX_FILES_READ = 500;
/** Bytes of a ZIP file that is opened: the largest selection fits several times. */
export const MAX_ZIP_BYTES = 8 * 1024 * 1024;
/** Bytes that all files of one pick may become together. */
export const MAX_PICK_BYTES = 8 * 1024 * 1024;
const LIKELY = /\.(der|key|cer|crt|p12|pfx|pem|zip)\b|signcert|signpri|kmcert|kmpri|capubs/i;
/** What systems leave in folders without anybody's doing. */
const HIDDEN = /^(\.|__MACOSX$|thumbs\.db$|desktop\.ini$)/i;

/** @typedef {{path: string[], name: string, found: import("../pki/recognise.js").Recognised}} Piece */
/** @typedef {{name: string, reason: string}} LeftOut `reason`: the end of a key `page.left_out.…` */
/**
 * @typedef {object} FileLike what a browser's File has
 * @property {string} name
 * @property {number} size
 * @property {string} [webkitRelativePath]
 * @property {() => Promise<ArrayBuffer>} arrayBuffer
 */

/**
 * Read what was picked.
 * @param {FileLike[]} files
 * @returns {Promise<{pieces: Piece[], leftOut: LeftOut[]}>}
 */
export async function readPicked(files) {
  const reading = new Reading();
  const placed = files.map((file) => ({ file, path: (file.webkitRelativePath || file.name).split("/") }));
  for (const { file, path } of likelyFirst(placed)) {
    const most = /\.zip\b/i.test(file.name) ? MAX_ZIP_BYTES : MAX_FILE_BYTES;
    // What is large and looks like nothing is no certificate; only a likely one is "too large".
    if (file.size > most) reading.leaveOut(file.name, LIKELY.test(file.name) ? "too_large_file" : "other_file");
    else await reading.take(path, file);
  }
  return reading;
}

/** Those that people can see, the likely ones first. @template {{path: string[]}} T @param {T[]} files @returns {T[]} */
function likelyFirst(files) {
  const isLikely = (/** @type {T} */ { path }) => Number(LIKELY.test(path[path.length - 1]));
  const seen = files.filter(({ path }) => path.every((name) => !HIDDEN.test(name)));
  return seen.sort((one, other) => isLikely(other) - isLikely(one));
}

class Reading {
  constructor() {
    /** @type {Piece[]} */
    this.pieces = [];
    /** @type {LeftOut[]} */
    this.leftOut = [];
    this._files = 0;
    this._bytes = 0;
  }

  /** @param {string} name @param {string} reason */
  leaveOut(name, reason) {
    this.leftOut.push({ name, reason });
  }

  /** @param {string[]} path @param {FileLike} file */
  async take(path, file) {
    if (!this._mayRead(file.size)) return this.leaveOut(file.name, "too_many_files");
    let content;
    try {
      content = new Uint8Array(await file.arrayBuffer());
    } catch {
      // A file that lies in a cloud, say, and cannot be fetched.
      return this.leaveOut(file.name, "unreadable_file");
    }
    return this._sort(path, content, false);
  }

  /** @param {number} bytes */
  _mayRead(bytes) {
    this._files += 1;
    this._bytes += bytes;
    return this._files <= MAX_FILES_READ && this._bytes <= MAX_PICK_BYTES;
  }

  /** @param {string[]} path @param {Uint8Array} content @param {boolean} isInZip */
  _sort(path, content, isInZip) {
    const name = path[path.length - 1];
    const all = recognise(content);
    // A certificate file is small; only a ZIP file may be larger.
    if (content.length > MAX_FILE_BYTES && all[0].is !== "zip") return this.leaveOut(name, "too_large_file");
    for (const found of all) {
      if (found.is === "nothing") this.leaveOut(name, found.reason);
      else if (found.is !== "zip") this.pieces.push({ path: path.slice(0, -1), name, found });
      else if (isInZip) this.leaveOut(name, "zip_in_zip");
      else this._open(path, content);
    }
  }

  /** @param {string[]} path @param {Uint8Array} content */
  _open(path, content) {
    const name = path[path.length - 1];
    let entries;
    try {
      entries = readZip(content);
    } catch (error) {
      return this.leaveOut(name, codeOf(error));
    }
    for (const entry of likelyFirst(entries)) {
      const own = entry.path[entry.path.length - 1];
      if (entry.size > MAX_FILE_BYTES) this.leaveOut(own, LIKELY.test(own) ? "too_large_file" : "other_file");
      else if (!this._mayRead(entry.size)) this.leaveOut(own, "too_many_files");
      else this._inflate([...path, ...entry.path], entry);
    }
  }

  /** @param {string[]} path @param {import("../core/unzip.js").ZipEntry} entry */
  _inflate(path, entry) {
    let content;
    try {
      content = entry.read();
    } catch (error) {
      return this.leaveOut(path[path.length - 1], codeOf(error));
    }
    return this._sort(path, content, true);
  }
}

/** @param {unknown} error a `ZipError`, or our own bug */
function codeOf(error) {
  const { code } = /** @type {{code?: string}} */ (error);
  if (code === undefined) throw error;
  return code;
}
