// The sender's side of one scan: choosing, the number, what became of it.

import { CertRelayError } from "../core/errors.js";
import { now } from "./link.js";
import { sent } from "./screens.js";
import * as screens from "./screens_send.js";
import { Selection } from "./selection.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./layout.js").Screen} Screen */

export class Sending {
  /** @param {App} app */
  constructor(app) {
    this._app = app;
    this._selection = new Selection(() => this._changed());
    /** The certificate whose password was asked last: another one's field takes the focus. */
    this._asked = "";
    /** @type {import("../core/bodies.js").ItemResult[]} */
    this.results = [];
  }

  choose() {
    this._app.show(() => this._choosing());
  }

  _choosing() {
    const { texts, peer } = this._app;
    const { chosen, halves, leftOut, isReading } = this._selection;
    const given = { peer, chosen, halves, leftOut, isReading, today: Date.now() };
    return screens.choose(texts, given, {
      pick: (files) => void this._selection.add(files),
      checkPassword: (each, password) => void this._check(each, password),
      remove: (each) => this._selection.remove(each),
      next: () => this._next(),
      cancel: () => this._app.cancel(),
    });
  }

  /** @param {import("./selection.js").Chosen} chosen @param {string} password */
  async _check(chosen, password) {
    await this._selection.check(chosen, password);
    const again = document.getElementById(`password-${chosen.id}`);
    // A wrong one is typed anew: nobody can correct what nobody sees.
    if (again instanceof HTMLInputElement) again.value = "";
  }

  /** What is chosen has changed: a new question is a new screen. */
  _changed() {
    if (!this._app.isBusy) return; // files that were still read when it ended
    const { title, focus = "" } = this._choosing();
    const asked = `${title} ${focus}`;
    this._app.show(() => this._choosing(), asked !== this._asked);
    this._asked = asked;
  }

  _next() {
    const today = Date.now();
    const expired = this._selection.chosen.filter((each) => screens.isExpired(each, today));
    if (expired.length === 0) return this._beginTyping();
    const given = () => ({ peer: this._app.peer, chosen: expired, today });
    return this._app.show(() =>
      screens.confirmExpired(this._app.texts, given(), {
        leaveOut: () => {
          this.choose();
          for (const each of expired) this._selection.remove(each);
        },
        send: () => this._beginTyping(),
        cancel: () => this._app.cancel(),
      }),
    );
  }

  _beginTyping() {
    this.typeNumber(null);
    this._app.do((endpoint) => endpoint.beginTyping(now()));
  }

  /** @param {number | null} wrongLeft tries left after a wrong number */
  typeNumber(wrongLeft) {
    const { peer } = this._app;
    this._app.show(() =>
      screens.typeNumber(
        this._app.texts,
        { peer, wrongLeft },
        {
          send: (typed) => this._typed(typed),
          back: () => {
            this._app.do((endpoint) => endpoint.chooseAgain(now()));
            this.choose();
          },
          cancel: () => this._app.cancel(),
        },
      ),
    );
  }

  /** @param {string} typed */
  _typed(typed) {
    try {
      this._app.do((endpoint) => endpoint.typeNumber(typed, this._selection.items, now()));
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this._app.warn(this._app.texts.say("error.too_many_selected"));
    }
  }

  /** The screen for the PC's receipt; null if none came. @returns {(() => Screen) | null} */
  sent() {
    const { results } = this;
    if (results.length === 0) return null;
    const items = this._selection.chosen.map((each) => each.summary);
    const { peer } = this._app;
    const act = { done: () => this._app.close() };
    return () => sent(this._app.texts, { items, results, peer, today: Date.now() }, act);
  }
}
