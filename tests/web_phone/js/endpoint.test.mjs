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
    this.messages = [];
    this.binaries = [];
    this.told = [];
    this.sockets = 0;
    this.disconnects = 0;
    this.carryOut(this.endpoint.start(0));
  }

  carryOut(orders) {
    for (const order of orders) {
      if (order.do === "text") {
        this.messages.push(JSON.parse(order.text));
        this.texts.push(JSON.parse(order.text).type);
      }
      if (order.do === "binary") this.binaries.push(order.bytes);
      if (order.do === "tell") this.told.push(order.event);
      if (order.do === "connect") this.sockets += 1;
      if (order.do === "disconnect") this.disconnects += 1;
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

test("a receipt counts only from who has taken END, though END is on its way", () => {
  const page = joined(toPc).do("beginTyping").talk();
  page.do("typeNumber", page.pc.number, page.pc.items);
  const accept = page.binaries.splice(0).flatMap((message) => page.pc.take(message));
  accept.forEach((message) => page.carry(message));
  assert.equal(page.endpoint._sender.state, "sending");
  assert.ok(page.binaries.length > 1, "CHUNK and END");
  page.from(page.pc.say({ is: "receipt", items: [{ status: "stored" }] }));
  assert.deepEqual(page.tells("receipt"), []);
  assert.equal(page.pc.said[page.pc.said.length - 1].reason, "protocol");
  assert.equal(page.end, "not_confirmed");
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
  assert.equal(page.disconnects, 0, "leave would be lost");
  assert.equal(page.endpoint.deadline, page.now + 2);
  page.wait(2);
  assert.equal(page.disconnects, 1);
  assert.ok(page.endpoint.isOver);
  assert.equal(page.endpoint.deadline, Infinity);
});

test("after leave the relay's close is the end, and nothing is read before it", () => {
  const page = joined(toPc).do("cancel");
  page.wait(5);
  const told = page.told.length;
  page.hear(closed("timeout")).hear(PAIRED);
  assert.equal(page.told.length, told);
  page.lose();
  assert.ok(page.endpoint.isOver);
  assert.equal(page.sockets, 1);
});

/** A page on which everything has arrived, and which is asked whether to save. */
const arrived = () => {
  const page = joined(toPhone);
  page.from(page.pc.offer());
  return page;
};
const STORED = toPhone.items.map(() => ({ status: "stored" }));
const UNCONFIRMED = toPhone.items.map(() => ({ status: "unconfirmed" }));
const receipts = (page) => page.pc.said.filter((body) => body.is === "receipt");
const steps = (page) => page.pc.said.filter((body) => body.is === "progress").map(({ step }) => step);

test("a page says stored only after its person has seen the file", () => {
  const page = arrived().do("beginSaving").do("askSeen", STORED).talk();
  assert.deepEqual(receipts(page), []);
  page.wait(119).do("confirmSeen").talk();
  assert.deepEqual(receipts(page), [{ is: "receipt", items: STORED }]);
  assert.deepEqual(steps(page), ["asking", "saving"]);
});

test("nobody answers whether the file is there: unconfirmed after 120 s", () => {
  const page = arrived().do("beginSaving").do("askSeen", STORED).talk().wait(119);
  assert.deepEqual(receipts(page), []);
  page.wait(1).talk();
  assert.deepEqual(receipts(page), [{ is: "receipt", items: UNCONFIRMED }]);
  assert.equal(page.tells("unconfirmed").length, 1);
  page.from(page.pc.say({ is: "close", reason: "done" }));
  assert.equal(page.end, "unconfirmed");
});

test("handed over again, the question has its whole time anew", () => {
  const page = arrived().do("beginSaving").do("askSeen", STORED).talk().wait(100);
  page.do("askSeen", STORED).talk().wait(100);
  assert.deepEqual(receipts(page), []);
  assert.equal(page.do("giveUpSeeing").talk().tells("unconfirmed").length, 1);
  assert.deepEqual(receipts(page), [{ is: "receipt", items: UNCONFIRMED }]);
});

test("what was rejected stays so beside what nobody has seen", () => {
  const results = [...STORED.slice(1), { status: "rejected", reason: "declined" }];
  const page = arrived().do("beginSaving").do("askSeen", results).do("giveUpSeeing").talk();
  assert.deepEqual(receipts(page)[0].items, [...UNCONFIRMED.slice(1), results[results.length - 1]]);
});

test("the receipt goes out before the room ends", () => {
  const page = arrived().talk().wait(110);
  for (let at = 0; at < 5; at += 1) page.do("askSeen", STORED).talk().wait(80);
  page.do("askSeen", STORED);
  assert.equal(page.now, 510);
  assert.deepEqual(page.endpoint.clock, { is: "seen", until: 595 });
  assert.equal(page.endpoint.canProlong, false);
  page.wait(84.5).talk();
  assert.deepEqual(receipts(page), []);
  page.wait(0.5).talk();
  assert.deepEqual(receipts(page), [{ is: "receipt", items: UNCONFIRMED }]);
});

test("a page that is closed with the question open says so before it leaves", () => {
  const page = arrived().do("beginSaving").do("askSeen", STORED).talk();
  page.do("closePage").talk();
  assert.deepEqual(receipts(page), [{ is: "receipt", items: UNCONFIRMED }]);
  assert.deepEqual(page.pc.said[page.pc.said.length - 1], { is: "close", reason: "page_closed" });
  assert.equal(page.texts[page.texts.length - 1], "leave");
  assert.equal(page.end, "unconfirmed");
});

test("a page that is closed says CLOSE where the channel stands, and always leaves", () => {
  const page = joined(toPc).do("closePage").talk();
  assert.deepEqual(page.pc.said[page.pc.said.length - 1], { is: "close", reason: "page_closed" });
  assert.equal(page.texts[page.texts.length - 1], "leave");
  assert.equal(page.end, "page_closed");
  const early = new Page(toPc).open().hear(PAIRED);
  early.binaries.length = 0;
  early.do("closePage");
  assert.deepEqual([early.texts, early.binaries], [["join", "leave"], []]);
  assert.equal(sent().do("closePage").end, "not_confirmed");
});

test("saving is said once before each receipt, whatever the answer was", () => {
  const yes = arrived().do("beginSaving").do("finishSaving", STORED).talk();
  const no = arrived();
  no.do("finishSaving", toPhone.items.map(() => ({ status: "rejected", reason: "declined" }))).talk();
  const silence = arrived().talk().wait(120).talk();
  for (const page of [yes, no, silence]) {
    const said = page.pc.said.map((body) => (body.is === "progress" ? body.step : body.is));
    assert.deepEqual(said.slice(-3), ["asking", "saving", "receipt"]);
  }
});

test("a page never says that a file was there already", () => {
  const vector = { ...toPhone, hello: toPhone.hello.replace('"ios"', '"web"') };
  const page = joined(vector);
  page.from(page.pc.offer());
  const results = STORED.map(() => ({ status: "duplicate" }));
  assert.throws(() => page.do("finishSaving", results), { code: "internal" });
});

test("the person's clocks are shown, and begin anew on demand", () => {
  const page = joined(toPc);
  assert.equal(page.endpoint.clock, null);
  page.do("beginTyping").talk().wait(100);
  assert.deepEqual(page.endpoint.clock, { is: "number", until: 120 });
  assert.equal(page.endpoint.canProlong, true);
  page.do("prolong").talk();
  assert.deepEqual(page.endpoint.clock, { is: "number", until: 220 });
  assert.deepEqual(steps(page), ["choosing", "typing", "typing"]);
  const other = joined(toPhone);
  assert.deepEqual(other.endpoint.clock, { is: "number", until: 120 });
  assert.equal(other.endpoint.canProlong, false);
  other.from(other.pc.say({ is: "progress", step: "choosing" }));
  assert.equal(other.endpoint.clock, null);
  other.wait(300);
  other.from(other.pc.say({ is: "progress", step: "typing" }));
  assert.deepEqual(other.endpoint.clock, { is: "number", until: 420 });
  const late = joined(toPc).wait(500);
  late.do("chooseAgain");
  assert.deepEqual(late.endpoint.clock, { is: "session", until: 600 });
});

test("a PC that refuses the page's release answers m3 with that, and no number is shown", () => {
  for (const vector of [toPc, toPhone]) {
    const page = new Page(vector);
    page.pc.refuses = { is: "close", reason: "version_too_low", found: "W1.0", needed: "W2.0" };
    page.open().hear(PAIRED).talk();
    assert.deepEqual([page.tells("number"), page.tells("choose")], [[], []]);
    assert.deepEqual(page.tells("ended")[0].details, { platform: "web", found: "W1.0", needed: "W2.0" });
    assert.equal(page.end, "version_too_low");
    assert.deepEqual(page.pc.said, [], "no PROGRESS");
  }
});

test("a page that refuses the PC's release sends CLOSE behind m3, both until they are answered", () => {
  const hello_g = toPc.hello_g.replace(/"P[0-9.]+"/, (release) => `"G${release.slice(2)}`);
  assert.notEqual(hello_g, toPc.hello_g);
  const page = new Page({ ...toPc, hello_g });
  page.open().hear(PAIRED);
  for (const answer of page.pc.take(page.binaries.shift())) page.carry(answer);
  assert.deepEqual(page.binaries.map((message) => message[0]), [3, 16]);
  page.binaries.length = 0;
  page.wait(3);
  assert.deepEqual(page.binaries.map((message) => message[0]), [3, 16]);
  page.talk();
  const [close] = page.pc.said;
  assert.deepEqual([close.reason, close.needed], ["platform_mismatch", "P0"]);
  assert.equal(page.end, "platform_mismatch");
  assert.ok(page.texts.includes("leave"));
});

test("each join but the first that was sent shows the token", () => {
  const page = new Page(toPc).open();
  page.hear(error("peer_not_ready", { retry_in_ms: 2000 })).wait(2);
  page.lose().wait(2).open();
  const joins = page.messages.filter((message) => message.type === "join");
  assert.deepEqual(joins.map((message) => message.token), [undefined, toPc.token_s, toPc.token_s]);
});

test("a socket that is taken away (4000) is a loss like any other: the page resumes", () => {
  const page = joined(toPc).lose().wait(2);
  assert.equal(page.sockets, 2);
  page.open();
  assert.equal(page.texts[page.texts.length - 1], "resume");
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

test("an answer to a typed code ends a session that has typed none", () => {
  const answer = JSON.stringify({ type: "answer", share: "00".repeat(32), sealed: "00".repeat(81) });
  assert.equal(joined(toPc).hear(answer).end, "bad_message");
});
