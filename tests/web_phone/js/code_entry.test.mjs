// A typed code's entry: what is sent, what is told, and that it is over then.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hex } from "../../../web_phone/core/bytes.js";
import { parseCode } from "../../../web_phone/core/code.js";
import { CodeEntry } from "../../../web_phone/core/code_entry.js";
import { ANSWER_S } from "../../../web_phone/core/limits.js";
import { decodeFromRelay } from "../../../web_phone/core/messages.js";
import { parseOrigin } from "../../../web_phone/core/origin.js";
import { parseQr, qrUrl } from "../../../web_phone/core/qr.js";

const vectors = JSON.parse(readFileSync(new URL("../../vectors/crp1-code.json", import.meta.url), "utf8"));
const bytes = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const exchange = vectors.exchanges.find(({ name }) => name === "toPC");
const said = Object.fromEntries(exchange.messages.map(({ sent_by: by, text }) => [by + JSON.parse(text).type, text]));
const error = (code) => JSON.stringify({ type: "error", code });

function entry() {
  const draws = [bytes(exchange.sid), bytes(exchange.ya)];
  const random = (size) => draws.shift() || new Uint8Array(size).fill(9);
  return new CodeEntry(parseCode(exchange.code), parseOrigin(exchange.origin), random);
}

test("a code that is answered gives what a scan gives", () => {
  const found = entry();
  assert.deepEqual(found.start(0), [{ do: "connect" }]);
  assert.deepEqual(found.opened(1), [{ do: "text", text: said.senter }]);
  const [disconnect, told] = found.text(said["relay to sanswer"]);
  assert.equal(disconnect.do, "disconnect");
  assert.equal(told.event.is, "entered");
  assert.equal(hex(told.event.qr.info), hex(parseQr(exchange.url).info));
  assert.deepEqual([found.isOver, found.deadline], [true, Infinity]);
  assert.deepEqual(found.text(said["relay to sanswer"]), []);
  assert.deepEqual(found.lost(), []);
});

for (const [name, text, code] of [
  ["an unknown code", error("no_such_code"), "no_such_code"],
  ["a relay without codes", error("bad_message"), "codes_unsupported"],
  ["too many tries", error("rate_limited"), "rate_limited"],
  ["a refusal of something else", error("no_such_room"), "bad_message"],
  ["another message", '{"type":"peer_back"}', "bad_message"],
  ["no message", "{", "bad_message"],
  ["an answer that does not open", said["relay to sanswer"].replace(/.."}$/, '00"}'), "code_open"],
]) {
  test(`${name} is told as ${code}`, () => {
    const found = entry();
    found.start(0);
    found.opened(0);
    assert.deepEqual(found.text(text), [{ do: "disconnect" }, { do: "tell", event: { is: "ended", code } }]);
  });
}

test("no answer is waited for longer than ten seconds, connected or not", () => {
  const found = entry();
  found.start(0);
  assert.equal(found.deadline, ANSWER_S);
  found.opened(3);
  assert.deepEqual(found.tick(3 + ANSWER_S - 0.1), []);
  const [, told] = found.tick(3 + ANSWER_S);
  assert.deepEqual(told.event, { is: "ended", code: "code_unanswered" });
});

test("a lost socket and a sealed message end it", () => {
  for (const [step, code] of [["lost", "code_unanswered"], ["binary", "bad_message"], ["closePage", "cancelled"]]) {
    const found = entry();
    found.start(0);
    found.opened(0);
    assert.deepEqual(found[step]()[1].event, { is: "ended", code });
  }
});

test("a relay that is not reached has not heard the code", () => {
  const found = entry();
  found.start(0);
  assert.deepEqual(found.lost()[1].event, { is: "ended", code: "relay_unreachable" });
});

test("what a code leads to is the very address of the QR code", () => {
  for (const { code, origin, url, messages, sid, ya } of vectors.exchanges) {
    const draws = [bytes(sid), bytes(ya)];
    const random = (size) => draws.shift() || new Uint8Array(size).fill(9);
    const found = new CodeEntry(parseCode(code), parseOrigin(origin), random);
    found.start(0);
    found.opened(0);
    const answer = messages.find(({ sent_by: by, text }) => by === "relay to s" && text.includes('"answer"'));
    assert.equal(qrUrl(found.text(answer.text)[1].event.qr), url);
  }
});

test("the relay's messages to S are read by the vectors", () => {
  const layer = vectors.negative.filter((v) => v.layer === "message" && v.sent_by === "relay to s");
  assert.equal(layer.length, 26);
  for (const vector of layer) {
    if (vector.text === undefined) continue;
    let word = "ok";
    try {
      if (decodeFromRelay(vector.text).type !== "answer") word = "bad_message";
    } catch (problem) {
      word = problem.code;
    }
    assert.equal(word, vector.expect, vector.name);
  }
});
