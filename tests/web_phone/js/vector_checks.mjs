// tests/vectors against the page's core, for Node and for a browser alike.
//
// `allChecks(vectors)` gives a list of [name, function]; a function throws where it fails.
//
// Long because it is a list of checks, one for each vector file.

import { chacha20poly1305 } from "../../../web_phone/vendor/crypto.js";
import { decodeBody, encodeBody, KINDS } from "../../../web_phone/core/bodies.js";
import { concat, hex, utf8 } from "../../../web_phone/core/bytes.js";
import { Delivery, Unconfirmed } from "../../../web_phone/core/channel.js";
import * as derive from "../../../web_phone/core/derive.js";
import { Endpoint } from "../../../web_phone/core/endpoint.js";
import { CARRIER, openAck, openFrame, pad, sealAck, sealFrame, unpad } from "../../../web_phone/core/frame.js";
import { Scanned } from "../../../web_phone/core/handshake.js";
import { keySchedule, setupRecipient, setupSender, sharedSecret } from "../../../web_phone/core/hpke.js";
import { ofResults } from "../../../web_phone/core/outcome.js";
import { parseQr } from "../../../web_phone/core/qr.js";
import { Receiver, Sender } from "../../../web_phone/core/transfer.js";
import { codeChecks } from "./code_checks.mjs";
import { Showing } from "./g_side.mjs";

export const FILES = [
  "crp1.json",
  "crp1-negative.json",
  "rfc9180-psk-x25519-sha256-chacha20poly1305.json",
  "crp1-code.json",
];

const bytes = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));

function same(found, expected, what = "value") {
  const [left, right] = [found, expected].map((x) => (x instanceof Uint8Array ? hex(x) : x));
  if (JSON.stringify(left) !== JSON.stringify(right)) {
    throw new Error(`${what}: ${JSON.stringify(left)} in place of ${JSON.stringify(right)}`);
  }
}

/** The word of what a step comes to. */
function outcomeOf(step) {
  try {
    return step() || "ok";
  } catch (error) {
    if (error.code === undefined) throw error;
    return error.code;
  }
}

export function allChecks(vectors) {
  const [positive, negative, rfc, code] = FILES.map((name) => vectors[name]);
  return [
    ...rfc.map((vector) => ["RFC 9180 PSK mode", () => checkRfc(vector)]),
    ...positive.map((vector) => [`exchange ${vector.name}`, () => checkExchange(vector)]),
    ...positive
      .filter((vector) => vector.messages)
      .map((vector) => [`messages of ${vector.name}`, () => checkMessages(vector)]),
    ...positive
      .filter((vector) => vector.messages)
      .map((vector) => [`endpoint through ${vector.name}`, () => checkEndpoint(vector)]),
    ...negative.map((vector) => [`${vector.layer}: ${vector.name}`, () => LAYERS[vector.layer](vector)]),
    ...codeChecks(code),
  ];
}

// --- RFC 9180 ------------------------------------------------------------------------------

function checkRfc(vector) {
  const of = (name) => bytes(vector[name]);
  const [info, psk, pskId] = [of("info"), of("psk"), of("psk_id")];
  same(sharedSecret(of("skEm"), of("pkRm"), of("enc"), of("pkRm")), vector.shared_secret);
  const schedule = keySchedule(of("shared_secret"), info, psk, pskId);
  same(schedule.key, vector.key);
  same(schedule.nonce, vector.base_nonce);
  same(schedule.exporter, vector.exporter_secret);
  for (const { nonce, aad, pt, ct } of vector.encryptions) {
    same(chacha20poly1305(schedule.key, bytes(nonce), bytes(aad)).encrypt(bytes(pt)), ct);
  }
  const [enc, sender] = setupSender(of("pkRm"), info, psk, pskId, of("skEm"));
  same(enc, vector.enc);
  const recipient = setupRecipient(enc, of("skRm"), info, psk, pskId);
  for (const { exporter_context: label, L, exported_value: value } of vector.exports) {
    same(sender.export(bytes(label), L), value);
    same(recipient.export(bytes(label), L), value);
  }
  const [{ aad, pt, ct }] = vector.encryptions;
  same(sender.seal(bytes(pt), bytes(aad)), ct);
  same(recipient.open(bytes(ct), bytes(aad)), pt);
  for (const [shortPsk, id] of [[psk.slice(1), pskId], [psk, new Uint8Array(0)], [new Uint8Array(0), pskId]]) {
    let refused = false;
    try {
      setupSender(of("pkRm"), info, shortPsk, id, of("skEm"));
    } catch {
      refused = true;
    }
    same(refused, true, "a weak psk is refused");
  }
}

// --- crp1.json -----------------------------------------------------------------------------

const scanSecrets = (vector) => ({
  ske: bytes(vector.skE),
  ns: bytes(vector.nS),
  token: bytes(vector.token_s || "00".repeat(16)),
});

function checkExchange(vector) {
  const qr = parseQr(vector.url);
  same(qr.origin.text, vector.origin);
  same(qr.seed, vector.seed);
  if (vector.direction) same(qr.direction, vector.direction);
  if (vector.info) same(qr.info, vector.info);
  same(derive.joinSecret(qr.seed), vector.join);
  same(derive.roomOf(bytes(vector.join)), vector.room);
  same(derive.preSharedKey(qr.seed), vector.psk);
  if (vector.token_s) same(derive.tokenHash(bytes(vector.token_s)), vector.token_hash_s);
  const scanned = new Scanned(scanSecrets(vector), qr, utf8(vector.hello));
  same(scanned.m1, vector.m1, "m1");
  const hello = utf8(vector.hello_g);
  const showing = new Showing({ qr, skg: bytes(vector.skG), ng: bytes(vector.nG), hello, readsHello: false });
  same(showing.accept(scanned.m1), vector.m2, "m2");
  const { m3, keys, hello: seen } = scanned.finish(bytes(vector.m2));
  same(m3, vector.m3, "m3");
  same(seen, hello, "hello_g");
  same(showing.finish(m3), true);
  for (const { th, s2g, g2s, number } of [keys, showing.keys]) {
    same([th, s2g, g2s].map(hex), [vector.th, vector.s2g, vector.g2s]);
    same(number, vector.sas);
  }
  if (vector.plain_s2g) checkOpaqueFrames(vector);
}

function checkOpaqueFrames(vector) {
  for (const way of ["s2g", "g2s"]) {
    const key = bytes(vector[way]);
    vector[`plain_${way}`].forEach(({ kind, ack, body }, seq) => {
      same(sealFrame(key, seq, kind, ack, bytes(body)), vector[`frames_${way}`][seq], "frame");
    });
    vector[`next_${way === "s2g" ? "g2s" : "s2g"}`].forEach((next, n) => {
      const message = vector[`acks_${way}`][n];
      if (message === undefined) return;
      const expected = vector[`next_${way}`][n];
      same(openAck(key, bytes(message)), expected, "next");
      same(sealAck(key, n, expected), message, "acknowledgement");
    });
  }
}

/** Every message of a whole session: sealed again it has the same bytes. */
function checkMessages(vector) {
  const content = concat(...vector.items.flatMap((item) => item.files.map((file) => bytes(file.content))));
  for (const message of vector.messages) {
    const key = bytes(vector[message.dir]);
    const wire = bytes(message.wire);
    if (message.what === "ack") {
      same(sealAck(key, message.n, message.next), message.wire, "ack");
      same(openAck(key, wire), message.next);
    } else if (message.kind !== undefined) {
      const body = bodyOf(message, content);
      same(sealFrame(key, message.seq, message.kind, message.ack, body), message.wire, message.what);
      const opened = openFrame(key, wire);
      same([opened.kind, opened.ack], [message.kind, message.ack]);
      const unpadded = unpad(opened.kind, opened.payload);
      same(unpadded, body);
      const [kind, again] = encodeBody(decodeBody(message.kind, unpadded));
      same([kind, hex(again)], [message.kind, hex(body)], "decoded and encoded again");
    }
  }
}

function bodyOf(message, content) {
  if (message.text !== undefined) return utf8(message.text);
  if (message.hex !== undefined) return bytes(message.hex);
  const data = content.slice(message.offset, message.offset + message.size);
  return concat(Uint8Array.of(0, 0, message.offset >> 8, message.offset & 255), data);
}

/** S's driver, given what G sends, sends what the vector says, byte for byte. */
function checkEndpoint(vector) {
  const hello = JSON.parse(vector.hello);
  const endpoint = new Endpoint({
    qr: parseQr(vector.url),
    secrets: scanSecrets(vector),
    hello,
    helloBytes: utf8(vector.hello),
  });
  const items = vector.items.map(({ kind, files }) => ({
    kind,
    files: files.map(({ role, content }) => ({ role, content: bytes(content) })),
  }));
  const results = vector.statuses.map(([status, reason]) => (reason ? { status, reason } : { status }));
  const sent = [];
  const told = [];
  const carryOut = (orders) => {
    for (const order of orders) {
      if (order.do === "binary") sent.push(hex(order.bytes));
      if (order.do === "tell") told.push(order.event);
    }
  };
  const person = {
    choose: () => endpoint.beginTyping(0),
    arrived: (event) => {
      same(event.items.map((item) => item.files.map((file) => hex(file.content))), vector.items.map((item) => item.files.map((file) => file.content)));
    },
  };
  carryOut(endpoint.start(0));
  carryOut(endpoint.opened(0));
  carryOut(endpoint.text('{"type":"paired","expires_in_ms":600000}', 0, 0));
  for (const message of vector.messages) {
    if (message.dir === "s2g") {
      // What S's person does at this point of the vector.
      if (message.what === "PROGRESS" && message.text.includes("typing")) carryOut(person.choose());
      if (message.what === "OFFER") carryOut(endpoint.typeNumber(` ${vector.number} `, items, 0));
      if (message.what === "PROGRESS" && message.text.includes("saving")) carryOut(endpoint.beginSaving(0));
      if (message.what === "RECEIPT") carryOut(endpoint.finishSaving(results, 0));
      same(sent.shift(), message.wire, `${message.what} ${message.seq === undefined ? message.n : message.seq}`);
    } else carryOut(endpoint.binary(bytes(message.wire), 0));
  }
  same(sent, []);
  for (const event of told) if (event.is === "arrived") person.arrived(event);
  const end = told.find((event) => event.is === "ended");
  same(end.code, vector.result === "success" ? null : vector.result);
}

// --- crp1-negative.json --------------------------------------------------------------------

const LAYERS = { qr: checkQr, handshake: checkHandshake, frame: checkFrame, payload: checkPayload, control: checkControl };

function checkQr(vector) {
  const found = outcomeOf(() => {
    const qr = parseQr(vector.url);
    new Scanned({ ske: new Uint8Array(32).fill(7), ns: new Uint8Array(32), token: new Uint8Array(16) }, qr, new Uint8Array(512));
  });
  same(found, vector.expect);
}

function checkHandshake(vector) {
  const hand = vector.end === "g" ? handToG(vector) : handToS(vector);
  for (const { wire, expect } of vector.messages) same(hand(bytes(wire)), expect);
}

function handToG(vector) {
  const qr = parseQr(vector.url);
  const hello = utf8(vector.hello_g);
  const showing = new Showing({ qr, skg: bytes(vector.skG), ng: bytes(vector.nG), hello });
  return (wire) =>
    outcomeOf(() => {
      if (wire[0] === CARRIER.M1) return showing.accept(wire.slice(1)) === null ? "dropped" : "ok";
      if (wire[0] === CARRIER.M3) return showing.finish(wire.slice(1)) ? "ok" : "dropped";
      if (wire[0] === CARRIER.FRAME || wire[0] === CARRIER.ACK) return "dropped";
      return "carrier_type";
    });
}

/** S is tested as the page runs it: through its driver. */
function handToS(vector) {
  const endpoint = new Endpoint({
    qr: parseQr(vector.url),
    secrets: scanSecrets(vector),
    hello: JSON.parse(vector.hello),
    helloBytes: utf8(vector.hello),
  });
  endpoint.start(0);
  endpoint.opened(0);
  endpoint.text('{"type":"paired","expires_in_ms":600000}', 0, 0);
  return (wire) => {
    const orders = endpoint.binary(wire, 0);
    const end = orders.find((order) => order.do === "tell" && order.event.is === "ended");
    if (end === undefined) return orders.length === 0 ? "dropped" : "ok";
    same(orders.some((order) => order.do === "text" && order.text.includes("leave")), true, "S leaves");
    return end.event.code;
  };
}

function checkFrame(vector) {
  const delivery = new Delivery(bytes(vector.send_key), bytes(vector.recv_key));
  for (let seq = 0; seq < vector.sent; seq += 1) delivery.send({ is: "progress", step: "typing" });
  delivery.take(0);
  // Frames before the one under test have been taken.
  delivery._expected = vector.next;
  const found = outcomeOf(() => {
    const body = delivery.receive(bytes(vector.wire), 0);
    if (body !== null) return "taken";
    return delivery.take(0).some((message) => message[0] === CARRIER.ACK) ? "again" : "dropped";
  });
  same(found, vector.expect);
  same(delivery._expected, vector.next, "no counter moved");
  same(delivery.counters.acknowledged, 0, "nothing counts as acknowledged");
  same(delivery.isDead, vector.outcome === "end", "dead at once");
}

const filled = (raw, size = 0) => concat(raw, new Uint8Array(Math.max(0, size - raw.length)));

function checkPayload(vector) {
  const payload = filled(bytes(vector.payload), vector.zeros_to);
  same(outcomeOf(() => void unpad(vector.kind, payload)), vector.expect);
}

function checkControl(vector) {
  const isSender = vector.end === "sender";
  const items = (vector.items || []).map(({ kind, files }) => ({
    kind,
    files: files.map(({ role, content }) => ({ role, content: bytes(content) })),
  }));
  const end = isSender ? new Sender() : new Receiver();
  const offers = isSender && vector.steps.some((step) => step.kind === KINDS.OFFER && step.from === "sender");
  const outgoing = offers ? [end.offer(items)] : [];
  vector.steps.forEach((step, at) => {
    const raw = filled(step.hex === undefined ? utf8(step.text) : bytes(step.hex), step.zeros_to);
    if (step.from === vector.end) {
      const own = outgoing.shift();
      if (own === undefined) return; // such as a PROGRESS of its person
      const [kind, body] = encodeBody(own);
      same(kind, step.kind, "own kind");
      if (kind !== KINDS.OFFER) same(body, raw, "own body");
      if (kind === KINDS.END) end.endTaken();
      return;
    }
    const found = outcomeOf(() => {
      const body = decodeBody(step.kind, unpad(step.kind, pad(step.kind, raw)));
      if (body.is === "progress" || body.is === "close") return "ok";
      outgoing.push(...end.receive(body));
      if (vector.outcome === "result" && body.is === "receipt") return ofResults(end.results);
      if (body.is === "offer" && end.rejection !== null) {
        const answer = outgoing.pop();
        same(answer, { is: "reject", reason: end.rejection });
        return end.rejection;
      }
      if (body.is === "end" && end.items.includes(null)) return "bad_digest";
      return "ok";
    });
    same(found, step.expect, `step ${at}`);
  });
}
