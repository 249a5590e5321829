// tests/vectors/crp1-code.json against the page's core: the typed code.

import { chacha20poly1305 } from "../../../web_phone/vendor/crypto.js";
import { hex } from "../../../web_phone/core/bytes.js";
import { codeInputs, codeKey, Entering, parseCode } from "../../../web_phone/core/code.js";
import { Exchange, generator, generatorString, mapToCurve, multiply } from "../../../web_phone/core/cpace.js";
import { labelled } from "../../../web_phone/core/derive.js";
import { Scanned } from "../../../web_phone/core/handshake.js";
import { parseOrigin } from "../../../web_phone/core/origin.js";
import { parseQr } from "../../../web_phone/core/qr.js";

const bytes = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));

function same(found, expected, what = "value") {
  const [left, right] = [found, expected].map((x) => (x instanceof Uint8Array ? hex(x) : x));
  if (JSON.stringify(left) !== JSON.stringify(right)) {
    throw new Error(`${what}: ${JSON.stringify(left)} in place of ${JSON.stringify(right)}`);
  }
}

/** Draw these values, and after them what only blinds. */
function drawing(...values) {
  return (size) => values.shift() || Uint8Array.from({ length: size }, (_, at) => 7 * at + size + values.length);
}

/** The word of what a step comes to. */
function outcomeOf(step) {
  try {
    step();
    return "ok";
  } catch (error) {
    if (error.code === undefined) throw error;
    return error.code;
  }
}

export function codeChecks({ draft, map, exchanges, negative }) {
  const of = (layer, check) =>
    negative.filter((v) => v.layer === layer).map((v) => [`${layer}: ${v.name}`, () => check(v)]);
  return [
    ["CPace, the draft's exchange", () => checkDraft(draft)],
    ...draft.points.map((point) => [`X25519 of ${point.u}`, () => checkPoint(draft.scalar, point)]),
    ...map.map((vector) => [`map of ${vector.u}`, () => same(mapToCurve(bytes(vector.u), drawing()), vector.g)]),
    ...exchanges.map((vector) => [`code ${vector.name}`, () => checkExchange(vector)]),
    ...of("typed", checkTyped),
    ...of("s", checkS),
    ...of("g", checkG),
  ];
}

function checkDraft(draft) {
  const of = (name) => bytes(draft[name]);
  const inputs = { secret: of("prs"), channel: of("ci"), sid: of("sid"), names: [of("ada"), of("adb")] };
  same(generatorString(inputs), draft.generator_string);
  same(generator(inputs, drawing()), draft.g);
  const a = new Exchange(inputs, true, drawing(of("ya")));
  const b = new Exchange(inputs, false, drawing(of("yb")));
  same([hex(a.share), hex(b.share)], [draft.share_a, draft.share_b]);
  same(a.finish(b.share), draft.isk);
  same(b.finish(a.share), draft.isk);
}

function checkPoint(scalar, { u, q }) {
  let found = null;
  const word = outcomeOf(() => {
    found = multiply(bytes(scalar), bytes(u));
  });
  same(word, q === null ? "low_order" : "ok");
  if (q !== null) same(found, q);
}

const entering = ({ code, origin, sid, ya }) =>
  new Entering(parseCode(code), parseOrigin(origin), drawing(bytes(sid), bytes(ya)));

/** G's answer to one knock: the page is never G. */
function answer(code, origin, payload, yb, { sid, share }) {
  const exchange = new Exchange(codeInputs(code, parseOrigin(origin), bytes(sid)), false, drawing(bytes(yb)));
  const cipher = chacha20poly1305(codeKey(exchange.finish(bytes(share))), new Uint8Array(12), labelled("code"));
  return { share: hex(exchange.share), sealed: hex(cipher.encrypt(bytes(payload))) };
}

function checkExchange(vector) {
  const code = parseCode(vector.code);
  same(code, { lobby: vector.lobby, secret: vector.secret });
  const s = entering(vector);
  same(s.share, vector.share_s);
  const found = answer(code, vector.origin, vector.payload, vector.yb, { sid: vector.sid, share: hex(s.share) });
  same(found, { share: vector.share_g, sealed: vector.sealed });
  const opened = s.open(bytes(found.share), bytes(found.sealed));
  const scanned = parseQr(vector.url);
  same(hex(opened.info) + hex(opened.pkg) + hex(opened.seed), hex(scanned.info) + hex(scanned.pkg) + hex(scanned.seed));
}

function checkTyped(vector) {
  let code = null;
  same(outcomeOf(() => (code = parseCode(vector.typed))), vector.expect);
  if (vector.expect === "ok") same(code, { lobby: vector.lobby, secret: vector.secret });
}

function checkS(vector) {
  const s = entering(vector);
  const word = outcomeOf(() => {
    const qr = s.open(bytes(vector.answer.share), bytes(vector.answer.sealed));
    const secrets = { ske: Uint8Array.from({ length: 32 }, (_, at) => at), ns: new Uint8Array(32) };
    return new Scanned(secrets, qr, new Uint8Array(0));
  });
  same(word, vector.expect);
}

function checkG(vector) {
  const code = { lobby: vector.lobby, secret: vector.secret };
  let used = false;
  for (const knock of vector.knocks) {
    if (used) {
      same("code_used", knock.expect);
      continue;
    }
    used = true;
    let found = null;
    const word = outcomeOf(() => {
      found = answer(code, vector.origin, vector.payload, vector.yb, knock);
    });
    same(word, knock.expect);
    if (word === "ok") same(found, knock.answer);
  }
}
