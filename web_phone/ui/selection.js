// What the sender's person has chosen so far, and the checks on this phone.
//
// Long because one object has what is picked, opened and checked.

import { fileOf, makeItem, sizeOf } from "../core/bundle.js";
import { CertRelayError } from "../core/errors.js";
import { MAX_BUNDLE_BYTES, MAX_ITEMS, PASSWORD_TRIES } from "../core/limits.js";
import { inspect, pkcs12Summary } from "../pki/inspect.js";
import { openPkcs12, outline } from "../pki/pkcs12.js";
import { checkPassword } from "../pki/private_key.js";
import { checklist, contentOf, isSame, isWhole, nameOf, pairOf, withPick } from "./cert_sets.js";
import { readPicked } from "./pick_files.js";

/** @typedef {import("../pki/inspect.js").Summary} Summary */
/** @typedef {import("./cert_sets.js").CertSet} CertSet */
/** @typedef {import("./pick_files.js").Piece} Piece */
/**
 * @typedef {object} Chosen one certificate that was chosen
 * @property {number} id
 * @property {string} name the file's own name; empty for a pair, whose files have fixed ones
 * @property {Summary} summary
 * @property {"locked" | "checking" | "ready" | "failed"} state
 * @property {string} why of `ready`: "checked", "uncheckable" or "plain" (no password protects
 *   the key); of `locked`: "" or "wrong_password"; of `failed`: an error's code
 * @property {"" | "km_incomplete" | "km_other_password" | "km_mismatch"} note what is not right
 *   with the km pair, while the sign pair can be used
 * @property {number} triesLeft
 */
/** @typedef {{id: number, parts: {role: string, file: string}[]}} Half a set that is not whole: `file` is empty where one is missing */
/** @typedef {{reason: string, names: string[], more: number}} LeftOut the first names of one reason, and how many more there are */

/** Codes with which a password cannot be checked here, though the file may travel. */
const UNCHECKABLE = ["unsupported_algorithm", "too_many_iterations"];
const MAX_NAMES = 5;

/** The certificates that a person chooses to send. */
export class Selection {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this._onChange = onChange;
    /** @type {CertSet[]} */
    this._sets = [];
    /** What each set or PKCS#12 file became. @type {Map<CertSet | Piece, Chosen>} */
    this._known = new Map();
    /** @type {Piece[]} */
    this._pkcs12 = [];
    /** @type {Map<CertSet, number>} */
    this._halfIds = new Map();
    /** @type {Chosen[]} */
    this.chosen = [];
    /** @type {LeftOut[]} */
    this.leftOut = [];
    /** Names of what the last pick left out, by their reason. @type {Map<string, string[]>} */
    this._left = new Map();
    this._nextId = 1;
    this._reads = 0;
    /** Picks are taken one after the other, however fast they come. */
    this._queue = Promise.resolve();
  }

  get items() {
    return this.chosen.map((each) => each.summary.item);
  }

  /** Whether there is something to send, and all of it may be sent. */
  get isReady() {
    return this.chosen.length > 0 && this.chosen.every((each) => each.state === "ready") && !this.isReading;
  }

  get isReading() {
    return this._reads > 0;
  }

  /** @returns {Half[]} */
  get halves() {
    return this._sets.filter((set) => !isWhole(set)).map((set) => ({ id: this._halfId(set), parts: checklist(set) }));
  }

  /** Take one pick: what a file picker gave. @param {import("./pick_files.js").FileLike[]} files */
  add(files) {
    if (files.length === 0) return this._queue; // the picker was closed without a choice
    this._reads += 1;
    this._onChange();
    this._queue = this._queue.then(async () => {
      try {
        this._take(await readPicked(files));
      } finally {
        this._reads -= 1;
        this._onChange();
      }
    });
    return this._queue;
  }

  /** @param {{pieces: Piece[], leftOut: import("./pick_files.js").LeftOut[]}} read */
  _take({ pieces, leftOut }) {
    this._left = new Map();
    for (const { name, reason } of leftOut) this._leaveOut(reason, name);
    for (const piece of pieces.filter(({ found }) => found.is === "pkcs12")) {
      const isAgain = this._pkcs12.some((each) => isSame(each, piece));
      if (isAgain) this._leaveOut("already", piece.name);
      else this._pkcs12.push(piece);
    }
    const { sets, again } = withPick(this._sets, pieces.filter(({ found }) => found.is !== "pkcs12"));
    for (const name of again) this._leaveOut("already", name);
    this._sets = sets;
    this._rebuild();
    this.leftOut = [...this._left].map(([reason, names]) => ({
      reason,
      names: names.slice(0, MAX_NAMES),
      more: Math.max(0, names.length - MAX_NAMES),
    }));
  }

  /** @param {string} reason @param {string} name */
  _leaveOut(reason, name) {
    this._left.set(reason, [...(this._left.get(reason) || []), name]);
  }

  /** Chosen certificates of what is there; one whose files are the same stays as it was. */
  _rebuild() {
    this.chosen = [];
    let bytes = 0;
    for (const source of [...this._sets.filter(isWhole), ...this._pkcs12]) {
      const chosen = this._known.get(source) || this._choose(source);
      if (chosen === null) this._drop(source);
      else if (this.chosen.length === MAX_ITEMS || bytes + sizeOf(chosen.summary.item) > MAX_BUNDLE_BYTES) {
        this._leaveOut("too_many_selected", nameOf(source));
        this._drop(source);
      } else {
        this._known.set(source, chosen);
        this.chosen.push(chosen);
        bytes += sizeOf(chosen.summary.item);
      }
    }
  }

  /** @param {CertSet | Piece} source @returns {Chosen | null} */
  _choose(source) {
    try {
      const isPair = "parts" in source;
      const summary = inspect(isPair ? pairOf(source) : makeItem("pkcs12", { pkcs12: contentOf(source) }));
      const isPlain = !isPair && outline(contentOf(source), Date.now()).isPlain;
      const needsPassword = isPair || !isPlain || summary.certificate === null;
      this._nextId += 1;
      return {
        id: this._nextId - 1,
        name: isPair ? "" : source.name,
        summary,
        state: needsPassword ? "locked" : "ready",
        why: needsPassword ? "" : "plain",
        note: isPair && source.parts.has("kmCert") !== source.parts.has("kmPri") ? "km_incomplete" : "",
        triesLeft: PASSWORD_TRIES,
      };
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this._leaveOut(error.code, nameOf(source));
      return null;
    }
  }

  /** @param {CertSet | Piece} source */
  _drop(source) {
    this._sets = this._sets.filter((each) => each !== source);
    this._pkcs12 = this._pkcs12.filter((each) => each !== source);
    this._known.delete(source);
  }

  /** @param {CertSet} set */
  _halfId(set) {
    const id = this._halfIds.get(set) || this._nextId;
    if (id === this._nextId) this._nextId += 1;
    this._halfIds.set(set, id);
    return id;
  }

  /** @param {Chosen | Half} gone */
  remove(gone) {
    const half = this._sets.find((set) => this._halfIds.get(set) === gone.id);
    const [source] = [...this._known].find(([, chosen]) => chosen.id === gone.id) || [half];
    if (source === undefined) return;
    this._drop(source);
    this.leftOut = [];
    this._rebuild();
    this._onChange();
  }

  /**
   * Check a password on this phone; the one that opened a key is tried on the others too.
   * @param {Chosen} chosen
   * @param {string} password
   */
  async check(chosen, password) {
    if (chosen.state !== "locked") return; // a second tap
    if (!(await this._checkOne(chosen, password, true))) return;
    for (const other of this.chosen.filter((each) => each.state === "locked")) {
      await this._checkOne(other, password, false);
    }
  }

  /**
   * @param {Chosen} chosen
   * @param {string} password
   * @param {boolean} isTyped whether it counts as a try
   * @returns {Promise<boolean>} whether it opened something
   */
  async _checkOne(chosen, password, isTyped) {
    const { why } = chosen;
    Object.assign(chosen, { state: "checking", why: "" });
    this._onChange();
    try {
      Object.assign(chosen, { state: "ready", why: await this._open(chosen, password) });
      this._onChange();
      return true;
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      if (UNCHECKABLE.includes(error.code)) Object.assign(chosen, { state: "ready", why: "uncheckable" });
      else if (!isTyped) Object.assign(chosen, { state: "locked", why });
      else if (error.code !== "wrong_password") Object.assign(chosen, { state: "failed", why: error.code });
      else {
        chosen.triesLeft -= 1;
        const isOver = chosen.triesLeft === 0;
        Object.assign(chosen, isOver ? { state: "failed", why: "password_tries" } : { state: "locked", why: "wrong_password" });
      }
      this._onChange();
      return false;
    }
  }

  /** @param {Chosen} chosen @param {string} password @returns {Promise<string>} why it is ready */
  async _open(chosen, password) {
    const { item } = chosen.summary;
    if (item.kind === "pkcs12") {
      const content = fileOf(item, "pkcs12") || new Uint8Array(0);
      const { certificate, isCompared, isPlain } = await openPkcs12(content, password, Date.now());
      chosen.summary = pkcs12Summary(item, certificate);
      return isPlain ? "plain" : isCompared ? "checked" : "uncheckable";
    }
    const isCompared = await this._openPair(chosen, password);
    await this._checkKm(chosen, password);
    return isCompared ? "checked" : "uncheckable";
  }

  /** Open the sign key; where files were only guessed to belong together, find the right one. @param {Chosen} chosen @param {string} password */
  async _openPair(chosen, password) {
    const { certificate, item } = chosen.summary;
    const key = fileOf(item, "signPri");
    if (certificate === null || key === undefined) throw new CertRelayError("missing_sign_key");
    try {
      return await checkPassword(certificate, key, password);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      const isOther = error.code === "key_mismatch" || error.code === "wrong_password";
      if (isOther && (await this._exchange(chosen, certificate, password))) return true;
      throw error;
    }
  }

  /**
   * Give a certificate the key that fits it, from a set whose files were guessed.
   * @param {Chosen} chosen
   * @param {import("../pki/certificate.js").Certificate} certificate
   * @param {string} password
   */
  async _exchange(chosen, certificate, password) {
    const own = this._sets.find((set) => this._known.get(set) === chosen);
    if (own === undefined || !own.isGuess) return false;
    for (const set of this._sets.filter((each) => each.isGuess && !this._isDone(each))) {
      for (const role of /** @type {const} */ (["signPri", "kmPri"])) {
        const [mine, other] = [own.parts.get("signPri"), set.parts.get(role)];
        if (mine === undefined || other === undefined || mine === other) continue;
        if (!(await opens(certificate, contentOf(other), password))) continue;
        own.parts.set("signPri", other);
        set.parts.set(role, mine);
        chosen.summary = inspect(pairOf(own));
        const changed = this._known.get(set);
        if (changed !== undefined && changed !== chosen) changed.summary = inspect(pairOf(set));
        return true;
      }
    }
    return false;
  }

  /** @param {CertSet} set */
  _isDone(set) {
    const chosen = this._known.get(set);
    return chosen !== undefined && chosen.state === "ready";
  }

  /** @param {Chosen} chosen @param {string} password */
  async _checkKm(chosen, password) {
    const { kmCertificate, item } = chosen.summary;
    const key = fileOf(item, "kmPri");
    if (kmCertificate === null || key === undefined) return;
    try {
      await checkPassword(kmCertificate, key, password);
      chosen.note = "";
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      if (!UNCHECKABLE.includes(error.code)) {
        chosen.note = error.code === "wrong_password" ? "km_other_password" : "km_mismatch";
      }
    }
  }
}

/** @param {import("../pki/certificate.js").Certificate} certificate @param {Uint8Array} key @param {string} password */
async function opens(certificate, key, password) {
  try {
    return await checkPassword(certificate, key, password);
  } catch (error) {
    if (!(error instanceof CertRelayError)) throw error;
    return false;
  }
}
