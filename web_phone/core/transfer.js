// The transfer: one sender, one receiver, whose turn it is.
//
//   sender     ready ─OFFER▶ offered ─(ACCEPT)▶ sending ─END taken▶ sent ─(RECEIPT)▶ ended
//                               └────(REJECT)──────────────────────────────────────────┘
//   receiver   idle ─(OFFER)▶ taking ─(END)▶ complete ─RECEIPT▶ ended
//                └──(OFFER, a bad manifest)─REJECT▶ rejected
//
// What comes in is in brackets.  A body from the wrong side or out of its turn throws, and
// the caller closes the session with `protocol`.  PROGRESS and CLOSE do not concern this
// module.
//
// Source: docs/protocol.md §7.

import { sha256 } from "../vendor/crypto.js";
import { sizeOf } from "./bundle.js";
import { concat, equal } from "./bytes.js";
import { CertRelayError, stateError } from "./errors.js";
import { CHUNK_BYTES } from "./limits.js";
import { readManifest, splitContent, writeManifest } from "./manifest.js";

/** @typedef {import("./bodies.js").Body} Body */
/** @typedef {import("./bodies.js").ItemResult} ItemResult */
/** @typedef {import("./bundle.js").Item} Item */

const outOfTurn = () => new CertRelayError("out_of_turn");

/** Offers items, sends their content, and learns what became of them. */
export class Sender {
  constructor() {
    this.state = /** @type {"ready" | "offered" | "sending" | "sent" | "ended"} */ ("ready");
    /** @type {ItemResult[] | null} */
    this.results = null;
    /** @type {string | null} */
    this.rejected = null;
    /** @type {Item[]} */
    this._items = [];
    /** @type {Uint8Array} */
    this._offer = new Uint8Array(0);
  }

  /** Content bytes of all items. */
  get total() {
    return this._items.reduce((sum, item) => sum + sizeOf(item), 0);
  }

  /**
   * Make the OFFER.
   * @param {Item[]} items
   * @returns {Extract<Body, {is: "offer"}>}
   * @throws {CertRelayError} `too_large` or `bad_manifest`: these items cannot travel
   */
  offer(items) {
    if (this.state !== "ready") throw stateError("an offer is made once");
    this._offer = writeManifest(items);
    this._items = items;
    this.state = "offered";
    return { is: "offer", manifest: this._offer };
  }

  /**
   * Take the receiver's word and give what is to be sent now.
   * @param {Body} body
   * @returns {Body[]}
   * @throws {CertRelayError} `wrong_side`, `out_of_turn` or `receipt_length`
   */
  receive(body) {
    if (body.is === "accept") {
      if (this.state !== "offered") throw outOfTurn();
      this.state = "sending";
      return this._content();
    }
    if (body.is === "reject") {
      if (this.state !== "offered") throw outOfTurn();
      this.state = "ended";
      this.rejected = body.reason;
      return [];
    }
    if (body.is === "receipt") {
      if (this.state !== "sent") throw outOfTurn();
      if (body.items.length !== this._items.length) throw new CertRelayError("receipt_length");
      this.state = "ended";
      this.results = body.items;
      return [];
    }
    throw new CertRelayError("wrong_side");
  }

  /** The other end has taken END: only now may a RECEIPT come. */
  endTaken() {
    if (this.state === "sending") this.state = "sent";
  }

  /** @returns {Body[]} */
  _content() {
    const content = concat(...this._items.flatMap((item) => item.files.map((file) => file.content)));
    /** @type {Body[]} */
    const bodies = [];
    for (let offset = 0; offset < content.length; offset += CHUNK_BYTES) {
      bodies.push({ is: "chunk", offset, data: content.slice(offset, offset + CHUNK_BYTES) });
    }
    return [...bodies, { is: "end", digest: sha256(this._offer) }];
  }
}

/** Checks the offer, collects the content, and says what became of it. */
export class Receiver {
  constructor() {
    this.state = /** @type {"idle" | "taking" | "complete" | "rejected" | "ended"} */ ("idle");
    /** After END: the items, null in place of one whose digest differs. @type {(Item | null)[]} */
    this.items = [];
    /** @type {string | null} */
    this.rejection = null;
    /** @type {import("./manifest.js").Manifest} */
    this._manifest = { items: [], total: 0 };
    /** @type {Uint8Array} */
    this._offerDigest = new Uint8Array(0);
    /** @type {Uint8Array[]} */
    this._chunks = [];
    /** Content bytes taken so far. */
    this.received = 0;
  }

  /** Content bytes promised. */
  get total() {
    return this._manifest.total;
  }

  /**
   * Take the sender's word and give the answer, if one is due.
   * @param {Body} body
   * @returns {Body[]}
   * @throws {CertRelayError} `wrong_side`, `out_of_turn`, `chunk_gap`, `chunk_size`, `end_early` or
   *   `end_digest`
   */
  receive(body) {
    if (body.is === "offer") {
      if (this.state !== "idle") throw outOfTurn();
      return [this._offered(body.manifest)];
    }
    if (body.is === "chunk") {
      if (this.state !== "taking") throw outOfTurn();
      this._take(body.offset, body.data);
      return [];
    }
    if (body.is === "end") {
      if (this.state !== "taking") throw outOfTurn();
      this._end(body.digest);
      return [];
    }
    throw new CertRelayError("wrong_side");
  }

  /** @param {Uint8Array} raw @returns {Body} */
  _offered(raw) {
    try {
      this._manifest = readManifest(raw);
    } catch (error) {
      if (!(error instanceof CertRelayError)) throw error;
      this.state = "rejected";
      this.rejection = error.code;
      return { is: "reject", reason: error.code };
    }
    this._offerDigest = sha256(raw);
    this.state = "taking";
    return { is: "accept" };
  }

  /** @param {number} offset @param {Uint8Array} data */
  _take(offset, data) {
    if (offset !== this.received) throw new CertRelayError("chunk_gap");
    if (data.length !== Math.min(CHUNK_BYTES, this.total - this.received)) {
      throw new CertRelayError("chunk_size");
    }
    this._chunks.push(data);
    this.received += data.length;
  }

  /** @param {Uint8Array} digest */
  _end(digest) {
    if (this.received !== this.total) throw new CertRelayError("end_early");
    if (!equal(digest, this._offerDigest)) throw new CertRelayError("end_digest");
    this.items = splitContent(this._manifest, concat(...this._chunks));
    this._chunks = [];
    this.state = "complete";
  }

  /**
   * Make the RECEIPT, once all items are stored or refused.
   * @param {ItemResult[]} items one for each item, in order
   * @returns {Body}
   */
  receipt(items) {
    if (this.state !== "complete" || items.length !== this.items.length) {
      throw stateError("a receipt follows END, with a result for each item");
    }
    this.state = "ended";
    return { is: "receipt", items };
  }
}
