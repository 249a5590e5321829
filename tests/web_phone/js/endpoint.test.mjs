// The driver's rules of time, loss and ending, each with a small PC and no clock.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Endpoint } from "../../../web_phone/core/endpoint.js";
import { utf8 } from "../../../web_phone/core/bytes.js";
import { parseQr } from "../../../web_phone/core/qr.js";
import { bytes, SmallPc } from "./small_pc.mjs";

const all = JSON.parse(readFileSync(new URL("../../vectors/crp1.json", import.meta.url), "utf8"));
const [toPc, toPhone] = all.filter((vector) => vector.messages);
const PAIRED = '{"type":"paired","expires_in_ms":600000}';
const RESUMED = '{"type":"resumed","peer":"here","expires_in_ms":600000}';
const error = (code, more = {}) => JSON.stringify({ type: "error", code, ...more });
const closed = (reason) => JSON.stringify({ type: "closed", reason });

/** A page at work: what it sends and tells piles up here. */
class Page {
  constructor(vector) {
    const hello = JSON.parse(vector.hello);
    this.endpoint = new Endpoint({
      qr: parseQr(vector.url),
      secrets: { ske: bytes(vector.skE), ns: bytes(vector.nS), token: bytes(vector.token_s) },
      hello,
      helloBytes: utf8(vector.hello),
    });
    this.pc = new SmallPc(vector);
    this.now = 0;
    this.texts = [];
    this.binaries = [];
    this.told = [];
    this.sockets = 0;
    this.carryOut(this.endpoint.start(0));
  }

  carryOut(orders) {
    for (const order of orders) {
      if (order.do === "text") this.texts.push(JSON.parse(order.text).type);
      if (order.do === "binary") this.binaries.push(order.bytes);
      if (order.do === "tell") this.told.push(order.event);
      if (order.do === "connect") this.sockets += 1;
    }
  }

  open() {
    this.carryOut(this.endpoint.opened(this.now));
    return this;
  }

  hear(text) {
    this.carryOut(this.endpoint.text(text, this.now, 0.5));
    return this;
  }

  lose() {
    this.carryOut(this.endpoint.lost(this.now, 0.5));
    return this;
  }

  /** Let time pass up to `seconds` from now, with every deadline on the way. */
  wait(seconds) {
    const until = this.now + seconds;
    while (this.endpoint.deadline <= until) {
      this.now = this.endpoint.deadline;
      this.carryOut(this.endpoint.tick(this.now, 0.5));
    }
    this.now = until;
    return this;
  }

  /** Carry everything to the PC and back until both are quiet. */
  talk() {
    while (this.binaries.length > 0) {
      for (const answer of this.pc.take(this.binaries.shift(), this.now)) this.carry(answer);
    }
    return this;
  }

  carry(message) {
    this.carryOut(this.endpoint.binary(message, this.now));
  }

  from(messages) {
    for (const message of messages) this.carry(message);
    return this.talk();
  }

  do(name, ...given) {
    this.carryOut(this.endpoint[name](...given, this.now));
    return this;
  }

  get end() {
    const ends = this.told.filter((event) => event.is === "ended");
    assert.ok(ends.length <= 1, "the end is told once");
    return ends.length === 0 ? undefined : ends[0].code;
  }

  tells(is) {
    return this.told.filter((event) => event.is === is);
  }
}

/** A page whose channel stands. */
const joined = (vector) => new Page(vector).open().hear(PAIRED).talk();

/** A page in whose copy the content is out, without a RECEIPT. */
const sent = () => {
  const page = joined(toPc).do("beginTyping");
  return page.do("typeNumber", page.pc.number, page.pc.items).talk();
};

test("a copy to the PC ends with its receipt", () => {
  const page = sent();
  assert.equal(page.pc.end.state, "complete");
  page.from(page.pc.say(page.pc.end.receipt([{ status: "stored" }])));
  assert.equal(page.end, null);
  assert.deepEqual(page.tells("receipt")[0].results, [{ status: "stored" }]);
  assert.equal(page.pc.said[page.pc.said.length - 1].reason, "done");
  assert.ok(page.texts.includes("leave"), "after the PC acknowledged CLOSE");
});

test("a copy to the phone asks, stores, and ends with the PC's CLOSE", () => {
  const page = joined(toPhone);
  assert.equal(page.tells("number")[0].number, page.pc.number);
  page.from(page.pc.offer());
  assert.deepEqual(page.tells("arrived")[0].items, page.pc.items);
  page.do("beginSaving").do("finishSaving", page.pc.items.map(() => ({ status: "stored" }))).talk();
  assert.equal(page.end, undefined);
  page.from(page.pc.say({ is: "close", reason: "done" }));
  assert.equal(page.end, null);
});

test("m1 is repeated every 3 s until it is answered, and the handshake has 30 s", () => {
  const page = new Page(toPc).open().hear(PAIRED).wait(10);
  assert.equal(page.binaries.length, 4);
  assert.equal(new Set(page.binaries.map(String)).size, 1, "the same bytes");
  page.wait(20);
  assert.equal(page.end, "timeout");
  assert.ok(page.texts.includes("leave"));
});

test("m3 is repeated until something of the PC opens", () => {
  const page = new Page(toPc).open().hear(PAIRED);
  const [m2] = page.pc.take(page.binaries.shift());
  page.carry(m2);
  page.binaries = [];
  page.wait(3);
  assert.equal(page.binaries[0][0], 3);
  page.talk();
  page.wait(9);
  assert.deepEqual(page.binaries, []);
});

test("a PC in its grace is asked again every 2 s on the same socket", () => {
  const page = new Page(toPc).open().hear(error("peer_not_ready", { retry_in_ms: 2000 }));
  assert.deepEqual(page.texts, ["join"]);
  page.wait(2).hear(error("peer_not_ready")).wait(2).hear(PAIRED);
  assert.deepEqual(page.texts, ["join", "join", "join"]);
  assert.equal(page.sockets, 1);
  assert.equal(page.tells("paired").length, 1);
});

test("before m2 a lost connection joins again, afterwards it resumes", () => {
  const before = new Page(toPc).open().hear(PAIRED).lose().wait(2).open();
  assert.deepEqual(before.texts, ["join", "join"]);
  const after = joined(toPc).lose().wait(2).open();
  assert.deepEqual(after.texts, ["join", "resume"]);
  after.hear(RESUMED);
  assert.equal(after.tells("back").length, 1);
});

test("what was not acknowledged is sent again after a loss, byte for byte, and counts once", () => {
  const page = joined(toPc).do("beginTyping");
  const lost = [...page.binaries];
  page.binaries = [];
  page.lose().wait(2).open().hear(RESUMED);
  assert.deepEqual(page.binaries, lost);
  page.talk().do("typeNumber", page.pc.number, page.pc.items).talk();
  assert.deepEqual(page.pc.said.map((body) => body.step || body.is).slice(0, 3), ["choosing", "typing", "offer"]);
  assert.deepEqual(page.pc.end.items, page.pc.items);
});

test("a relay that restarted is asked until it knows the room again, within the grace", () => {
  const page = joined(toPc).lose().wait(2).open().hear(error("no_such_room"));
  assert.equal(page.end, undefined);
  page.wait(2).open().hear(RESUMED);
  assert.equal(page.end, undefined);
  page.lose();
  for (let tries = 0; tries < 60; tries += 1) page.wait(1.5).open().hear(error("no_such_room"));
  assert.equal(page.end, "connection_lost");
});

test("a loss that outlives the grace ends it; with the content out nothing is claimed", () => {
  assert.equal(joined(toPc).lose().wait(61).end, "connection_lost");
  assert.equal(sent().lose().wait(61).end, "not_confirmed");
});

test("a relay that cannot be reached is given up after 30 s", () => {
  const page = new Page(toPc);
  for (let tries = 0; tries < 20; tries += 1) page.lose().wait(2);
  assert.equal(page.end, "relay_unreachable");
  assert.ok(page.sockets > 10);
});

test("a socket that never opens is given up after 10 s and tried anew", () => {
  const page = new Page(toPc).wait(12);
  assert.equal(page.sockets, 2);
});

test("a busy relay is asked when it said", () => {
  const page = new Page(toPc).open().hear(error("try_later", { retry_in_ms: 7000 })).wait(6.9);
  assert.equal(page.sockets, 1);
  assert.equal(page.wait(0.2).sockets, 2);
  assert.equal(page.tells("waiting")[0].why, "busy");
});

test("each refusal of the relay ends it by its own word", () => {
  for (const code of ["no_such_room", "already_claimed", "expired", "already_used", "suspended"]) {
    assert.equal(new Page(toPc).open().hear(error(code)).end, code);
  }
  const page = new Page(toPc).open().hear(error("version_too_low", { found: "W1.0", needed: "W2.0" }));
  assert.deepEqual(page.told[0].details, { platform: "web", found: "W1.0", needed: "W2.0" });
});

test("each end of the room by the relay ends it by its own word", () => {
  for (const reason of ["left", "grace", "timeout", "over_budget", "suspended"]) {
    assert.equal(joined(toPc).hear(closed(reason)).end, reason);
    assert.equal(sent().hear(closed(reason)).end, "not_confirmed");
  }
});

test("what is no message of a relay ends it", () => {
  assert.equal(new Page(toPc).open().hear("{}").end, "bad_message");
  assert.equal(joined(toPc).hear(`{"type":"paired","expires_in_ms":null}`).end, "bad_message");
});

test("a second scan before the match ends it, after it is news", () => {
  const before = joined(toPc).hear('{"type":"second_scan"}').talk();
  assert.equal(before.end, "second_scan");
  assert.equal(before.pc.said[before.pc.said.length - 1].reason, "second_scan");
  const after = sent().hear('{"type":"second_scan"}');
  assert.equal(after.end, undefined);
  assert.equal(after.tells("second_scan").length, 1);
});

test("the third wrong number ends it, and a reconnect gives no further try", () => {
  const page = joined(toPc).do("beginTyping").talk();
  const wrong = page.pc.number === "000000" ? "000001" : "000000";
  page.do("typeNumber", wrong, page.pc.items);
  page.lose().wait(2).open().hear(RESUMED).talk();
  page.do("typeNumber", wrong, page.pc.items);
  assert.deepEqual(page.tells("number_wrong").map((event) => event.left), [2, 1]);
  page.do("typeNumber", wrong, page.pc.items).talk();
  assert.equal(page.end, "number_mismatch");
  page.do("typeNumber", page.pc.number, page.pc.items).talk();
  assert.ok(!page.pc.said.some((body) => body.is === "offer"));
});

test("the number has 120 s, counted while its question is on the screen", () => {
  const page = joined(toPc).do("beginTyping").talk().wait(60).do("chooseAgain").talk().wait(300);
  assert.equal(page.end, undefined);
  page.do("beginTyping").talk().wait(121).talk();
  assert.equal(page.end, "timeout");
  assert.equal(page.pc.said[page.pc.said.length - 1].reason, "timeout");
});

test("the session has 10 minutes", () => {
  assert.equal(joined(toPc).wait(599).end, undefined);
  assert.equal(joined(toPc).wait(601).end, "timeout");
});

test("an unanswered question is a no", () => {
  const page = joined(toPhone);
  page.from(page.pc.offer()).wait(121).talk();
  assert.equal(page.tells("question_over").length, 1);
  assert.ok(page.pc.end.results.every((result) => result.reason === "declined"));
});

test("a connection that acknowledges nothing is replaced before the grace is over", () => {
  const page = joined(toPc).do("beginTyping");
  page.wait(26);
  assert.equal(page.sockets, 2);
});

test("a device that wakes up connects anew at once", () => {
  const page = joined(toPc).do("refresh").open();
  assert.equal(page.sockets, 2);
  assert.deepEqual(page.texts, ["join", "resume"]);
});

test("a forged frame ends it without a word more", () => {
  const page = joined(toPc);
  const forged = new Uint8Array(33).fill(7);
  forged[0] = 0x11;
  page.carry(forged);
  assert.equal(page.end, "bad_tag");
  assert.equal(page.texts[page.texts.length - 1], "leave");
  page.do("beginTyping").wait(30);
  assert.deepEqual(page.binaries, []);
});

test("a CLOSE that nobody acknowledges waits 5 s and leaves", () => {
  const page = joined(toPc).do("cancel");
  assert.equal(page.end, "cancelled");
  assert.ok(!page.texts.includes("leave"));
  page.wait(5);
  assert.ok(page.texts.includes("leave"));
  assert.equal(page.endpoint.deadline, Infinity);
});

test("a PC that gives up is told as such, and a receipt counts more", () => {
  const page = joined(toPc);
  page.from(page.pc.say({ is: "close", reason: "cancelled" }));
  assert.equal(page.end, "cancelled");
  assert.equal(page.tells("ended")[0].byPeer, true);
  const late = sent();
  late.from(late.pc.say({ is: "close", reason: "a new word" }));
  assert.equal(late.end, "not_confirmed");
});

test("giving up with the content out does not say that nothing was stored", () => {
  assert.equal(sent().do("cancel").end, "not_confirmed");
});

test("after the end nothing is sent but what closes it", () => {
  const page = sent();
  page.from(page.pc.say(page.pc.end.receipt([{ status: "stored" }])));
  const before = page.binaries.length;
  page.do("cancel").do("beginTyping").do("finishSaving", []).wait(700);
  assert.equal(page.binaries.length, before);
  assert.equal(page.endpoint.deadline, Infinity);
});
