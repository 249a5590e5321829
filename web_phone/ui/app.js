// One scan from its address to its end: which screen follows what happened.

import { Endpoint } from "../core/endpoint.js";
import { CertRelayError } from "../core/errors.js";
import { freshSecrets } from "../core/handshake.js";
import { SOCKET_PATH } from "../core/messages.js";
import { parseQr } from "../core/qr.js";
import { describeDevice } from "./device.js";
import { Layout } from "./layout.js";
import { Link, now } from "./link.js";
import { Receiving } from "./receiving.js";
import * as screens from "./screens.js";
import { openElsewhere } from "./screens_in_app.js";
import { Sending } from "./sending.js";
import { Tabs } from "./tabs.js";
import { TypedCode } from "./typed_code.js";
import { Wake } from "./wake.js";

/** @typedef {import("../core/endpoint.js").Told} Told */
/** @typedef {import("./layout.js").Screen} Screen */
/** @typedef {import("./texts.js").Texts} Texts */

/** Codes after which the same QR code can be used again, if nobody has joined with it. */
const RETRYABLE = ["relay_unreachable", "connection_lost", "rate_limited", "try_later"];

export class App {
  /** @param {HTMLElement} root @param {Map<string, Texts>} catalogues @param {string} language */
  constructor(root, catalogues, language) {
    this._catalogues = catalogues;
    this.texts = /** @type {Texts} */ (catalogues.get(language));
    this._layout = new Layout(root, (asked) => this._speak(asked));
    this._layout.speak(this.texts);
    this._wake = new Wake();
    this._tabs = new Tabs(
      () => this.isBusy,
      () => this._layout.connection(this.texts.say("page.opened_again")),
    );
    this._code = new TypedCode(this);
    /** @type {() => Screen} */
    this._screen = () => this._scanAgain();
    this._session = this._newSession("");
    setInterval(() => this._showClock(), 500);
  }

  /** @param {string} address */
  _newSession(address) {
    return {
      address,
      /** @type {Link<Told> | null} */
      link: null,
      /** @type {Endpoint | null} */
      endpoint: null,
      sending: new Sending(this),
      receiving: new Receiving(this),
      isSender: false,
      /** Whether its code was typed: then another one can be, too. */
      isTyped: address !== "" && address === this._code.address,
      /** Whether the code has been used: a seat in the room is taken. */
      isPaired: false,
      /** The PC's address where it relays by itself; else empty. */
      pc: "",
      peer: "",
      step: "",
      moved: { bytes: 0, total: 0 },
      /** Whether the person has been told how it ended. */
      isDone: false,
    };
  }

  /** Show that there is nothing to do yet, or no more. @param {boolean} isReload */
  idle(isReload) {
    if (isReload && !this._session.isTyped) this.show(() => this._scanAgain());
    else this._code.ask();
  }

  _scanAgain() {
    return screens.scanAgain(this.texts, { typeCode: () => this._code.ask() });
  }

  /** Follow a scanned address.  An older session gives way. @param {string} address */
  async follow(address) {
    this.leave();
    const session = this._newSession(address);
    this._session = session;
    try {
      const qr = parseQr(address);
      const random = (/** @type {number} */ size) => crypto.getRandomValues(new Uint8Array(size));
      this.show(() => screens.connecting(this.texts, { cancel: () => this.cancel() }));
      const [hello, isFirst] = await Promise.all([describeDevice(), this._tabs.claim(address)]);
      if (this._session !== session || session.isDone) return; // scanned again, or cancelled
      if (!isFirst) return this.show(() => openElsewhere(this.texts));
      session.isSender = qr.direction === "toPC";
      session.pc = qr.origin.isLocal ? new URL(qr.origin.text).hostname : "";
      const endpoint = new Endpoint({ qr, secrets: freshSecrets(random), hello });
      const url = qr.origin.text.replace(/^http/, "ws") + SOCKET_PATH;
      session.endpoint = endpoint;
      session.link = new Link(endpoint, url, (event) => this._told(event));
      session.link.start();
      this._wake.keep(true);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this.end(error.code);
    }
  }

  /** Whether leaving the page now would break something off. */
  get isBusy() {
    return this._session.endpoint !== null && !this._session.isDone;
  }

  /** What the other device calls itself. */
  get peer() {
    return this._session.peer;
  }

  /** End what is going on, without a screen. */
  leave() {
    this._code.leave();
    const { link, endpoint } = this._session;
    if (link === null || endpoint === null) return;
    this._wake.keep(false);
    link.carryOut(endpoint.cancel(now()));
    link.stop();
  }

  // --- what the driver tells ---------------------------------------------------------

  /** @param {Told} event */
  _told(event) {
    const { texts, _session: session } = this;
    switch (event.is) {
      case "paired":
        session.isPaired = true;
        return this._layout.connection("");
      case "back":
        return this._layout.connection(texts.say("page.waiting.back"), "good");
      case "waiting":
        return this._layout.connection(texts.say(`page.waiting.${event.why}`));
      case "peer":
        session.peer = event.hello.name;
        return undefined;
      case "choose":
        return session.sending.choose();
      case "number":
        return session.receiving.showNumber(event.number);
      case "number_wrong":
        return session.sending.typeNumber(event.left);
      case "matched":
        return this._moving(true);
      case "peer_step":
        return this._peerStep(event.step);
      case "moved":
        session.moved = { bytes: event.bytes, total: event.total };
        return this.draw();
      case "arrived":
        return session.receiving.arrived(event.items);
      case "question_over":
        return this.end("no_answer");
      case "unconfirmed":
        return this.end("unconfirmed");
      case "receipt":
        session.sending.results = event.results;
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
    const screen = this._session.sending.sent();
    if (screen === null && code === "page_closed" && !byPeer) return this._closedAndBack();
    if (screen === null) return this.end(code || "internal", details, byPeer);
    this._session.isDone = true;
    this.show(screen);
  }

  /** Left, and shown again as it was: there is no more to do here than after a reload. */
  _closedAndBack() {
    this._session.isDone = true;
    this.idle(true);
  }

  /** @param {boolean} isNew */
  _moving(isNew) {
    const session = this._session;
    const screen = () => {
      const { moved, isSender, peer, step: peerStep } = session;
      const act = { cancel: () => this.cancel() };
      return screens.moving(this.texts, { ...moved, isSender, peer, peerStep }, act);
    };
    this.show(screen, isNew);
  }

  /** @param {string} step */
  _peerStep(step) {
    const session = this._session;
    session.step = step;
    // What the PC asks its person is the next thing to do, so it has a screen of its own.
    const isAsked = session.isSender && (step === "asking" || step === "saving");
    this._layout.peer(isAsked ? "" : this.texts.say(`page.step.${step}`));
    if (isAsked) this._moving(true);
  }

  // --- for the two directions, too ---------------------------------------------------

  /** @param {string} code @param {Record<string, string | number>} [details] @param {boolean} [byPeer] */
  end(code, details = {}, byPeer = false) {
    const session = this._session;
    session.isDone = true;
    this._wake.keep(false);
    this._layout.peer("");
    const { pc, isPaired, address } = session;
    const canRetry = !isPaired && RETRYABLE.includes(code);
    const act = { retry: () => void this.follow(address), restart: () => this.idle(true) };
    this.show(() => screens.ended(this.texts, { code, details, byPeer, pc, canRetry }, act));
  }

  /** It ended well, and the person has been told. @param {() => Screen} screen */
  done(screen) {
    this._session.isDone = true;
    this.show(screen);
  }

  /** The person has read how it ended: the page may go. */
  close() {
    this.show(() => screens.finished(this.texts));
    window.close(); // only where a script or a link in an app has opened it
  }

  cancel() {
    if (this._session.endpoint === null) this.end("cancelled");
    else this.do((endpoint) => endpoint.cancel(now()));
  }

  /** @param {(endpoint: Endpoint) => import("../core/endpoint.js").Order[]} step */
  do(step) {
    const { link, endpoint } = this._session;
    if (link !== null && endpoint !== null) link.carryOut(step(endpoint));
    this._showClock();
  }

  /** Say at once what is wrong. @param {string} text */
  warn(text) {
    this._layout.warn(text);
  }

  /** @param {() => Screen} screen @param {boolean} [isNew] */
  show(screen, isNew = true) {
    this._screen = screen;
    this._layout.show(screen(), isNew);
    this._showClock();
  }

  /** Draw the same screen again. */
  draw() {
    this.show(this._screen, false);
  }

  _showClock() {
    const { endpoint, isDone } = this._session;
    const clock = endpoint === null || isDone ? null : endpoint.clock;
    if (clock === null || endpoint === null) return this._layout.clock(null);
    const prolong = endpoint.canProlong ? () => this.do((each) => each.prolong(now())) : null;
    return this._layout.clock({ left: clock.until - now(), prolong });
  }

  /** @param {string} language */
  _speak(language) {
    this.texts = /** @type {Texts} */ (this._catalogues.get(language));
    this._layout.speak(this.texts);
    this._layout.connection("");
    const { step, isDone, isSender } = this._session;
    const isShown = step !== "" && !isDone && !(isSender && (step === "asking" || step === "saving"));
    this._layout.peer(isShown ? this.texts.say(`page.step.${step}`) : "");
    this.draw();
  }
}
