// The screens of both directions that only tell something: beginning, waiting, end.
//
// A screen is a pure function of texts and values; what a tap does is handed in.

import { button, cancelButton, card, notice, paragraph, quiet, route, sentence, stepList } from "./components.js";
import { make } from "./dom.js";
import { drawing } from "./drawings.js";
import { summaryCard } from "./summary_card.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./layout.js").Screen} Screen */
/** @typedef {import("../core/bodies.js").ItemResult} ItemResult */
/** @typedef {import("../pki/inspect.js").Summary} Summary */

/** How to scan. @param {Texts} texts */
export const howToScan = (texts) => stepList(["begin", "camera", "link"].map((each) => texts.say(`page.start.${each}`)));

/**
 * The keys are gone: by a reload, by going back, or because the person starts over.
 * @param {Texts} texts
 * @param {{typeCode: () => void}} act
 * @returns {Screen}
 */
export const scanAgain = (texts, act) => ({
  title: texts.say("page.scan_again.title"),
  body: [drawing("scan"), paragraph(texts, "page.scan_again.text"), howToScan(texts)],
  actions: [button(texts.say("page.code.instead"), act.typeCode)],
});

/** All is done, and the browser did not let the page close itself. @param {Texts} texts @returns {Screen} */
export const finished = (texts) => ({
  title: texts.say("page.finished.title"),
  step: 5,
  body: [drawing("scan"), paragraph(texts, "page.finished.text")],
});

/** @param {Texts} texts @param {{cancel: () => void}} act @returns {Screen} */
export const connecting = (texts, act) => ({
  title: texts.say("page.connecting.title"),
  step: 1,
  body: [drawing("connecting"), paragraph(texts, "page.connecting.text")],
  actions: [cancelButton(texts, act.cancel)],
});

/** From this phone to the PC. @param {Texts} texts @param {string} peer */
export const toPc = (texts, peer) =>
  route(
    { device: "phone", name: texts.say("page.route.phone") },
    { device: "pc", name: peer },
    texts.say("page.send.direction", { peer }),
  );

/** From the PC to this phone. @param {Texts} texts @param {string} peer */
export const toPhone = (texts, peer) =>
  route(
    { device: "pc", name: peer },
    { device: "phone", name: texts.say("page.route.phone") },
    texts.say("page.receive.direction", { peer }),
  );

/**
 * The content is on its way; at the end the PC asks its person.
 * @param {Texts} texts
 * @param {{bytes: number, total: number, isSender: boolean, peer: string, peerStep: string}} moved
 * @param {{cancel: () => void}} act
 * @returns {Screen}
 */
export function moving(texts, { bytes, total, isSender, peer, peerStep }, act) {
  const stage = isSender && (peerStep === "asking" || peerStep === "saving") ? peerStep : isSender ? "send" : "receive";
  const bar = make("progress", { max: String(Math.max(1, total)), value: String(bytes) });
  const title = texts.say(`page.moving.${stage}`);
  bar.setAttribute("aria-label", title);
  return {
    title,
    step: 4,
    route: isSender ? toPc(texts, peer) : toPhone(texts, peer),
    body: [
      drawing(stage === "asking" ? "save" : isSender ? "send" : "receive"),
      stage !== "asking" && stage !== "saving" && bar,
      paragraph(texts, stage === "asking" ? "page.moving.asking_text" : "page.moving.text"),
    ],
    actions: [cancelButton(texts, act.cancel)],
  };
}

/** @typedef {"stopped" | "late" | "unsure" | "wifi" | "fault"} Kind what kind of end it is */

/** Ends that are nobody's fault. @type {Record<string, Kind>} */
const KINDS = {
  cancelled: "stopped",
  declined: "stopped",
  page_closed: "stopped",
  expired: "late",
  timeout: "late",
  no_answer: "late",
  no_such_room: "late",
  already_used: "late",
  out_of_hours: "late",
  suspended: "late",
  not_confirmed: "unsure",
  unconfirmed: "unsure",
  left: "wifi",
  grace: "wifi",
  connection_lost: "wifi",
  relay_unreachable: "wifi",
  rate_limited: "wifi",
  try_later: "wifi",
};

/** @type {Record<Kind, import("./components.js").Tone>} */
const TONES = { stopped: "plain", late: "plain", unsure: "warn", wifi: "warn", fault: "bad" };

/**
 * It ended without the copy, or without anybody knowing.
 * @param {Texts} texts
 * @param {object} end
 * @param {string} end.code
 * @param {Record<string, string | number>} end.details
 * @param {boolean} end.byPeer
 * @param {string} end.pc the PC's address where it relays by itself; else empty
 * @param {boolean} end.canRetry whether the same code may be tried again
 * @param {{retry: () => void, restart: () => void}} act
 * @returns {Screen}
 */
export function ended(texts, { code, details, byPeer, pc, canRetry }, act) {
  const kind = KINDS[code] || "fault";
  const [why, hint] = whyAndHint(texts, { code, details, byPeer, pc });
  const again = canRetry ? button(texts.say("page.retry"), act.retry, "main") : button(texts.say("page.restart"), act.restart, "main");
  return {
    title: texts.say(TITLES[code] || "page.ended.title"),
    body: [
      make("div", { class: `tone ${TONES[kind]}` }, drawing(kind)),
      notice(TONES[kind], make("p", {}, why)),
      hint !== "" && make("p", {}, hint),
    ],
    actions: [again],
  };
}

/**
 * What happened, and what to do next; the second may be empty.
 * @param {Texts} texts
 * @param {{code: string, details?: Record<string, string | number>, byPeer?: boolean, pc: string}} end
 * @returns {[string, string]}
 */
export function whyAndHint(texts, { code, details = {}, byPeer = false, pc }) {
  if (pc !== "" && (code === "relay_unreachable" || code === "connection_lost")) {
    return [texts.say("page.ended.unreachable_pc", { address: pc }), texts.say("page.ended.same_wifi")];
  }
  return [texts.pageError(code, details, byPeer), texts.hint(code, details)];
}

/** @type {Record<string, string>} */
const TITLES = {
  cancelled: "page.ended.cancelled",
  declined: "page.ended.declined",
  // Whoever does not know what became of it must not say that it failed.
  not_confirmed: "page.ended.not_confirmed",
  unconfirmed: "page.unconfirmed.title",
};

/**
 * What the PC's receipt says.
 * @param {Texts} texts
 * @param {{items: Summary[], results: ItemResult[], peer: string, today: number}} copy
 * @param {{done: () => void}} act
 * @returns {Screen}
 */
export function sent(texts, { items, results, peer, today }, act) {
  const kept = results.filter(({ status }) => status === "stored" || status === "duplicate").length;
  const rejected = results.filter(({ status }) => status === "rejected").length;
  const word = kept === results.length ? "all" : rejected === results.length ? "none" : rejected > 0 ? "some" : "unsure";
  // To say no on the PC is no fault.
  const isDeclined = word === "none" && results.every(({ reason }) => reason === "declined");
  const end = word === "all" ? "on_pc" : word === "none" ? (isDeclined ? "stopped" : "fault") : "unsure";
  const tone = word === "all" ? "good" : isDeclined ? "plain" : word === "none" ? "bad" : "warn";
  return {
    title: texts.say(`page.sent.${word}.title`),
    step: word === "all" ? 5 : 4,
    body: [
      make("div", { class: `tone ${tone}` }, drawing(end)),
      make("p", {}, ...sentence(texts, `page.sent.${word}.text`, { peer })),
      ...items.map((item, at) => resultCard(texts, at, item, results[at], today)),
      quiet(texts, "page.send.original_stays"),
    ],
    actions: [button(texts.say("page.done"), act.done, "main")],
  };
}

/** @param {Texts} texts @param {number} at @param {Summary} summary @param {ItemResult | undefined} result @param {number} today */
const resultCard = (texts, at, summary, result, today) =>
  summaryCard(texts, at, summary, today, result !== undefined && make("p", { class: "result" }, resultText(texts, result)));

/** What became of an item. @param {Texts} texts @param {ItemResult} result */
function resultText(texts, { status, reason }) {
  if (status !== "rejected") return texts.say(`page.result.${status}`);
  return texts.say(`page.reason.${reason || "other"}`);
}

/** What is no certificate any more. @param {Texts} texts */
export const damagedCard = (texts) => card(make("p", {}, texts.say("page.receive.damaged")));
