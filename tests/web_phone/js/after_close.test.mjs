// After a CLOSE, the PC's or the page's, frames are acknowledged and not read: docs/protocol.md §8.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Endpoint } from "../../../web_phone/core/endpoint.js";
import { utf8 } from "../../../web_phone/core/bytes.js";
import { parseQr } from "../../../web_phone/core/qr.js";
import { bytes, SmallPc } from "./small_pc.mjs";

const all = JSON.parse(readFileSync(new URL("../../vectors/crp1.json", import.meta.url), "utf8"));
const PAIRED = '{"type":"paired","expires_in_ms":600000}';

/** A page whose channel to a small PC stands. */
class Opened {
  constructor(vector) {
    const secrets = { ske: bytes(vector.skE), ns: bytes(vector.nS), token: bytes(vector.token_s) };
    const qr = parseQr(vector.url);
    const hello = JSON.parse(vector.hello);
    this.page = new Endpoint({ qr, secrets, hello, helloBytes: utf8(vector.hello) });
    this.pc = new SmallPc(vector);
    this.told = [];
    this.page.start(0);
    this.page.opened(0);
    this.talk(this.take(this.page.text(PAIRED, 0, 0.5)));
  }

  /** Note what is told; give the sealed messages. */
  take(orders) {
    this.told.push(...orders.filter((order) => order.do === "tell").map((order) => order.event));
    return orders.filter((order) => order.do === "binary").map((order) => order.bytes);
  }

  /** Carry sealed messages of the page to the PC, and back, until both are quiet. */
  talk(messages) {
    while (messages.length > 0) messages.push(...this.hear(this.pc.take(messages.shift(), 0)));
  }

  /** Give the page sealed messages of the PC; give its answers. */
  hear(messages) {
    return messages.flatMap((message) => this.take(this.page.binary(message, 0)));
  }

  tells(is) {
    return this.told.filter((event) => event.is === is);
  }
}

for (const vector of all.filter(({ messages }) => messages)) {
  const { direction } = parseQr(vector.url);

  test(`${direction}: a frame before a CLOSE is read`, () => {
    const opened = new Opened(vector);
    opened.hear(opened.pc.say({ is: "progress", step: "typing" }));
    assert.deepEqual(opened.tells("peer_step"), [{ is: "peer_step", step: "typing" }]);
  });

  test(`${direction}: a frame after the PC's CLOSE is acknowledged and not read`, () => {
    const opened = new Opened(vector);
    opened.talk(opened.hear(opened.pc.say({ is: "close", reason: "cancelled" })));
    const [{ code }] = opened.tells("ended");
    opened.talk(opened.hear(opened.pc.say({ is: "progress", step: "typing" })));
    opened.talk(opened.hear(opened.pc.say({ is: "close", reason: "done" })));
    assert.deepEqual(opened.tells("peer_step"), []);
    assert.deepEqual(opened.tells("ended").map((event) => event.code), [code]);
    assert.ok(opened.pc.channel.delivery.isSettled, "acknowledged all the same");
  });

  test(`${direction}: a frame after the page's own CLOSE is acknowledged and not read`, () => {
    const opened = new Opened(vector);
    opened.take(opened.page.cancel(0)); // its CLOSE is still on its way
    opened.talk(opened.hear(opened.pc.say({ is: "progress", step: "typing" })));
    assert.deepEqual(opened.tells("peer_step"), []);
    assert.ok(opened.pc.channel.delivery.isSettled, "acknowledged all the same");
  });
}
