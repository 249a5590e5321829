// What neither the vectors nor the driver's stories pin down.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Delivery } from "../../../web_phone/core/channel.js";
import { readHello, writeHello } from "../../../web_phone/core/hello.js";
import { closeCode, closeReason, ofEnd, ofResults } from "../../../web_phone/core/outcome.js";
import { checkPc, isLower } from "../../../web_phone/core/release.js";
import { RoomTalk } from "../../../web_phone/core/room_talk.js";
import { parseObject } from "../../../web_phone/core/strict_json.js";
import { Receiver, Sender } from "../../../web_phone/core/transfer.js";
import { pbkdf2, within } from "../../../web_phone/pki/kdf.js";
import { sha1 } from "../../../web_phone/vendor/crypto.js";
import { deviceName, osVersion } from "../../../web_phone/ui/device.js";
import { grouped } from "../../../web_phone/ui/forms.js";

const refuses = (code, step) => assert.throws(step, (error) => error.code === code);

test("a code stands in three groups while it is typed, and the caret stays behind its digit", () => {
  const at = (text) => grouped(text.replace("|", ""), text.indexOf("|"));
  for (const [typed, shown] of [
    ["|", "|"],
    ["4821|", "4821|"],
    ["48217|", "4821 7|"],
    ["482177301946|", "4821 7730 1946|"],
    ["48217-7301946|", "4821 7730 1946|"],
    ["4821773|01946", "4821 773|0 1946"],
    ["4821| 7730 1946", "4821| 7730 1946"],
    ["4821 7|730 1946", "4821 7|730 1946"],
    ["9 4821 7730 1946|", "94821 7730 1946|"],
    ["00942177301946|", "009421 7730 1946|"],
    ["123456789012345|", "123456 7890 12345|"],
    ["12a4|", "12a4|"],
  ]) {
    const { text, caret } = at(typed);
    assert.equal(`${text.slice(0, caret)}|${text.slice(caret)}`, shown, typed);
  }
});

test("strict JSON reads what is strict and nothing else", () => {
  const value = parseObject(' {"a":[1,{"b":"\\u00e9\\ud83d\\ude00"}],"__proto__":true,"n":9007199254740991} ');
  assert.equal(JSON.stringify(value), '{"a":[1,{"b":"é😀"}],"__proto__":true,"n":9007199254740991}');
  const broken = [
    "",
    "[]",
    "null",
    '{"a":null}',
    '{"a":1,"\\u0061":2}',
    '{"a":9007199254740992}',
    '{"a":10000000000000000}',
    '{"a":1.5}',
    '{"a":1e3}',
    '{"a":-1}',
    '{"a":-0}',
    '{"a":01}',
    '{"a":NaN}',
    '{"a":tru}',
    '{"a":"\\x0041"}',
    '{"a":"\\u00g1"}',
    '{"a":"\\ud83d"}',
    '{"a":"\\ude00\\ud83d"}',
    '{"a":"\n"}',
    '{"a":"b}',
    '{"a":1,}',
    '{"a":[1,]}',
    '{"a":1}x',
    "{'a':1}",
    `{"a":${"[".repeat(40)}${"]".repeat(40)}}`,
  ];
  for (const text of broken) assert.throws(() => parseObject(text), undefined, text);
  assert.throws(() => parseObject(Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d)), undefined, "BOM");
});

const hello = { name: "내 PC", platform: "linux", app: "x", app_version: "P1", os_version: "6" };

test("a name is cut at a character's border and never holds a hidden one", () => {
  const read = (name) => readHello(writeHello({ ...hello, name }, new Uint8Array(32)), true).name;
  assert.equal(read("가".repeat(30)), "가".repeat(21));
  assert.equal(read("\u202eabc\u0000"), "abc");
  assert.equal(read(" \u200b "), "?");
  assert.equal(read("a\ud800b"), "ab");
});

test("a hidden character is refused wherever it stands", () => {
  for (const name of ["\u202eabc", "a\u202ebc", "abc\u202e"]) {
    const raw = new TextEncoder().encode(JSON.stringify({ ...hello, name }).padEnd(512));
    refuses("bad_hello", () => readHello(raw.slice(0, 512), false));
  }
});

test("releases are compared as numbers", () => {
  assert.ok(isLower("G5.9", "G5.10"));
  assert.ok(!isLower("G5.0.0", "G5"));
  assert.ok(!isLower("G6", "G5.9.9"));
});

test("only PCs are talked to", () => {
  checkPc(hello);
  refuses("platform_mismatch", () => checkPc({ ...hello, platform: "web" }));
  refuses("platform_mismatch", () => checkPc({ ...hello, app_version: "G9" }));
  refuses("platform_mismatch", () => checkPc({ ...hello, platform: "android", app_version: "G9" }));
});

test("the last word follows what is certain", () => {
  const [stored, duplicate] = [{ status: "stored" }, { status: "duplicate" }];
  const no = { status: "rejected", reason: "declined" };
  assert.equal(ofResults([stored, duplicate]), null);
  assert.equal(ofResults([stored, no]), "partial");
  assert.equal(ofResults([no, no]), "declined");
  assert.equal(ofResults([no, { status: "rejected", reason: "disk" }]), "rejected");
  assert.equal(ofResults([{ status: "other" }]), "rejected");
  assert.equal(ofEnd(null, true, "grace"), null);
  assert.equal(ofEnd(undefined, true, "grace"), "not_confirmed");
  for (const why of ["tampered", "protocol", "already_claimed"]) assert.equal(ofEnd(undefined, true, why), "not_confirmed");
  assert.equal(ofEnd(undefined, true, "cancelled"), "cancelled", "the receiver's own sealed word");
  assert.equal(ofEnd(undefined, false, "grace"), "grace");
  assert.equal(closeReason("bad_tag"), "protocol");
  assert.equal(closeReason("os_too_low"), "os_too_low");
  assert.equal(closeCode("done"), "left");
  assert.equal(closeCode("timeout"), "timeout");
});

const pairOf = (size) => [
  { kind: "pkcs12", files: [{ role: "pkcs12", content: new Uint8Array(size).fill(7) }] },
];

test("content of whole chunks travels without an empty one", () => {
  for (const [size, chunks] of [[1, 1], [16384, 1], [16385, 2], [32768, 2]]) {
    const [sender, receiver] = [new Sender(), new Receiver()];
    const [accept] = receiver.receive(sender.offer(pairOf(size)));
    const bodies = sender.receive(accept);
    assert.equal(bodies.length, chunks + 1);
    for (const body of bodies) receiver.receive(body);
    assert.deepEqual(receiver.items, pairOf(size));
  }
});

test("what the receiver would reject is not offered", () => {
  refuses("too_large", () => new Sender().offer(pairOf(65537)));
  refuses("too_large", () => new Sender().offer(Array.from({ length: 21 }, () => pairOf(1)[0])));
  refuses("bad_manifest", () => new Sender().offer(pairOf(0)));
  refuses("bad_manifest", () => new Sender().offer([]));
});

test("at most 8 frames are under way, the rest follows as they are acknowledged", () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const [here, there] = [new Delivery(keys[0], keys[1]), new Delivery(keys[1], keys[0])];
  for (let count = 0; count < 20; count += 1) here.send({ is: "progress", step: "typing" });
  let sent = here.take(0);
  assert.equal(sent.length, 8);
  let rounds = 0;
  for (; !here.isSettled; rounds += 1) {
    for (const message of sent) there.receive(message, 0);
    for (const message of there.take(0)) here.receive(message, 0);
    sent = here.take(0);
  }
  assert.equal(rounds, 3);
});

test("frames are repeated after 3, 6, 12 and then every 15 s, and progress begins anew", () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const [here, there] = [new Delivery(keys[0], keys[1]), new Delivery(keys[1], keys[0])];
  here.send({ is: "progress", step: "typing" });
  here.send({ is: "progress", step: "typing" });
  const sent = here.take(0);
  const times = [];
  for (let tries = 0; tries < 5; tries += 1) {
    times.push(here.deadline);
    here.tick(here.deadline);
    assert.deepEqual(here.take(here.deadline), sent);
  }
  assert.deepEqual(times, [3, 9, 21, 36, 51]);
  there.receive(sent[0], 60);
  for (const message of there.take(60)) here.receive(message, 60);
  assert.equal(here.deadline, 63);
  assert.equal(here.waitingSince, 60);
});

test("a dead channel says and takes nothing more", () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const here = new Delivery(keys[0], keys[1]);
  here.send({ is: "progress", step: "typing" });
  here.kill();
  assert.deepEqual(here.take(0), []);
  assert.equal(here.deadline, Infinity);
  refuses("internal", () => here.send({ is: "progress", step: "typing" }));
  refuses("internal", () => here.receive(new Uint8Array(33), 0));
});

function talk() {
  const heard = [];
  const orders = [];
  const note = (name) => (...given) => heard.push([name, ...given]);
  const names = ["attached", "waiting", "refused", "secondScan"];
  const listener = Object.fromEntries(names.map((name) => [name, note(name)]));
  const bytes = new Uint8Array(32);
  const room = new RoomTalk({ join: bytes.slice(16), room: bytes, token: bytes.slice(16), hello }, listener, orders);
  room.start(0);
  return { room, heard, orders };
}

test("a QR code that the PC never answers has 120 s", () => {
  const { room, heard } = talk();
  room.opened(0);
  for (let now = 0; now < 118; now += 2) {
    room.text('{"type":"error","code":"peer_not_ready"}', now, 0);
    room.tick(now + 2, 0);
  }
  assert.ok(!heard.some(([name]) => name === "refused"));
  room.tick(120, 0);
  assert.deepEqual(heard[heard.length - 1].slice(0, 2), ["refused", "expired"]);
  room.lost(121, 0);
  room.refresh(122);
  room.tick(123, 0);
  assert.equal(room.deadline, Infinity);
});

test("a loss is told once, and a text of a socket that is gone is not read", () => {
  const { room, heard } = talk();
  room.opened(0);
  room.text('{"type":"paired","expires_in_ms":1}', 0, 0);
  room.lost(1, 0);
  room.lost(1, 0);
  room.text('{"type":"closed","reason":"left"}', 1, 0);
  assert.deepEqual(heard.map(([name]) => name), ["attached", "waiting"]);
});

test("a device is named and its system's version told as far as the browser tells", () => {
  const samsung = "Mozilla/5.0 (Linux; Android 14; SM-S938N) AppleWebKit/537.36 SamsungBrowser/26.0 Chrome/122";
  const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) Version/16.6 Mobile/15E148 Safari/604.1";
  const reduced = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36";
  assert.equal(deviceName(samsung), "SM-S938N · Samsung Internet");
  assert.equal(osVersion(samsung), "14");
  assert.equal(deviceName(iphone), "iPhone · Safari");
  assert.equal(osVersion(iphone), "16.6");
  assert.equal(deviceName(reduced), "Android · Chrome");
  assert.equal(deviceName(reduced, "Pixel 9"), "Pixel 9 · Chrome");
  assert.equal(osVersion(reduced, "16.0.0"), "16.0.0");
  assert.equal(osVersion("a browser that tells nothing"), "0");
  assert.equal(deviceName("a browser that tells nothing"), "Web · Web");
});

test("a derivation ends by its work and by its time", async () => {
  const refused = (work) => assert.rejects(work, (error) => error.code === "too_many_iterations");
  const salt = new Uint8Array(8);
  await refused(pbkdf2(sha1, salt, salt, 5000000, 128));
  await refused(within(new Promise(() => {}), 0.01));
  assert.equal(await within(Promise.resolve(1), 20), 1);
  await assert.rejects(within(Promise.reject(new RangeError()), 20), RangeError);
});
