// The receiver's side of one scan: the number, the question, the download and whether the person
// sees it.  Only what somebody has seen counts as stored.

import { CertRelayError } from "../core/errors.js";
import { inspect } from "../pki/inspect.js";
import { canShare, download, savingHere, saveWithPicker, share, startDownload } from "./download.js";
import { now } from "./link.js";
import * as screens from "./screens_receive.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("../core/bodies.js").ItemResult} ItemResult */
/** @typedef {import("../pki/inspect.js").Summary} Summary */
/** @typedef {{summary: Summary | null, reason: string, isWanted: boolean}} Arrived */

export class Receiving {
  /** @param {App} app */
  constructor(app) {
    this._app = app;
    /** @type {Arrived[]} */
    this._arrived = [];
    this._here = savingHere();
    this._isPicking = false;
  }

  /** @param {string} number */
  showNumber(number) {
    const { peer } = this._app;
    const act = { cancel: () => this._app.cancel() };
    this._app.show(() => screens.showNumber(this._app.texts, { peer, number }, act));
  }

  /** @param {(import("../core/bundle.js").Item | null)[]} items */
  arrived(items) {
    this._arrived = items.map((item) => {
      const summary = item === null ? null : tryInspect(item);
      const reason = item === null ? "bad_digest" : "bad_certificate";
      return { summary, reason, isWanted: summary !== null };
    });
    if (this._arrived.every((each) => each.summary === null)) {
      this._app.do((endpoint) => endpoint.finishSaving(this._results([]), now()));
      return this._app.end("bad_certificate");
    }
    return this._app.show(() => this._asking());
  }

  _asking() {
    const { texts, peer } = this._app;
    const given = { peer, arrived: this._arrived, today: Date.now(), before: this._here.before };
    return screens.ask(texts, given, {
      want: (each, isWanted) => {
        Object.assign(each, { isWanted });
        this._app.draw();
      },
      save: () => void this._save(),
      decline: () => {
        this._app.do((endpoint) => endpoint.finishSaving(this._results([]), now()));
        this._app.end("declined");
      },
    });
  }

  /** What is to be stored. */
  get _wanted() {
    return this._arrived.flatMap(({ summary, isWanted }) => (summary !== null && isWanted ? [summary] : []));
  }

  /**
   * One result for each item that arrived.
   * @param {Summary[]} kept
   * @param {string} [otherwise] why a wanted one is not among them
   * @returns {ItemResult[]}
   */
  _results(kept, otherwise = "declined") {
    return this._arrived.map(({ summary, reason, isWanted }) => {
      if (summary === null) return { status: "rejected", reason };
      if (kept.includes(summary)) return { status: "stored" };
      return { status: "rejected", reason: isWanted ? otherwise : "declined" };
    });
  }

  /** @param {Summary[]} wanted */
  _file(wanted) {
    return download(wanted, this._app.texts.say("page.saved.file_of_several", { count: wanted.length }));
  }

  async _save() {
    if (this._isPicking) return;
    const wanted = this._wanted;
    const file = this._file(wanted);
    if (this._here.canPick) {
      this._isPicking = true;
      const outcome = await saveWithPicker(file, () => this._app.isBusy);
      this._isPicking = false;
      if (!this._app.isBusy || outcome === "cancelled") return; // too late, or the question stands
      if (outcome === "stored") {
        this._app.do((endpoint) => endpoint.finishSaving(this._results(wanted), now()));
        return this._saved(file.name, wanted);
      }
      if (outcome === "failed") return this._failed();
      this._here.canPick = false;
    }
    this._app.do((endpoint) => endpoint.beginSaving(now()));
    this._handOver(file, wanted);
  }

  /** @param {import("./download.js").Download} file @param {Summary[]} wanted */
  _handOver(file, wanted) {
    try {
      startDownload(file);
    } catch {
      return this._failed();
    }
    this._app.do((endpoint) => endpoint.askSeen(this._results(wanted), now()));
    return this._askSeen(file, wanted);
  }

  /** @param {import("./download.js").Download} file @param {Summary[]} wanted */
  _askSeen(file, wanted) {
    const { system, mayBeBlocked } = this._here;
    const again = () => this._handOver(file, wanted);
    this._app.show(() =>
      screens.seen(
        this._app.texts,
        { file: file.name, system, mayBeBlocked },
        { yes: () => this._seen(file.name, wanted), again, no: () => this._unseen(file, wanted) },
      ),
    );
  }

  /** @param {import("./download.js").Download} file @param {Summary[]} wanted */
  _unseen(file, wanted) {
    const shareIt = async () => {
      if (await share(file)) this._seen(file.name, wanted);
    };
    this._app.show(() =>
      screens.unseen(
        this._app.texts,
        { system: this._here.system },
        {
          again: () => this._handOver(file, wanted),
          share: canShare(file) ? () => void shareIt() : null,
          giveUp: () => this._app.do((endpoint) => endpoint.giveUpSeeing(now())),
        },
      ),
    );
  }

  /** The person has seen the file. @param {string} name @param {Summary[]} kept */
  _seen(name, kept) {
    if (!this._app.isBusy) return;
    this._app.do((endpoint) => endpoint.confirmSeen(now()));
    this._saved(name, kept);
  }

  /** @param {string} name @param {Summary[]} kept */
  _saved(name, kept) {
    this._app.done(() =>
      screens.saved(
        this._app.texts,
        { file: name, kept, today: Date.now() },
        { again: () => startDownload(this._file(kept)), done: () => this._app.close() },
      ),
    );
  }

  _failed() {
    this._app.do((endpoint) => endpoint.finishSaving(this._results([], "disk"), now()));
    this._app.end("disk");
  }
}

/** @param {import("../core/bundle.js").Item} item */
function tryInspect(item) {
  try {
    return inspect(item);
  } catch (error) {
    if (!(error instanceof CertRelayError)) throw error;
    return null;
  }
}
