// What the sender's person has chosen so far, and the checks on this phone.

import { CertRelayError } from "../core/errors.js";
import { fileOf } from "../core/bundle.js";
import { MAX_FILE_BYTES, MAX_ITEMS, PASSWORD_TRIES } from "../core/limits.js";
import { inspect } from "../pki/inspect.js";
import { checkPassword } from "../pki/private_key.js";
import { group, isOfUse } from "./picking.js";

/** @typedef {import("../pki/inspect.js").Summary} Summary */
/** @typedef {import("./picking.js").PickedFile} PickedFile */
/**
 * @typedef {object} Chosen one certificate that was chosen
 * @property {number} id
 * @property {Summary} summary
 * @property {"locked" | "checking" | "ready" | "failed"} state
 * @property {string} why of `ready`: "checked", "uncheckable" or "as_it_is"; of `failed` and
 *   `locked`: an error's code, or nothing
 * @property {number} triesLeft
 */

/** Codes with which a password cannot be checked here, though the file may travel. */
const UNCHECKABLE = ["unsupported_algorithm", "too_many_iterations"];

/** The basket of the sender. */
export class Basket {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this._onChange = onChange;
    /** @type {PickedFile[]} */
    this._files = [];
    /** @type {Chosen[]} */
    this.chosen = [];
    /** What is to be shown: keys of sentences, with the file's name. @type {{key: string, path: string}[]} */
    this.problems = [];
    this._nextId = 1;
  }

  get items() {
    return this.chosen.map((each) => each.summary.item);
  }

  /** Take what a file picker gave. @param {FileList | null} picked */
  async add(picked) {
    this.problems = [];
    for (const file of picked === null ? [] : Array.from(picked)) {
      const path = (file.webkitRelativePath || file.name).split("/");
      const name = /** @type {string} */ (path.pop());
      const isFromFolder = file.webkitRelativePath !== "";
      if (!isOfUse(name)) {
        if (!isFromFolder) this._complain("page.problem.other_file");
      } else if (file.size > MAX_FILE_BYTES) this._complain("error.too_large_file", name);
      else await this._read(file, path.join("/"), name);
    }
    this._sort();
  }

  /** @param {File} file @param {string} folder @param {string} name */
  async _read(file, folder, name) {
    try {
      const content = new Uint8Array(await file.arrayBuffer());
      this._files = this._files.filter((each) => each.folder !== folder || each.name !== name);
      this._files.push({ folder, name, content });
    } catch {
      this._complain("error.unreadable_file", name);
    }
  }

  /** Once for each sentence and file. @param {string} key @param {string} [path] */
  _complain(key, path = "") {
    const isSaid = this.problems.some((each) => each.key === key && each.path === path);
    if (!isSaid) this.problems.push({ key, path });
  }

  _sort() {
    const { items, missing } = group(this._files);
    const before = this.chosen;
    this.chosen = [];
    for (const item of items) {
      const known = before.find((each) => isSame(each.summary.item, item));
      if (this.chosen.length === MAX_ITEMS) this._complain("error.too_many_selected");
      else if (known !== undefined) this.chosen.push(known);
      else this._choose(item);
    }
    for (const code of missing) this._complain(`error.${code}`);
    this._onChange();
  }

  /** @param {import("../core/bundle.js").Item} item */
  _choose(item) {
    try {
      const summary = inspect(item);
      const isPair = item.kind === "npki";
      this.chosen.push({
        id: this._nextId,
        summary,
        state: isPair ? "locked" : "ready",
        why: isPair ? "" : "as_it_is",
        triesLeft: PASSWORD_TRIES,
      });
      this._nextId += 1;
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this._complain(`error.${error.code}`);
    }
  }

  /** @param {Chosen} chosen */
  remove(chosen) {
    const gone = chosen.summary.item.files.map((file) => file.content);
    this._files = this._files.filter((file) => !gone.includes(file.content));
    this.chosen = this.chosen.filter((each) => each !== chosen);
    this.problems = [];
    this._onChange();
  }

  /**
   * Check a password on this phone; the one that opened a key is tried on the others too.
   * @param {Chosen} chosen
   * @param {string} password
   */
  async check(chosen, password) {
    await this._checkOne(chosen, password, true);
    if (chosen.state !== "ready" || chosen.why !== "checked") return;
    for (const other of this.chosen.filter((each) => each.state === "locked")) {
      await this._checkOne(other, password, false);
    }
  }

  /** @param {Chosen} chosen @param {string} password @param {boolean} isTyped whether it counts as a try */
  async _checkOne(chosen, password, isTyped) {
    const { certificate, item } = chosen.summary;
    const key = fileOf(item, "signPri");
    if (certificate === null || key === undefined) return;
    const why = chosen.why;
    Object.assign(chosen, { state: "checking", why: "" });
    this._onChange();
    try {
      const isCompared = await checkPassword(certificate, key, password);
      Object.assign(chosen, { state: "ready", why: isCompared ? "checked" : "uncheckable" });
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      if (UNCHECKABLE.includes(error.code)) Object.assign(chosen, { state: "ready", why: "uncheckable" });
      else if (error.code !== "wrong_password") Object.assign(chosen, { state: "failed", why: error.code });
      else if (!isTyped) Object.assign(chosen, { state: "locked", why });
      else {
        chosen.triesLeft -= 1;
        const isOver = chosen.triesLeft === 0;
        Object.assign(chosen, isOver ? { state: "failed", why: "password_tries" } : { state: "locked", why: "wrong_password" });
      }
    }
    this._onChange();
  }
}

/** @param {import("../core/bundle.js").Item} one @param {import("../core/bundle.js").Item} other */
function isSame(one, other) {
  return (
    one.files.length === other.files.length &&
    one.files.every((file, at) => file.content === other.files[at].content)
  );
}
