// The talk with the relay: join, resume, lose the connection, come back.
//
// Pure: no socket and no clock.  The caller reports what happened with the time (seconds on
// a monotonic clock) and carries out the orders that come back:
//
//   {do: "connect"}   open a new socket; any older one is void
//   {do: "disconnect"}
//   {do: "text", text}
//
// What it means for the session goes to `listener`, one call each:
//
//   attached({first, peerHere})   in the room: m1, m3 or frames may be sent (again)
//   waiting(why)                  not in the room yet, or the other device is away
//   refused(code, details)        the relay said no, or the room is over: the end
//   secondScan()
//
// Source: docs/protocol.md §4 and §8.

import { tokenHash } from "./derive.js";
import { CertRelayError } from "./errors.js";
import { ANSWER_S, GRACE_S, JOIN_RETRY_S, LEAVE_WAIT_S, RECONNECT_S, UNCLAIMED_S } from "./limits.js";
import { decodeFromRelay, joinMessage, leaveMessage, resumeMessage } from "./messages.js";

/** Seconds for which a relay that cannot be reached at all is tried. */
export const UNREACHABLE_S = 30;

/** Seconds until the next try where a busy relay names none. */
const BUSY_S = 5;
const LONGEST_BUSY_S = 30;
/** Answers to a `resume` after which the relay may know the room again: it restarted, or is full. */
const PASSING = ["no_such_room", "try_later", "rate_limited"];

/** @typedef {{do: "connect"} | {do: "disconnect"} | {do: "text", text: string}} Order */
/**
 * @typedef {object} Listener
 * @property {(how: {first: boolean, peerHere: boolean}) => void} attached
 * @property {(why: "peer_not_ready" | "busy" | "lost" | "peer_gone") => void} waiting
 * @property {(code: string, details?: Record<string, string>) => void} refused
 * @property {() => void} secondScan
 */

export class RoomTalk {
  /**
   * @param {object} given
   * @param {Uint8Array} given.join
   * @param {Uint8Array} given.room
   * @param {Uint8Array} given.token
   * @param {import("./hello.js").Hello} given.hello
   * @param {Listener} listener
   * @param {Order[]} orders where orders are put
   */
  constructor({ join, room, token, hello }, listener, orders) {
    this._firstJoin = joinMessage(join, tokenHash(token), hello);
    this._laterJoin = joinMessage(join, tokenHash(token), hello, token);
    this._hasAsked = false;
    this._resume = resumeMessage(room, token);
    this._listener = listener;
    this._orders = orders;
    /** Set by the caller when m2 has opened: from then on only `resume`. */
    this.mayJoin = true;
    this.isAttached = false;
    this.isPeerHere = false;
    this._link = /** @type {"down" | "opening" | "open" | "leaving" | "over"} */ ("down");
    this._wasPaired = false;
    this._reconnectAt = Infinity;
    this._answerBy = Infinity;
    this._joinAgainAt = Infinity;
    this._giveUpAt = Infinity;
    this._expiresAt = Infinity;
    this._hangUpAt = Infinity;
  }

  /** Whether there is no socket any more, and will be none. */
  get isOver() {
    return this._link === "over";
  }

  /** The time at which `tick` is due. */
  get deadline() {
    return Math.min(
      this._reconnectAt,
      this._answerBy,
      this._joinAgainAt,
      this._giveUpAt,
      this._expiresAt,
      this._hangUpAt,
    );
  }

  /** @param {number} now */
  start(now) {
    this._giveUpAt = now + UNREACHABLE_S;
    this._expiresAt = now + UNCLAIMED_S;
    this._connect(now);
  }

  /** The socket is open, with the subprotocol agreed. @param {number} now */
  opened(now) {
    if (this._link !== "opening") return;
    this._link = "open";
    this._answerBy = now + ANSWER_S;
    // Before m2 the relay may have forgotten the room; afterwards only the token counts.
    if (this.mayJoin) this._askToJoin();
    else this._say(this._resume);
  }

  /** The socket closed, or never opened. @param {number} now @param {number} jitter 0 to 1 */
  lost(now, jitter) {
    if (this._link === "over" || this._link === "down") return;
    if (this._link === "leaving") return this.hangUp();
    this._down(now);
    this._reconnectAt = now + RECONNECT_S[0] + jitter * (RECONNECT_S[1] - RECONNECT_S[0]);
  }

  /** The device woke up or has a network again: an old socket may be dead. @param {number} now */
  refresh(now) {
    if (this._link === "over" || this._link === "leaving") return;
    if (this._link !== "down") {
      this._orders.push({ do: "disconnect" });
      this._down(now);
    }
    this._connect(now);
  }

  /**
   * Leave the room for good.  The socket stays for the relay's close, some seconds at most: what
   * is hung up on with `leave` still under way may look like a loss.
   * @param {number} now
   */
  leave(now) {
    if (this._link === "over" || this._link === "leaving") return;
    if (!this.isAttached) return this.hangUp();
    this._say(leaveMessage());
    this._stopTimers();
    this._link = "leaving";
    this.isAttached = false;
    this._hangUpAt = now + LEAVE_WAIT_S;
  }

  /** Hang up without a word. */
  hangUp() {
    if (this._link !== "down" && this._link !== "over") this._orders.push({ do: "disconnect" });
    this._link = "over";
    this.isAttached = false;
    this._stopTimers();
  }

  /** @param {number} now @param {number} jitter 0 to 1 */
  tick(now, jitter) {
    if (this._link === "over") return;
    if (now >= this._hangUpAt) return this.hangUp();
    if (now >= this._giveUpAt) return this._end(this._wasPaired ? "connection_lost" : "relay_unreachable");
    if (now >= this._expiresAt) return this._end("expired");
    if (now >= this._answerBy) {
      this._orders.push({ do: "disconnect" });
      this.lost(now, jitter);
    }
    if (now >= this._joinAgainAt) {
      this._joinAgainAt = Infinity;
      this._askToJoin();
    }
    if (now >= this._reconnectAt) this._connect(now);
  }

  /**
   * A text message came.
   * @param {string} raw
   * @param {number} now
   * @param {number} jitter 0 to 1
   */
  text(raw, now, jitter) {
    if (this._link !== "open") return;
    let message;
    try {
      message = decodeFromRelay(raw);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      return this._end(error.code);
    }
    switch (message.type) {
      case "paired":
        return this._attach(true);
      case "resumed":
        return this._attach(message.peer === "here");
      case "peer_back":
        return this._attach(true);
      case "peer_gone":
        this.isPeerHere = false;
        return this._listener.waiting("peer_gone");
      case "second_scan":
        return this._listener.secondScan();
      case "answer": // only who has typed a code is answered
        return this._end("bad_message");
      case "closed":
        return this._end(message.reason);
      case "error":
        return this._failed(message, now, jitter);
    }
  }

  /** @param {boolean} peerHere */
  _attach(peerHere) {
    const first = !this._wasPaired;
    this._wasPaired = true;
    this.isAttached = true;
    this.isPeerHere = peerHere;
    this._stopTimers();
    this._listener.attached({ first, peerHere });
    if (!peerHere) this._listener.waiting("peer_gone");
  }

  /**
   * @param {Extract<import("./messages.js").FromRelay, {type: "error"}>} error
   * @param {number} now
   * @param {number} jitter
   */
  _failed(error, now, jitter) {
    if (error.code === "peer_not_ready" && !this.isAttached) {
      this._answerBy = Infinity;
      this._giveUpAt = this._wasPaired ? this._giveUpAt : Infinity;
      this._joinAgainAt = now + JOIN_RETRY_S;
      return this._listener.waiting("peer_not_ready");
    }
    const isBusy = error.code === "try_later" || error.code === "rate_limited";
    if (this._wasPaired ? PASSING.includes(error.code) : isBusy) {
      // The relay closes now; the next try goes on its own time.
      this._orders.push({ do: "disconnect" });
      this.lost(now, jitter);
      if (!isBusy) return undefined;
      const wait = error.retry_in_ms === undefined ? BUSY_S : error.retry_in_ms / 1000;
      this._reconnectAt = Math.max(this._reconnectAt, now + Math.min(wait, LONGEST_BUSY_S));
      if (this._wasPaired) return undefined;
      this._giveUpAt = Infinity;
      return this._listener.waiting("busy");
    }
    const details = { platform: "web", ...pick("found", error.found), ...pick("needed", error.needed) };
    return this._end(error.code, details);
  }

  /** @param {number} now */
  _down(now) {
    const wasAttached = this.isAttached;
    this._link = "down";
    this.isAttached = false;
    this._answerBy = Infinity;
    this._joinAgainAt = Infinity;
    if (this._wasPaired && this._giveUpAt === Infinity) this._giveUpAt = now + GRACE_S;
    if (wasAttached) this._listener.waiting("lost");
  }

  /** @param {number} now */
  _connect(now) {
    this._link = "opening";
    this._reconnectAt = Infinity;
    this._answerBy = now + ANSWER_S;
    this._orders.push({ do: "connect" });
  }

  /** @param {string} code @param {Record<string, string>} [details] */
  _end(code, details) {
    this.hangUp();
    this._listener.refused(code, details);
  }

  /** Each `join` but the first that was sent shows the token: a recorded one opens no seat. */
  _askToJoin() {
    this._say(this._hasAsked ? this._laterJoin : this._firstJoin);
    this._hasAsked = true;
  }

  /** @param {string} text */
  _say(text) {
    this._orders.push({ do: "text", text });
  }

  _stopTimers() {
    this._reconnectAt = Infinity;
    this._answerBy = Infinity;
    this._joinAgainAt = Infinity;
    this._giveUpAt = Infinity;
    this._expiresAt = Infinity;
    this._hangUpAt = Infinity;
  }
}

/** @param {string} key @param {string | undefined} value @returns {Record<string, string>} */
const pick = (key, value) => (value === undefined ? {} : { [key]: value });
