// A typed code's way: from the digits to the QR code's content, on a socket of its own.
//
// It is driven as an Endpoint is: each call gives what is to be done, in order.  A code is
// entered once, and never again by itself.
//
// Source: docs/protocol.md §10.1.

import { Entering } from "./code.js";
import { CertRelayError } from "./errors.js";
import { ANSWER_S } from "./limits.js";
import { decodeFromRelay, enterMessage } from "./messages.js";

/** What the relay's refusals mean to who has typed a code. @type {Record<string, string>} */
const REFUSALS = {
  bad_message: "codes_unsupported",
  no_such_code: "no_such_code",
  rate_limited: "rate_limited",
  suspended: "suspended",
  try_later: "try_later",
};

/**
 * @typedef {{is: "entered", qr: import("./qr.js").QrCode} | {is: "ended", code: string}} CodeTold
 * @typedef {{do: "connect"} | {do: "disconnect"} | {do: "text", text: string}
 *   | {do: "tell", event: CodeTold}} CodeOrder
 */

export class CodeEntry {
  /**
   * @param {import("./code.js").Code} code
   * @param {import("./origin.js").Origin} origin the page's own
   * @param {import("./cpace.js").Random} random
   */
  constructor(code, origin, random) {
    this._entering = new Entering(code, origin, random);
    /** When to give up; Infinity while there is nothing to wait for. */
    this.deadline = Infinity;
    this.isOver = false;
    this._isSent = false;
  }

  /** @param {number} now @returns {CodeOrder[]} */
  start(now) {
    this.deadline = now + ANSWER_S;
    return [{ do: "connect" }];
  }

  /** @param {number} now @returns {CodeOrder[]} */
  opened(now) {
    this.deadline = now + ANSWER_S;
    this._isSent = true;
    const { lobby, sid, share } = this._entering;
    return [{ do: "text", text: enterMessage(lobby, sid, share) }];
  }

  /** @param {string} raw @returns {CodeOrder[]} */
  text(raw) {
    if (this.isOver) return [];
    try {
      const message = decodeFromRelay(raw);
      if (message.type === "answer") {
        const qr = this._entering.open(message.share, message.sealed);
        return this._end({ is: "entered", qr });
      }
      if (message.type === "error") return this._fail(REFUSALS[message.code] || "bad_message");
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      return this._fail(error.code);
    }
    return this._fail("bad_message");
  }

  /** A sealed message: nobody can have sent one. @returns {CodeOrder[]} */
  binary() {
    return this._fail("bad_message");
  }

  /** The socket is gone, and the code may be used up; or there never was one. @returns {CodeOrder[]} */
  lost() {
    return this._fail(this._isSent ? "code_unanswered" : "relay_unreachable");
  }

  /** @returns {CodeOrder[]} */
  refresh() {
    return [];
  }

  /** @param {number} now @returns {CodeOrder[]} */
  tick(now) {
    return now < this.deadline ? [] : this._fail("code_unanswered");
  }

  /** The person cancels, or the page goes away. @returns {CodeOrder[]} */
  closePage() {
    return this._fail("cancelled");
  }

  /** @param {string} code @returns {CodeOrder[]} */
  _fail(code) {
    return this.isOver ? [] : this._end({ is: "ended", code });
  }

  /** @param {CodeTold} event @returns {CodeOrder[]} */
  _end(event) {
    this.isOver = true;
    this.deadline = Infinity;
    return [{ do: "disconnect" }, { do: "tell", event }];
  }
}
