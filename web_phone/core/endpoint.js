// S's end of one session: handshake, number, transfer and closing, as one pure driver.
//
// Long because it is one state, as certrelay/endpoint/driver.py is.
//
// No socket, no clock, no randomness: the caller reports what happened (with the time in
// seconds on a monotonic clock) and carries out the orders that come back, in order:
//
//   {do: "connect"} {do: "disconnect"} {do: "text", text} {do: "binary", bytes}
//   {do: "tell", event}      for the screen, see `Told`
//
// toPC:     S's person chooses items and types the number, the content goes out, RECEIPT.
// toPhone:  S shows the number, OFFER and content come in, its person answers, RECEIPT.
//
// `ended` is told once.  Closing politely may take some seconds more; the screen need not
// wait for it.
//
// Source: docs/protocol.md §5 to §8.

import { REFUSALS } from "./bodies.js";
import { concat, uint } from "./bytes.js";
import { Unconfirmed } from "./channel.js";
import { tokenHash } from "./derive.js";
import { CertRelayError, stateError } from "./errors.js";
import { CARRIER } from "./frame.js";
import { Scanned } from "./handshake.js";
import { readHello, writeHello } from "./hello.js";
import * as limits from "./limits.js";
import { closeCode, closeReason, ofEnd, ofResults } from "./outcome.js";
import { checkPc } from "./release.js";
import { RoomTalk } from "./room_talk.js";
import { Receiver, Sender } from "./transfer.js";

/** @typedef {import("./bodies.js").Body} Body */
/** @typedef {import("./bodies.js").ItemResult} ItemResult */
/** @typedef {import("./bundle.js").Item} Item */
/** @typedef {Record<string, string | number>} Details */
/**
 * @typedef {{is: "paired"}
 *   | {is: "waiting", why: "peer_not_ready" | "busy" | "lost" | "peer_gone"}
 *   | {is: "back"}
 *   | {is: "peer", hello: import("./hello.js").Hello}
 *   | {is: "choose"}
 *   | {is: "number", number: string}
 *   | {is: "number_wrong", left: number}
 *   | {is: "matched"}
 *   | {is: "peer_step", step: string}
 *   | {is: "moved", bytes: number, total: number}
 *   | {is: "arrived", items: (Item | null)[]}
 *   | {is: "question_over"}
 *   | {is: "unconfirmed"}
 *   | {is: "receipt", results: ItemResult[]}
 *   | {is: "second_scan"}
 *   | {is: "ended", code: string | null, details: Details, byPeer: boolean}} Told
 *   `ended` with code null is success; `arrived` holds null in place of a damaged item;
 *   `unconfirmed`: nobody said in time that the file is there, and the receipt says so
 */
/** @typedef {{is: "number" | "question" | "seen" | "session", until: number}} Clock */
/**
 * @typedef {import("./room_talk.js").Order
 *   | {do: "binary", bytes: Uint8Array}
 *   | {do: "tell", event: Told}} Order
 */

/**
 * Seconds after which a connection that acknowledges nothing is replaced.  The protocol allows
 * a minute, but that is the relay's whole grace: a half-open connection would cost the session.
 */
const UNANSWERED_S = 25;

const NEVER = {
  repeat: Infinity,
  handshake: Infinity,
  session: Infinity,
  number: Infinity,
  question: Infinity,
  seen: Infinity,
};

/** Seconds before the session's end from which its own clock is worth showing. */
const LAST_S = 120;

export class Endpoint {
  /**
   * @param {object} given
   * @param {import("./qr.js").QrCode} given.qr
   * @param {import("./handshake.js").ScanSecrets} given.secrets
   * @param {import("./hello.js").Hello} given.hello
   * @param {Uint8Array} [given.helloBytes] for vectors: a hello as it stands
   * @throws {CertRelayError} `qr_key`
   */
  constructor({ qr, secrets, hello, helloBytes }) {
    const sealed = helloBytes || writeHello(hello, tokenHash(secrets.token));
    const scanned = new Scanned(secrets, qr, sealed);
    const { join, room, m1 } = scanned;
    this._hello = hello;
    this._isSender = qr.direction === "toPC";
    /** @type {Scanned | null} */
    this._scanned = scanned;
    /** m1, then m3, until it is known to have arrived. @type {Uint8Array | null} */
    this._repeating = carried(CARRIER.M1, m1);
    /** @type {Unconfirmed | null} */
    this._unconfirmed = null;
    /** @type {import("./channel.js").Confirmed | null} */
    this._confirmed = null;
    this._sender = new Sender();
    this._receiver = new Receiver();
    this._firstChunkSeq = Infinity;
    this._endSeq = Infinity;
    this._isClosing = false;
    this._isClosedByPeer = false;
    this._isEnded = false;
    /** What a RECEIPT or REJECT has settled. @type {string | null | undefined} */
    this._certain = undefined;
    /** What was handed to the browser, while the person is asked for it. @type {ItemResult[] | null} */
    this._handedOver = null;
    this._saidSaving = false;
    /** A receipt that waits for `saving` to be acknowledged. @type {Body | null} */
    this._receipt = null;
    this._now = 0;
    this._times = { ...NEVER, close: Infinity };
    /** @type {Order[]} */
    this._orders = [];
    const talkOrders = /** @type {import("./room_talk.js").Order[]} */ (this._orders);
    const talkSecrets = { join, room, token: secrets.token, hello };
    this._talk = new RoomTalk(talkSecrets, this._listener(), talkOrders);
  }

  // --- what the caller reports -------------------------------------------------------

  /** @param {number} now */
  start(now) {
    return this._step(now, () => this._talk.start(now));
  }

  /** The socket opened. @param {number} now */
  opened(now) {
    return this._step(now, () => this._talk.opened(now));
  }

  /** The socket closed, or could not be opened. @param {number} now @param {number} jitter 0 to 1 */
  lost(now, jitter) {
    return this._step(now, () => this._talk.lost(now, jitter));
  }

  /** The device woke up or has a network again. @param {number} now */
  refresh(now) {
    return this._step(now, () => this._talk.refresh(now));
  }

  /** @param {string} raw @param {number} now @param {number} jitter 0 to 1 */
  text(raw, now, jitter) {
    return this._step(now, () => this._talk.text(raw, now, jitter));
  }

  /** @param {Uint8Array} message @param {number} now */
  binary(message, now) {
    return this._step(now, () => this._receive(message));
  }

  /** The deadline has come. @param {number} now @param {number} jitter 0 to 1 */
  tick(now, jitter) {
    return this._step(now, () => this._tick(jitter));
  }

  /** The time at which `tick` is due; Infinity for never. */
  get deadline() {
    const delivery = this._livingDelivery;
    const frames =
      delivery === null
        ? Infinity
        : Math.min(delivery.deadline, delivery.waitingSince + UNANSWERED_S);
    return Math.min(this._talk.deadline, ...Object.values(this._times), frames);
  }

  /** Whether there is nothing left to do: the socket may go. */
  get isOver() {
    return this._talk.isOver;
  }

  /** The limit that runs for the person, the nearest one; null if none does. @returns {Clock | null} */
  get clock() {
    const { session } = this._times;
    const is = this._personsClock;
    if (is !== null) return { is, until: Math.min(this._times[is], session) };
    return session - this._now < LAST_S ? { is: "session", until: session } : null;
  }

  /** Whether `prolong` gives the person more time. */
  get canProlong() {
    const is = this._personsClock;
    if (is === null || (is === "number" && !this._isSender)) return false;
    return this._times[is] < this._latest(is);
  }

  // --- what the person does ----------------------------------------------------------

  /** Begin the person's clock anew, as far as the session's end allows. @param {number} now */
  prolong(now) {
    return this._step(now, () => {
      const is = this._personsClock;
      if (is === null || !this.canProlong) return;
      this._times[is] = Math.min(now + LENGTHS[is], this._latest(is));
      if (is === "number") this._progress("typing");
    });
  }

  /** The sender's person has chosen and sees the question for the number. @param {number} now */
  beginTyping(now) {
    return this._step(now, () => {
      if (this._confirmed !== null) return;
      this._times.number = now + limits.NUMBER_S;
      this._progress("typing");
    });
  }

  /** The sender's person goes back to choosing. @param {number} now */
  chooseAgain(now) {
    return this._step(now, () => {
      if (this._confirmed !== null) return;
      this._times.number = Infinity;
      this._progress("choosing");
    });
  }

  /**
   * The sender's person typed the number; if it is right the items go out.
   * @param {string} typed
   * @param {Item[]} items
   * @param {number} now
   * @throws {CertRelayError} `too_large` or `bad_manifest`, before the number is looked at
   */
  typeNumber(typed, items, now) {
    return this._step(now, () => this._typed(typed, items));
  }

  /** The receiver's person said yes and the storing begins. @param {number} now */
  beginSaving(now) {
    return this._step(now, () => this._beginSaving());
  }

  /**
   * What became of the items that arrived, where that is known: refused, or seen to be stored.
   * @param {ItemResult[]} results
   * @param {number} now
   */
  finishSaving(results, now) {
    return this._step(now, () => this._saved(results));
  }

  /**
   * The files are with the browser, which tells nobody what becomes of them: the person is asked.
   * Called again when they were handed over again: the question's time begins anew.
   * @param {ItemResult[]} results what is true if the person sees the files
   * @param {number} now
   */
  askSeen(results, now) {
    return this._step(now, () => {
      if (this._isEnded || this._receiver.state !== "complete") return;
      this._beginSaving();
      this._handedOver = results;
      this._times.seen = Math.min(now + limits.SEEN_QUESTION_S, this._latest("seen"));
    });
  }

  /** The person sees the files. @param {number} now */
  confirmSeen(now) {
    return this._step(now, () => {
      if (this._handedOver !== null) this._saved(this._handedOver);
    });
  }

  /** The person does not see them, and gives up. @param {number} now */
  giveUpSeeing(now) {
    return this._step(now, () => this._giveUpSeeing());
  }

  /** The person gives up. @param {number} now */
  cancel(now) {
    return this._step(now, () => {
      this._giveUpSeeing();
      // With the content out, giving up does not tell what became of it.
      this._close("cancelled", {}, this._isContentOut ? "left" : "cancelled");
    });
  }

  /**
   * The page goes away, and with it everything it knows.  All is said at once: there is no time
   * to wait for an answer.
   * @param {number} now
   */
  closePage(now) {
    return this._step(now, () => {
      this._giveUpSeeing();
      this._close("page_closed");
      this._flush();
      this._talk.leave(now);
    });
  }

  // --- the relay ---------------------------------------------------------------------

  /** @returns {import("./room_talk.js").Listener} */
  _listener() {
    return {
      attached: ({ first }) => {
        if (first) {
          this._times.session = this._now + limits.SESSION_S;
          this._times.handshake = this._now + limits.HANDSHAKE_S;
        }
        this._tell({ is: first ? "paired" : "back" });
        this._repeatAll();
      },
      waiting: (why) => this._tell({ is: "waiting", why }),
      refused: (code, details) => this._end(code, details),
      secondScan: () => {
        // Before the match anybody may be the other end; after it this is news, no more.
        if (this._confirmed === null) this._close("second_scan");
        else this._tell({ is: "second_scan" });
      },
    };
  }

  _repeatAll() {
    if (this._repeating !== null) {
      this._send(this._repeating);
      this._times.repeat = this._now + limits.HANDSHAKE_REPEAT_S;
    }
    if (this._delivery !== null) this._delivery.repeat(this._now);
  }

  // --- the other end -----------------------------------------------------------------

  get _delivery() {
    return this._unconfirmed === null ? null : this._unconfirmed.delivery;
  }

  /** The delivery while its frames can reach the other end. */
  get _livingDelivery() {
    return this._talk.isAttached && this._talk.isPeerHere ? this._delivery : null;
  }

  /** @param {Uint8Array} message */
  _receive(message) {
    if (!this._talk.isAttached) return;
    const type = message[0];
    const delivery = this._delivery;
    try {
      if (type === CARRIER.M2) this._receiveM2(message.slice(1));
      else if (type !== CARRIER.FRAME && type !== CARRIER.ACK) throw new CertRelayError("carrier_type");
      else if (delivery !== null) this._receiveFrame(delivery, message);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      // Forged or out of all order: there is nobody to say goodbye to.
      if (delivery !== null) delivery.kill();
      this._talk.leave(this._now);
      this._end(error.code, error.details);
    }
  }

  /** @param {Uint8Array} m2 */
  _receiveM2(m2) {
    if (this._scanned === null) return;
    const scanned = this._scanned;
    this._scanned = null;
    const { m3, keys, hello: sealed } = scanned.finish(m2);
    const hello = readHello(sealed, false);
    this._talk.mayJoin = false;
    this._unconfirmed = new Unconfirmed(keys);
    this._repeating = carried(CARRIER.M3, m3);
    this._repeatAll();
    try {
      checkPc(hello);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this._close(error.code, error.details);
      // G opens the frame only once it has m3: both are repeated until it has answered.
      this._times.repeat = this._now + limits.HANDSHAKE_REPEAT_S;
      return;
    }
    this._tell({ is: "peer", hello });
  }

  /** The channel stands: people compare the number. @param {string} number */
  _compare(number) {
    if (this._isSender) {
      this._progress("choosing");
      return this._tell({ is: "choose" });
    }
    this._times.number = this._now + limits.NUMBER_S;
    return this._tell({ is: "number", number });
  }

  /** @param {import("./channel.js").Delivery} delivery @param {Uint8Array} message */
  _receiveFrame(delivery, message) {
    let body;
    try {
      body = delivery.receive(message, this._now);
    } catch (error) {
      if (!(error instanceof CertRelayError) || delivery.isDead) throw error;
      return this._close("protocol", {}, error.code);
    }
    if (body !== null || message[0] === CARRIER.ACK) this._stands(body);
    if (this._isContentOut) this._countMoved(delivery);
    if (!this._isClosing) this._giveReceipt(false);
    if (body !== null && !this._isClosing) this._take(body);
    else if (this._isClosing && !this._isClosedByPeer && delivery.isSettled) {
      this._flush();
      this._talk.leave(this._now);
    }
  }

  /** Something of G opened: it has m3. @param {Body | null} body */
  _stands(body) {
    if (this._repeating === null) return;
    this._repeating = null;
    this._times.repeat = Infinity;
    this._times.handshake = Infinity;
    // A refusal stands in place of the number.
    const isRefused = body !== null && body.is === "close";
    if (this._unconfirmed !== null && !this._isClosing && !isRefused) this._compare(this._unconfirmed.number);
  }

  /** @param {Body} body */
  _take(body) {
    if (body.is === "progress") return this._peerStepped(body.step);
    if (body.is === "close") return this._closedByPeer(body);
    try {
      return this._isSender ? this._takeAsSender(body) : this._takeAsReceiver(body);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      return this._close("protocol", {}, error.code);
    }
  }

  /** @param {string} step */
  _peerStepped(step) {
    this._tell({ is: "peer_step", step });
    if (this._isSender || this._confirmed !== null || this._isEnded) return;
    // A person who still looks for a certificate is not late with the number.
    if (step === "choosing") this._times.number = Infinity;
    if (step === "typing") this._times.number = this._now + limits.NUMBER_S;
  }

  /** @param {Body} body */
  _takeAsSender(body) {
    const { delivery } = /** @type {Unconfirmed} */ (this._unconfirmed);
    const answers = this._sender.receive(body);
    if (answers.length > 0) {
      this._firstChunkSeq = delivery.counters.queued;
      this._endSeq = this._firstChunkSeq + answers.length - 1;
    }
    for (const answer of answers) delivery.send(answer);
    const { results, rejected } = this._sender;
    if (results === null && rejected === null) return;
    this._certain = results === null ? "rejected" : ofResults(results);
    if (results !== null) this._tell({ is: "receipt", results });
    this._close("done");
  }

  /** @param {Body} body */
  _takeAsReceiver(body) {
    const unconfirmed = /** @type {Unconfirmed} */ (this._unconfirmed);
    const answers = this._receiver.receive(body);
    if (body.is === "offer") {
      this._confirmed = unconfirmed.confirmedBy(body);
      this._times.number = Infinity;
      this._tell({ is: "matched" });
    }
    for (const answer of answers) unconfirmed.delivery.send(answer);
    const { received: bytes, total, rejection } = this._receiver;
    if (rejection !== null) {
      this._certain = rejection;
      return;
    }
    this._tell({ is: "moved", bytes, total });
    if (this._receiver.state !== "complete") return;
    this._times.question = this._now + limits.SAVE_QUESTION_S;
    this._progress("asking");
    this._tell({ is: "arrived", items: this._receiver.items });
  }

  /** Whether a sender's content is on its way, and no RECEIPT has come. */
  get _isContentOut() {
    return this._sender.state === "sending" || this._sender.state === "sent";
  }

  /** @param {import("./channel.js").Delivery} delivery */
  _countMoved(delivery) {
    const { acknowledged } = delivery.counters;
    if (acknowledged > this._endSeq) this._sender.endTaken();
    const chunks = Math.max(0, acknowledged - this._firstChunkSeq);
    const { total } = this._sender;
    this._tell({ is: "moved", bytes: Math.min(chunks * limits.CHUNK_BYTES, total), total });
  }

  // --- the number and the answer -----------------------------------------------------

  /** @param {string} typed @param {Item[]} items */
  _typed(typed, items) {
    if (this._isEnded || this._unconfirmed === null || this._confirmed !== null) return;
    const sender = new Sender();
    const offer = sender.offer(items);
    this._confirmed = this._unconfirmed.confirm(typed);
    if (this._confirmed === null) {
      const left = this._unconfirmed.triesLeft;
      if (left === 0) this._close("number_mismatch");
      else this._tell({ is: "number_wrong", left });
      return;
    }
    this._sender = sender;
    this._times.number = Infinity;
    this._confirmed.send(offer);
    this._tell({ is: "matched" });
  }

  /** @param {ItemResult[]} results */
  _saved(results) {
    if (this._isEnded || this._confirmed === null || this._receiver.state !== "complete") return;
    if (this._hello.platform === "web" && results.some((result) => result.status === "duplicate")) {
      throw stateError("a page cannot know what is on the disk");
    }
    this._beginSaving();
    this._handedOver = null;
    this._times.seen = Infinity;
    this._receipt = this._receiver.receipt(results);
    this._certain = ofResults(results);
    this._giveReceipt(false);
  }

  /** The receipt goes out once `saving` is acknowledged: the order tells no answer. @param {boolean} atOnce */
  _giveReceipt(atOnce) {
    if (this._receipt === null || this._confirmed === null) return;
    if (!atOnce && !this._confirmed.delivery.isSettled) return;
    this._confirmed.send(this._receipt);
    this._receipt = null;
  }

  /** Once before each RECEIPT, whatever it says: the relay counts messages. */
  _beginSaving() {
    this._times.question = Infinity;
    if (!this._saidSaving) this._progress("saving");
    this._saidSaving = true;
  }

  _giveUpSeeing() {
    if (this._handedOver === null) return;
    this._saved(
      this._handedOver.map((result) =>
        result.status === "stored" ? { status: "unconfirmed" } : result,
      ),
    );
    this._tell({ is: "unconfirmed" });
  }

  /** Which of the person's clocks runs. @returns {"number" | "question" | "seen" | null} */
  get _personsClock() {
    const running = /** @type {const} */ (["seen", "question", "number"]);
    return running.find((is) => this._times[is] !== Infinity) || null;
  }

  /** The time beyond which a clock of the person's cannot go. @param {string} is */
  _latest(is) {
    return this._times.session - (is === "seen" ? limits.SEEN_RESERVE_S : 0);
  }

  /** @param {string} step */
  _progress(step) {
    if (this._isEnded || this._unconfirmed === null) return;
    this._unconfirmed.send({ is: "progress", step });
  }

  // --- time and the end --------------------------------------------------------------

  /** @param {number} jitter 0 to 1 */
  _tick(jitter) {
    const now = this._now;
    this._talk.tick(now, jitter);
    if (now >= this._times.repeat && this._talk.isAttached) this._repeatAll();
    const delivery = this._livingDelivery;
    if (delivery !== null && now >= delivery.waitingSince + UNANSWERED_S) this._talk.refresh(now);
    else if (delivery !== null) delivery.tick(now);
    const { close, handshake, session, number, question, seen } = this._times;
    if (now >= close) {
      this._times.close = Infinity;
      if (this._isClosedByPeer) this._talk.hangUp();
      else this._talk.leave(now);
    } else if (now >= seen) {
      this._giveUpSeeing();
    } else if (now >= Math.min(handshake, session, number)) {
      this._close("timeout");
    } else if (now >= question) {
      this._tell({ is: "question_over" });
      this._saved(
        this._receiver.items.map((item) => ({
          status: "rejected",
          reason: item === null ? "bad_digest" : "declined",
        })),
      );
    }
  }

  /**
   * End for a reason of ours: CLOSE if the channel stands, else just leave.
   * @param {string} reason a word of CLOSE
   * @param {Details} [details]
   * @param {string} [code] our own word, where it is more exact than CLOSE's
   */
  _close(reason, details = {}, code = reason) {
    if (this._isClosing || this._isEnded) return;
    this._giveReceipt(true);
    this._isClosing = true;
    if (this._unconfirmed === null) {
      this._talk.leave(this._now);
    } else {
      const { found, needed } = REFUSALS.includes(reason) ? details : {};
      const versions = { ...(found && { found: `${found}` }), ...(needed && { needed: `${needed}` }) };
      this._unconfirmed.send({ is: "close", reason: closeReason(reason), ...versions });
      this._times.close = this._now + limits.CLOSE_WAIT_S;
    }
    this._end(code, details);
  }

  /** @param {Extract<Body, {is: "close"}>} close */
  _closedByPeer({ reason, found, needed }) {
    this._isClosing = true;
    this._isClosedByPeer = true;
    this._times.close = this._now + limits.CLOSE_WAIT_S;
    const { app_version, os_version } = this._hello;
    const said = found || (reason === "os_too_low" ? os_version : app_version);
    this._end(closeCode(reason), { platform: "web", found: said, ...(needed && { needed }) }, true);
  }

  /**
   * Tell the end, once.
   * @param {string} why
   * @param {Details} [details]
   * @param {boolean} [byPeer]
   */
  _end(why, details = {}, byPeer = false) {
    if (this._isEnded) return;
    this._isEnded = true;
    Object.assign(this._times, NEVER);
    const code = ofEnd(this._certain, this._isContentOut, why);
    this._tell({ is: "ended", code, details, byPeer });
  }

  /** @param {number} now @param {() => void} what */
  _step(now, what) {
    this._now = now;
    what();
    this._flush();
    return this._orders.splice(0);
  }

  _flush() {
    if (this._delivery !== null && this._talk.isAttached) {
      for (const message of this._delivery.take(this._now)) this._send(message);
    }
  }

  /** @param {Uint8Array} bytes */
  _send(bytes) {
    this._orders.push({ do: "binary", bytes });
  }

  /** @param {Told} event */
  _tell(event) {
    this._orders.push({ do: "tell", event });
  }
}

/** Seconds of the person's clocks. */
const LENGTHS = {
  number: limits.NUMBER_S,
  question: limits.SAVE_QUESTION_S,
  seen: limits.SEEN_QUESTION_S,
};

/** @param {number} type @param {Uint8Array} message */
const carried = (type, message) => concat(uint(type, 1), message);
