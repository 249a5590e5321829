// A PC without a person, for tests of the page's driver: G, over the same core.

import { CARRIER } from "../../../web_phone/core/frame.js";
import { Unconfirmed } from "../../../web_phone/core/channel.js";
import { concat, hex, utf8 } from "../../../web_phone/core/bytes.js";
import { parseQr } from "../../../web_phone/core/qr.js";
import { Receiver, Sender } from "../../../web_phone/core/transfer.js";
import { Showing } from "./g_side.mjs";

export const bytes = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));

export class SmallPc {
  constructor(vector) {
    const qr = parseQr(vector.url);
    const hello = utf8(vector.hello_g);
    this.showing = new Showing({ qr, skg: bytes(vector.skG), ng: bytes(vector.nG), hello });
    this.sends = qr.direction === "toPhone";
    this.items = vector.items.map(({ kind, files }) => ({
      kind,
      files: files.map(({ role, content }) => ({ role, content: bytes(content) })),
    }));
    this.end = this.sends ? new Sender() : new Receiver();
    this.said = [];
  }

  get number() {
    return this.showing.keys.number;
  }

  /** Take a message of the phone and give the answers. */
  take(message, now = 0) {
    if (message[0] === CARRIER.M1) {
      const m2 = this.showing.accept(message.slice(1));
      return m2 === null ? [] : [concat(Uint8Array.of(CARRIER.M2), m2)];
    }
    if (message[0] === CARRIER.M3) {
      if (!this.showing.finish(message.slice(1))) return [];
      if (this.channel === undefined) this.channel = new Unconfirmed(this.showing.keys, "g");
      if (this.refuses !== undefined) this.channel.delivery.send(this.refuses);
      else this.channel.delivery.acknowledge();
      return this.channel.delivery.take(now);
    }
    if (this.channel === undefined) return [];
    const body = this.channel.delivery.receive(message, now);
    if (this.sends && this.channel.delivery.isSettled) this.end.endTaken();
    if (body !== null) this.hear(body);
    return this.channel.delivery.take(now);
  }

  hear(body) {
    this.said.push(body);
    if (body.is === "progress" || body.is === "close") return;
    for (const answer of this.end.receive(body)) this.channel.delivery.send(answer);
  }

  /** Say something, such as an OFFER or a RECEIPT. */
  say(body, now = 0) {
    this.channel.delivery.send(body);
    return this.channel.delivery.take(now);
  }

  offer() {
    return this.say(this.end.offer(this.items));
  }
}

export { hex };
