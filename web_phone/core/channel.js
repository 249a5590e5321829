// The sealed channel: frames in order, each exactly once, over any number of connections.
//
//   Unconfirmed ──confirm(typed)────▶ Confirmed     at the sender: the number matched
//   Unconfirmed ──confirmedBy(offer)▶ Confirmed     at the receiver: OFFER says so
//
// Before the number matched only PROGRESS and CLOSE can be sealed.  A frame is encrypted
// once and repeated as the same bytes; counters move only after success; a reconnect is only
// a new carrier.  The first forged message kills the channel for good.
//
// The caller passes every 0x10 and 0x11 message to `receive`, calls `take` after each step
// and sends what it gives, calls `tick` when `deadline` has come, and `repeat` after a new
// connection.  Times are seconds on a monotonic clock.
//
// Source: docs/protocol.md §6 and §7.

import { decodeBody, encodeBody } from "./bodies.js";
import { equal, utf8 } from "./bytes.js";
import { CertRelayError, stateError } from "./errors.js";
import { ACK_BYTES, CARRIER, FRAME_BYTES, numberOf } from "./frame.js";
import { openAck, openFrame, sealAck, sealFrame, unpad } from "./frame.js";
import { FRAME_REPEAT_S, MAX_SEQ, NUMBER_TRIES, WINDOW_FRAMES } from "./limits.js";

/** @typedef {import("./bodies.js").Body} Body */
/** @typedef {Extract<Body, {is: "progress" | "close"}>} Early what may be said before the number matched */

/** Counters, window and repetition of one end; knows nothing of the number. */
export class Delivery {
  /** @param {Uint8Array} sendKey @param {Uint8Array} receiveKey */
  constructor(sendKey, receiveKey) {
    this._sendKey = sendKey;
    this._receiveKey = receiveKey;
    /** @type {Body[]} */
    this._waiting = [];
    /** @type {Uint8Array[]} */
    this._unacknowledged = [];
    /** @type {Uint8Array[]} */
    this._outgoing = [];
    this._nextSeq = 0;
    this._firstUnacknowledged = 0;
    this._nextN = 0;
    this._expected = 0;
    this._owesAck = false;
    this._repeats = 0;
    this._repeatAt = Infinity;
    this._oldestSince = Infinity;
    this._dead = false;
  }

  /** Whether the other end has acknowledged everything. */
  get isSettled() {
    return this._waiting.length === 0 && this._unacknowledged.length === 0;
  }

  /** Whether a forged message ended it. */
  get isDead() {
    return this._dead;
  }

  /** Frames given to `send` so far, and how many of them the other end has acknowledged. */
  get counters() {
    return {
      queued: this._nextSeq + this._waiting.length,
      acknowledged: this._firstUnacknowledged,
    };
  }

  /** The time at which `tick` is due; Infinity for never. */
  get deadline() {
    return this._dead ? Infinity : this._repeatAt;
  }

  /** Since when the oldest frame waits for its acknowledgement; Infinity for not at all. */
  get waitingSince() {
    return this._dead ? Infinity : this._oldestSince;
  }

  /** Queue a body; it is sealed when the window has room. @param {Body} body */
  send(body) {
    this._checkAlive();
    this._waiting.push(body);
  }

  /** Owe the other end an acknowledgement: of m3, which is no frame. */
  acknowledge() {
    this._owesAck = true;
  }

  /**
   * Take a 0x10 or 0x11 message.
   * @param {Uint8Array} message
   * @param {number} now
   * @returns {Body | null} the next frame's body; null for an acknowledgement and for a frame
   *   that came before or comes too early
   * @throws {CertRelayError} `bad_tag`, `frame_length`, `carrier_type`, `bad_ack`: the channel is
   *   dead.  A payload's or body's fault: the frame counts as taken, and the caller closes.
   */
  receive(message, now) {
    this._checkAlive();
    let opened;
    try {
      opened = this._open(message, now);
    } catch (error) {
      this._dead = true;
      throw error;
    }
    return opened === null ? null : decodeBody(opened.kind, unpad(opened.kind, opened.payload));
  }

  /** @param {Uint8Array} message @param {number} now */
  _open(message, now) {
    if (message[0] === CARRIER.ACK) {
      if (message.length !== ACK_BYTES) throw new CertRelayError("frame_length");
      this._forgetUntil(openAck(this._receiveKey, message), now);
      return null;
    }
    if (message[0] !== CARRIER.FRAME) throw new CertRelayError("carrier_type");
    if (!FRAME_BYTES.includes(message.length)) throw new CertRelayError("frame_length");
    const seq = numberOf(message);
    if (seq !== this._expected) {
      // A repetition: our acknowledgement was lost.  A gap: the sender repeats.
      this._owesAck = this._owesAck || seq < this._expected;
      return null;
    }
    const opened = openFrame(this._receiveKey, message);
    this._forgetUntil(opened.ack, now);
    this._expected += 1;
    this._owesAck = true;
    return opened;
  }

  /** @param {number} nextSeq @param {number} now */
  _forgetUntil(nextSeq, now) {
    if (nextSeq > this._nextSeq) throw new CertRelayError("bad_ack");
    if (nextSeq <= this._firstUnacknowledged) return;
    this._unacknowledged.splice(0, nextSeq - this._firstUnacknowledged);
    this._firstUnacknowledged = nextSeq;
    this._repeats = 0;
    const isAnyLeft = this._unacknowledged.length > 0;
    this._repeatAt = isAnyLeft ? now + FRAME_REPEAT_S[0] : Infinity;
    this._oldestSince = isAnyLeft ? now : Infinity;
  }

  /**
   * Give the messages to send now, in order.  An acknowledgement of its own is among them
   * only where no new frame carries it.
   * @param {number} now
   */
  take(now) {
    if (this._dead) return [];
    let sealedOne = false;
    while (this._waiting.length > 0 && this._unacknowledged.length < WINDOW_FRAMES) {
      this._seal(/** @type {Body} */ (this._waiting.shift()), now);
      sealedOne = true;
    }
    if (this._owesAck && !sealedOne) {
      this._outgoing.push(sealAck(this._sendKey, this._nextN, this._expected));
      this._nextN += 1;
    }
    this._owesAck = false;
    return this._outgoing.splice(0);
  }

  /** @param {Body} body @param {number} now */
  _seal(body, now) {
    if (this._nextSeq > MAX_SEQ) throw stateError("a session has fewer frames");
    const [kind, raw] = encodeBody(body);
    const sealed = sealFrame(this._sendKey, this._nextSeq, kind, this._expected, raw);
    this._nextSeq += 1;
    this._unacknowledged.push(sealed);
    this._outgoing.push(sealed);
    if (this._repeatAt === Infinity) {
      this._repeatAt = now + FRAME_REPEAT_S[0];
      this._oldestSince = now;
    }
  }

  /** Repeat everything unacknowledged, if its time has come. @param {number} now */
  tick(now) {
    if (this._dead || now < this._repeatAt) return;
    this._outgoing.push(...this._unacknowledged);
    this._repeats = Math.min(this._repeats + 1, FRAME_REPEAT_S.length - 1);
    this._repeatAt = now + FRAME_REPEAT_S[this._repeats];
  }

  /** Repeat everything unacknowledged at once: there is a new connection. @param {number} now */
  repeat(now) {
    if (this._unacknowledged.length === 0) return;
    this._repeats = 0;
    this._outgoing = [...this._unacknowledged];
    this._repeatAt = now + FRAME_REPEAT_S[0];
    this._oldestSince = now;
  }

  /** End the channel: nothing is sealed or opened any more. */
  kill() {
    this._dead = true;
    this._waiting = [];
    this._unacknowledged = [];
  }

  _checkAlive() {
    if (this._dead) throw stateError("the channel is dead");
  }
}

/** The channel stands; people have not yet compared the number. */
export class Unconfirmed {
  /** @param {import("./handshake.js").SessionKeys} keys @param {"g" | "s"} [role] which end this is */
  constructor(keys, role = "s") {
    this.number = keys.number;
    this.delivery =
      role === "s" ? new Delivery(keys.s2g, keys.g2s) : new Delivery(keys.g2s, keys.s2g);
    this.triesLeft = NUMBER_TRIES;
  }

  /** Queue PROGRESS or CLOSE. @param {Early} body */
  send(body) {
    this.delivery.send(body);
  }

  /**
   * Compare what the person typed on the sender; blanks are ignored.
   * @param {string} typed
   * @returns {Confirmed | null} null if the numbers differ
   */
  confirm(typed) {
    if (this.triesLeft <= 0) throw stateError("no tries left");
    if (equal(utf8(typed.replace(/\s/g, "")), utf8(this.number))) {
      this.triesLeft = 0;
      return new Confirmed(this.delivery);
    }
    this.triesLeft -= 1;
    return null;
  }

  /** Take the sender's OFFER as its word that the number matched. @param {Extract<Body, {is: "offer"}>} _offer */
  confirmedBy(_offer) {
    this.triesLeft = 0;
    return new Confirmed(this.delivery);
  }
}

/** The number matched: certificates may travel. */
export class Confirmed {
  /** @param {Delivery} delivery */
  constructor(delivery) {
    this.delivery = delivery;
  }

  /** Queue any body. @param {Body} body */
  send(body) {
    this.delivery.send(body);
  }
}
