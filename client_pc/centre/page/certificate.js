// 상세: everything that is known of one certificate, and what can be done with it.

import { button, disclosure, quiet } from "../../../web_phone/ui/components.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { lastDay } from "../../../web_phone/pki/validity.js";
import { make } from "../../../web_phone/ui/dom.js";
import { foldedAs, Stock } from "./model.js";
import { badge, busy, certificateLink, dayOf, facts, fault, heading, nameOf, told, useOf, way } from "./parts.js";
import { why } from "./list.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./model.js").Certificate} Certificate */
/** @typedef {import("./talk.js").TaskEvent} TaskEvent */

/** Whose certificate a screen is about. @param {App} app @param {Certificate} each */
export const headOf = ({ texts }, each) =>
  make(
    "div",
    { class: "about" },
    make("div", { class: "card-head" }, make("p", { class: "about-name" }, make("bdi", {}, nameOf(each))), badge(texts, each)),
    make("p", { class: "facts" }, [useOf(texts, each), printable(each.authority || each.issuer || ""), dayOf(each) && texts.say("page.item.last_day", { day: dayOf(each) })].filter(Boolean).join(" · ")),
  );

/** @param {App} app @param {Certificate} each @returns {View} */
export function certificate(app, each) {
  /** What `show` told. @type {TaskEvent | null} */
  let known = null;
  /** @type {import("./task.js").Fault | null} */
  let wrong = null;
  const read = async () => {
    const task = await app.start("show", [each.path]);
    await task.ended;
    app.tasks.delete(task.number);
    known = task.last("certificate") || null;
    wrong = task.fault;
    app.draw();
  };
  void read();
  const to = (/** @type {string} */ chore) => `#/certificate/${Stock.address(each)}/${chore}`;
  const folded = foldedAs(each);
  const isReadable = folded !== "broken";
  return {
    key: "",
    isWide: true,
    screen: () => {
      const { texts, stock } = app;
      const copies = stock === null ? [] : stock.copies(each);
      return {
        title: nameOf(each),
        body: [
          make("div", { class: "card-head" }, make("p", { class: "facts" }, useOf(texts, each)), badge(texts, each)),
          folded !== null && make("div", { class: "notice warn" }, why(app, each)),
          each.state === "sealed" && make("p", {}, make("a", { class: "button", href: to("unlock") }, texts.say("centre.unlock"))),
          ...life(app, each),
          ...(each.state === "expiring" || each.state === "expired" ? [told(texts, `centre.renew.${each.state}`, {}, "warn")] : []),
          make(
            "div",
            { class: "acts" },
            isReadable && button(texts.say("centre.door.export"), () => void app.beginCopy("export", [each.path]), "main"),
            isReadable && each.kind === "npki" && way(texts.say("centre.send.form"), to("send")),
            isReadable && way(texts.say("centre.password"), to("password")),
            isReadable && way(texts.say(each.kind === "npki" ? "centre.convert.p12" : "centre.convert.npki"), to("convert")),
            isReadable && way(texts.say("centre.verify"), to("verify")),
            way(texts.say("centre.delete"), to("delete"), "danger"),
          ),
          heading(texts.say("centre.where")),
          make("p", { class: "path" }, printable(each.path, Infinity)),
          button(texts.say("centre.open_folder"), () => void app.talk.open(each.path).catch(() => undefined), "text small"),
          ...(copies.length > 0 ? [quiet(texts, "centre.copies", { count: copies.length }), make("ul", { class: "lines" }, ...copies.map((other) => make("li", {}, certificateLink(texts, other), make("p", { class: "why" }, printable(other.path, Infinity)))))] : []),
          heading(texts.say("page.more")),
          ...(wrong !== null ? fault(texts, wrong) : known === null ? [busy(texts)] : details(app, known)),
        ],
        actions: [],
      };
    },
  };
}

/** How much of its life is over. @param {App} app @param {Certificate} each */
function life({ texts }, { not_before: begin, not_after: end, days_left: left }) {
  if (begin === null || end === null) return [];
  const [from, until, now] = [Date.parse(begin), Date.parse(end), Date.now()];
  const part = Math.min(100, Math.max(0, Math.round((100 * (now - from)) / (until - from))));
  const label = left !== null && left >= 0 ? texts.say("centre.life.left", { days: left }) : texts.say("state.expired");
  const bar = make("progress", { max: "100", value: String(part), class: left === null || left < 0 ? "over" : left <= 30 ? "soon" : "" });
  bar.setAttribute("aria-label", texts.say("verify.validity"));
  return [
    make(
      "div",
      { class: "life" },
      bar,
      make("p", { class: "life-days" }, make("span", {}, lastDay(from)), make("strong", {}, label), make("span", {}, lastDay(until))),
    ),
  ];
}

/** @param {App} app @param {TaskEvent} known */
function details({ texts }, known) {
  const list = (/** @type {unknown} */ value) => (Array.isArray(value) ? value.join("; ") : "");
  const digests = Object.entries(/** @type {Record<string, string>} */ (known["sha256"] || {}));
  return [
    facts(texts, [
      ["pc.list.cn", known["cn"]],
      ["pc.list.issuer", known["issuer_name"] || known["issuer"]],
      ["pc.list.serial", known["serial"]],
      ["pc.list.km", known["km_serial"]],
      ["pc.list.key", known["key"]],
      ["pc.list.encryption", known["protected"] === false ? texts.say("pc.show.unprotected") : list(known["encryption"])],
    ]),
    disclosure(
      "fingerprints",
      texts.say("centre.fingerprints"),
      facts(texts, [
        ["pc.list.subject", known["subject"]],
        ["pc.list.signature", known["signature"]],
        ["pc.list.policy", list(known["policies"])],
        ["pc.list.fingerprint", known["fingerprint"]],
      ]),
      make("dl", { class: "all-facts" }, ...digests.map(([role, digest]) => make("div", { class: "row" }, make("dt", {}, role), make("dd", {}, make("bdi", {}, printable(digest)))))),
    ),
  ];
}
