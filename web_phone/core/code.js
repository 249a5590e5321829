// The typed code: the QR code's content, handed over by 12 to 14 digits.
//
//   code   = lobby ‖ secret          shown as 4821 7730 1946
//   lobby  = 4 to 6 digits           by the relay: where to find G.  Not secret
//   secret = 8 digits                by G, new for every code.  Never sent
//
// Source: docs/protocol.md §10.

import { chacha20poly1305, expand, extract, sha256 } from "../vendor/crypto.js";
import { concat, uint, utf8 } from "./bytes.js";
import { Exchange, SID_BYTES } from "./cpace.js";
import { labelled } from "./derive.js";
import { CertRelayError, stateError } from "./errors.js";
import { qrAt, readPayload } from "./qr.js";

const SECRET_DIGITS = 8;
const FEWEST_LOBBY_DIGITS = 4;
const MOST_LOBBY_DIGITS = 6;
/** Each key seals one payload. */
const NONCE = new Uint8Array(12);

/** @typedef {{lobby: string, secret: string}} Code both as digits; `0042` is not `00042` */

/**
 * Read what a person typed; blanks and hyphens are passed over.
 * @param {string} typed
 * @returns {Code}
 * @throws {CertRelayError} `code_shape`, if it is no code
 */
export function parseCode(typed) {
  const digits = typed.replace(/[ -]/g, "");
  const lobbyDigits = digits.length - SECRET_DIGITS;
  const isLength = lobbyDigits >= FEWEST_LOBBY_DIGITS && lobbyDigits <= MOST_LOBBY_DIGITS;
  if (!isLength || !/^[0-9]*$/.test(digits)) throw new CertRelayError("code_shape");
  return { lobby: digits.slice(0, lobbyDigits), secret: digits.slice(lobbyDigits) };
}

/** S, whose person has typed a code: good for one answer. */
export class Entering {
  /**
   * @param {Code} code
   * @param {import("./origin.js").Origin} origin the page's own; it must be G's
   * @param {import("./cpace.js").Random} random gives the sid, the scalar and what blinds the map
   */
  constructor(code, origin, random) {
    this.lobby = code.lobby;
    this.sid = random(SID_BYTES);
    this._origin = origin;
    /** @type {Exchange | null} */
    this._exchange = new Exchange(codeInputs(code, origin, this.sid), true, random);
    this.share = this._exchange.share;
  }

  /**
   * Open the answer; the code is used up.
   * @param {Uint8Array} share
   * @param {Uint8Array} sealed
   * @returns {import("./qr.js").QrCode} as if it had been scanned
   * @throws {CertRelayError} `code_open`: other digits, or another origin; `low_order`; or the
   *   words of a scanned code
   */
  open(share, sealed) {
    const exchange = this._exchange;
    this._exchange = null;
    if (exchange === null) throw stateError("a code is used once");
    const key = codeKey(exchange.finish(share));
    let payload;
    try {
      payload = chacha20poly1305(key, NONCE, labelled("code")).decrypt(sealed);
    } catch {
      throw new CertRelayError("code_open");
    }
    return qrAt(this._origin, readPayload(payload));
  }
}

/** @param {Code} code @param {import("./origin.js").Origin} origin @param {Uint8Array} sid */
export function codeInputs(code, origin, sid) {
  const place = utf8(origin.text);
  return {
    secret: utf8(code.secret),
    channel: concat(labelled("code"), uint(place.length, 2), place, utf8(code.lobby)),
    sid,
    names: /** @type {[Uint8Array, Uint8Array]} */ ([labelled("S"), labelled("G")]),
  };
}

/** The key that seals the payload, 32 bytes. @param {Uint8Array} isk */
export function codeKey(isk) {
  return expand(sha256, extract(sha256, isk, labelled("code")), labelled("code key"), 32);
}
