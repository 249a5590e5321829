// The story of one scan: which screen follows what happened.

import { Endpoint } from "../core/endpoint.js";
import { CertRelayError } from "../core/errors.js";
import { freshSecrets } from "../core/handshake.js";
import { SOCKET_PATH } from "../core/messages.js";
import { parseQr } from "../core/qr.js";
import { inspect } from "../pki/inspect.js";
import { describeDevice } from "./device.js";
import { download, startDownload } from "./handing_over.js";
import { Layout } from "./layout.js";
import { Link, now } from "./link.js";
import * as screens from "./screens.js";
import * as receive from "./screens_receive.js";
import * as send from "./screens_send.js";
import { openElsewhere } from "./screens_in_app.js";
import { Selection } from "./selection.js";
import { Tabs } from "./tabs.js";
import { Wake } from "./wake.js";

/** @typedef {import("../core/endpoint.js").Told} Told */
/** @typedef {import("./layout.js").Screen} Screen */
/** @typedef {import("../pki/inspect.js").Summary} Summary */
/** @typedef {import("./texts.js").Texts} Texts */

export class App {
  /** @param {HTMLElement} root @param {Map<string, Texts>} catalogues @param {string} language */
  constructor(root, catalogues, language) {
    this._catalogues = catalogues;
    this.texts = /** @type {Texts} */ (catalogues.get(language));
    this._layout = new Layout(root, (language) => this._speak(language));
    this._layout.speak(this.texts);
    this._wake = new Wake();
    this._tabs = new Tabs(
      () => this.isBusy,
      () => this._layout.connection(this.texts.say("page.opened_again")),
    );
    /** @type {() => Screen} */
    this._screen = () => screens.start(this.texts);
    this._session = this._newSession();
  }

  _newSession() {
    return {
      /** @type {Link | null} */
      link: null,
      /** @type {Endpoint | null} */
      endpoint: null,
      peer: "",
      step: "",
      selection: new Selection(() => this._draw()),
      /** @type {import("../core/bodies.js").ItemResult[]} */
      results: [],
      /** Whether the person has been told how it ended. */
      isDone: false,
    };
  }

  /** Show that there is nothing to do. @param {boolean} isReload */
  idle(isReload) {
    this.show(() => (isReload ? screens.reloaded(this.texts) : screens.start(this.texts)));
  }

  /** Follow a scanned address.  An older session gives way. @param {string} address */
  async follow(address) {
    this.leave();
    const session = this._newSession();
    this._session = session;
    try {
      const qr = parseQr(address);
      const random = (/** @type {number} */ size) => crypto.getRandomValues(new Uint8Array(size));
      this.show(() => screens.connecting(this.texts, { cancel: () => this._cancel() }));
      const [hello, isFirst] = await Promise.all([describeDevice(), this._tabs.claim(address)]);
      if (this._session !== session || session.isDone) return; // scanned again, or cancelled
      if (!isFirst) return this.show(() => openElsewhere(this.texts));
      const endpoint = new Endpoint({ qr, secrets: freshSecrets(random), hello });
      const url = qr.origin.text.replace(/^http/, "ws") + SOCKET_PATH;
      session.endpoint = endpoint;
      session.link = new Link(endpoint, url, (event) => this._told(event));
      session.link.start();
      this._wake.keep(true);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this._end(error.code, {}, false);
    }
  }

  /** Whether leaving the page now would break something off. */
  get isBusy() {
    return this._session.endpoint !== null && !this._session.isDone;
  }

  /** End what is going on, without a screen. */
  leave() {
    const { link, endpoint } = this._session;
    if (link === null || endpoint === null) return;
    this._wake.keep(false);
    link.carryOut(endpoint.cancel(now()));
    link.stop();
  }

  // --- what the driver tells ---------------------------------------------------------

  /** @param {Told} event */
  _told(event) {
    const texts = this.texts;
    switch (event.is) {
      case "paired":
        return this._layout.connection("");
      case "back":
        return this._layout.connection(texts.say("page.waiting.back"), "good");
      case "waiting":
        return this._layout.connection(texts.say(`page.waiting.${event.why}`));
      case "peer":
        this._session.peer = event.hello.name;
        return undefined;
      case "choose":
        return this._choose();
      case "number":
        return this.show(() =>
          receive.showNumber(this.texts, { peer: this._session.peer, number: event.number }, this._act),
        );
      case "number_wrong":
        return this._typeNumber(event.left);
      case "matched":
        return this._moved(0, 0, true);
      case "peer_step":
        this._session.step = event.step;
        return this._layout.peer(texts.say(`page.step.${event.step}`));
      case "moved":
        return this._moved(event.bytes, event.total, false);
      case "arrived":
        return this._arrived(event.items);
      case "question_over":
        return this._end("no_answer", {}, false);
      case "receipt":
        this._session.results = event.results;
        return undefined;
      case "second_scan":
        return this._layout.connection(texts.say("page.second_scan"));
      case "ended":
        return this._ended(event);
    }
  }

  /** @param {Extract<Told, {is: "ended"}>} event */
  _ended({ code, details, byPeer }) {
    this._wake.keep(false);
    this._layout.peer("");
    this._layout.connection("");
    if (this._session.isDone) return; // the receiver has told its person already
    this._session.isDone = true;
    if (this._session.results.length === 0) return this._end(code || "internal", details, byPeer);
    const copy = {
      items: this._session.selection.chosen.map((each) => each.summary),
      results: this._session.results,
      peer: this._session.peer,
      today: Date.now(),
    };
    return this.show(() => screens.sent(this.texts, copy));
  }

  /** @param {string} code @param {Record<string, string | number>} details @param {boolean} byPeer */
  _end(code, details, byPeer) {
    this._session.isDone = true;
    this.show(() => screens.ended(this.texts, { code, details, byPeer }));
  }

  // --- sending -----------------------------------------------------------------------

  _choose() {
    this.show(() => {
      const { chosen, halves, leftOut, isReady } = this._session.selection;
      const given = { peer: this._session.peer, chosen, halves, leftOut, isReady, today: Date.now() };
      return send.choose(this.texts, given, {
        pick: (files) => void this._session.selection.add(files),
        checkPassword: (each, password) => void this._checkPassword(each, password),
        remove: (each) => this._session.selection.remove(each),
        next: () => {
          this._do((endpoint) => endpoint.beginTyping(now()));
          this._typeNumber(null);
        },
        cancel: () => this._cancel(),
      });
    });
  }

  /** @param {import("./selection.js").Chosen} chosen @param {string} password */
  async _checkPassword(chosen, password) {
    await this._session.selection.check(chosen, password);
    const again = document.getElementById(`password-${chosen.id}`);
    if (again !== null) again.focus();
  }

  /** @param {number | null} wrongLeft */
  _typeNumber(wrongLeft) {
    this.show(() =>
      send.typeNumber(
        this.texts,
        { peer: this._session.peer, wrongLeft },
        {
          send: (typed) => this._typed(typed),
          back: () => {
            this._do((endpoint) => endpoint.chooseAgain(now()));
            this._choose();
          },
          cancel: () => this._cancel(),
        },
      ),
    );
    const input = document.getElementById("number");
    if (input !== null) input.focus();
  }

  /** @param {string} typed */
  _typed(typed) {
    try {
      this._do((endpoint) => endpoint.typeNumber(typed, this._session.selection.items, now()));
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this._layout.warn(this.texts.say("error.too_many_selected"));
    }
  }

  // --- receiving ---------------------------------------------------------------------

  /** @param {(import("../core/bundle.js").Item | null)[]} items */
  _arrived(items) {
    const arrived = items.map((item) => {
      const summary = item === null ? null : tryInspect(item);
      const reason = item === null ? "bad_digest" : "bad_certificate";
      return { summary, reason, isWanted: summary !== null };
    });
    const isAnyGood = arrived.some((each) => each.summary !== null);
    const finish = (/** @type {boolean} */ isYes) => {
      const wanted = isYes ? arrived.filter((each) => each.isWanted) : [];
      const isHandedOver = wanted.length > 0 && this._save(wanted.map((each) => each.summary));
      const results = arrived.map((each) => {
        if (each.summary === null) return { status: "rejected", reason: each.reason };
        if (!wanted.includes(each)) return { status: "rejected", reason: "declined" };
        return isHandedOver ? { status: "stored" } : { status: "rejected", reason: "disk" };
      });
      this._do((endpoint) => endpoint.finishSaving(results, now()));
      const failure = wanted.length > 0 ? "disk" : isAnyGood ? "declined" : "bad_certificate";
      if (!isHandedOver) this._end(failure, {}, false);
    };
    if (!isAnyGood) return finish(false);
    return this.show(() =>
      receive.ask(
        this.texts,
        { peer: this._session.peer, arrived, today: Date.now() },
        {
          want: (each, isWanted) => {
            Object.assign(each, { isWanted });
            this._draw();
          },
          save: () => finish(true),
          decline: () => finish(false),
        },
      ),
    );
  }

  /** Hand the files over; false if the browser cannot. @param {(Summary | null)[]} wanted */
  _save(wanted) {
    const kept = wanted.flatMap((summary) => (summary === null ? [] : [summary]));
    this._do((endpoint) => endpoint.beginSaving(now()));
    let file;
    try {
      file = download(kept, this.texts.say("page.saved.file_of_several", { count: kept.length }));
      startDownload(file);
    } catch {
      return false;
    }
    const again = { again: () => startDownload(file) };
    const given = { file: file.name, kept, today: Date.now() };
    this._session.isDone = true;
    this.show(() => receive.saved(this.texts, given, again));
    return true;
  }

  // --- all ---------------------------------------------------------------------------

  get _act() {
    return { cancel: () => this._cancel() };
  }

  /** @param {number} bytes @param {number} total @param {boolean} isNew */
  _moved(bytes, total, isNew) {
    const screen = () => screens.moving(this.texts, { bytes, total }, this._act);
    if (isNew) this.show(screen);
    else {
      this._screen = screen;
      this._draw();
    }
  }

  _cancel() {
    if (this._session.endpoint === null) this._end("cancelled", {}, false);
    else this._do((endpoint) => endpoint.cancel(now()));
  }

  /** @param {(endpoint: Endpoint) => import("../core/endpoint.js").Order[]} step */
  _do(step) {
    const { link, endpoint } = this._session;
    if (link !== null && endpoint !== null) link.carryOut(step(endpoint));
  }

  /** @param {() => Screen} screen */
  show(screen) {
    this._screen = screen;
    this._layout.show(screen(), true);
  }

  /** Draw the same screen again. */
  _draw() {
    this._layout.show(this._screen(), false);
  }

  /** @param {string} language */
  _speak(language) {
    this.texts = /** @type {Texts} */ (this._catalogues.get(language));
    this._layout.speak(this.texts);
    this._layout.connection("");
    this._layout.peer(this._session.step === "" || this._session.isDone ? "" : this.texts.say(`page.step.${this._session.step}`));
    this._draw();
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
