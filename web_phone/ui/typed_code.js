// A typed code, from its field to the question that a scan would have put by being made.

import { parseCode } from "../core/code.js";
import { CodeEntry } from "../core/code_entry.js";
import { CertRelayError } from "../core/errors.js";
import { SOCKET_PATH } from "../core/messages.js";
import { parseOrigin } from "../core/origin.js";
import { qrUrl } from "../core/qr.js";
import { enter } from "./entering.js";
import { Link } from "./link.js";
import { connecting, whyAndHint } from "./screens.js";
import { confirmDirection, typeCode } from "./screens_code.js";

/** @typedef {import("../core/code_entry.js").CodeTold} CodeTold */
/** @typedef {import("../core/qr.js").QrCode} QrCode */

/**
 * @typedef {object} Shown what the page's app offers
 * @property {import("./texts.js").Texts} texts
 * @property {(screen: () => import("./layout.js").Screen) => void} show
 * @property {(address: string) => Promise<void>} follow
 * @property {(code: string) => void} end
 */

/** Codes that say what is wrong with the QR code's content: told as for one that was scanned. */
const isOfQr = (/** @type {string} */ code) => code.startsWith("qr_");

export class TypedCode {
  /** @param {Shown} app */
  constructor(app) {
    this._app = app;
    /** @type {{link: Link<CodeTold>, entry: CodeEntry} | null} */
    this._entering = null;
    /** The address that the last code led to, as if it had been scanned. */
    this.address = "";
  }

  /** Ask for a code. @param {string} [wrong] what was wrong with the last one, as a code of an error */
  ask(wrong = "") {
    const app = this._app;
    const act = { enter: (/** @type {string} */ typed) => this._enter(typed) };
    app.show(() => typeCode(app.texts, { wrong: this._sentences(wrong), address: shownPlace() }, act));
  }

  /** Give up what was typed, without a screen. */
  leave() {
    if (this._entering === null) return;
    const { link, entry } = this._entering;
    this._entering = null;
    link.stop();
    link.carryOut(entry.closePage());
  }

  /** @param {string} wrong */
  _sentences(wrong) {
    if (wrong === "") return [];
    const pc = isLocal() ? location.hostname : "";
    return whyAndHint(this._app.texts, { code: wrong, pc }).filter((each) => each !== "");
  }

  /** @param {string} typed @returns {string[]} */
  _enter(typed) {
    /** @type {CodeEntry} */
    let entry;
    try {
      const random = (/** @type {number} */ size) => crypto.getRandomValues(new Uint8Array(size));
      entry = new CodeEntry(parseCode(typed), parseOrigin(place()), random);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      return this._sentences(error.code);
    }
    const url = place().replace(/^http/, "ws") + SOCKET_PATH;
    const link = new Link(entry, url, (/** @type {CodeTold} */ event) => this._told(event));
    this._entering = { link, entry };
    this._app.show(() => connecting(this._app.texts, { cancel: () => link.carryOut(entry.closePage()) }));
    link.start();
    return [];
  }

  /** @param {CodeTold} event */
  _told(event) {
    this._entering = null;
    if (event.is === "entered") return this._confirm(event.qr);
    if (isOfQr(event.code)) return this._app.end(event.code);
    return this.ask(event.code === "cancelled" ? "" : event.code);
  }

  /** Nothing has been joined yet: only a yes does that. @param {QrCode} qr */
  _confirm(qr) {
    const app = this._app;
    const act = {
      goOn: () => {
        this.address = qrUrl(qr);
        enter(app, this.address);
      },
      cancel: () => this.ask(),
    };
    app.show(() => confirmDirection(app.texts, qr, act));
  }
}

/** Where this page is: the origin of the relay that it came from. */
const place = () => new URL(".", location.href).href;

/** The same as the PC shows it beside the code. */
const shownPlace = () => place().replace(/^https?:\/\//, "").replace(/\/$/, "");

function isLocal() {
  try {
    return parseOrigin(place()).isLocal;
  } catch {
    return false;
  }
}
