// 홈: what one comes for as large cards, this PC's certificates, what expires.

import { button, notice, quiet, sentence } from "../../../web_phone/ui/components.js";
import { make } from "../../../web_phone/ui/dom.js";
import { doors } from "./doors.js";
import { Stock } from "./model.js";
import { busy, certificateLink, fault, heading, nameOf, told, way } from "./parts.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */

/** How many certificates stand on the first screen. */
const MOST = 5;
/** How many of which a device has an old copy. */
const MOST_OLD = 3;
const TRUST = ["server", "password", "relay"];

/** @param {App} app @returns {View} */
export const home = (app) => ({
  key: "",
  screen: () => {
    const { texts } = app;
    return {
      title: texts.say("centre.home.title"),
      body: [
        doors(app),
        ...strip(app),
        ...outdated(app),
        ...certificates(app),
        heading(texts.say("centre.trust.title")),
        make("ul", { class: "trust" }, ...TRUST.map((each) => make("li", {}, texts.say(`centre.trust.${each}`)))),
        quiet(texts, "centre.version", { version: app.version }),
        button(texts.say("centre.close"), () => void app.close(), "text small"),
      ],
    };
  },
});

/** What expires, and what has. @param {App} app */
function strip({ texts, stock }) {
  const late = stock === null ? [] : stock.late;
  const [first] = late;
  if (first === undefined) return [];
  const key = late.length > 1 ? "centre.strip.several" : first.state === "expired" ? "centre.strip.expired" : "centre.strip.expiring";
  const days = Math.max(0, first.days_left || 0);
  const strip = told(texts, key, { owner: nameOf(first), days, count: late.length }, "warn");
  const to = late.length > 1 ? "#/list/late" : `#/certificate/${Stock.address(first)}`;
  strip.append(make("p", {}, make("a", { href: to }, texts.say("centre.strip.look"))));
  return [strip];
}

/** Devices that have an older copy: each with the way to send it again. @param {App} app */
function outdated({ texts, stock, outdated: all }) {
  const lines = all.flatMap((each) => {
    const own = stock === null ? undefined : stock.plain.find(({ fingerprint }) => fingerprint === each["fingerprint"]);
    if (own === undefined) return [];
    const key = each.event === "renewed_since" ? "centre.old.renewed" : "centre.old.password";
    const said = sentence(texts, key, { owner: nameOf(own), devices: each["devices"].join(", ") });
    return [make("li", {}, make("span", {}, ...said), make("a", { href: `#/certificate/${Stock.address(own)}` }, texts.say("centre.old.again")))];
  });
  if (lines.length === 0) return [];
  const more = lines.length > MOST_OLD && make("p", {}, make("a", { href: "#/history" }, texts.say("centre.old.more", { count: lines.length - MOST_OLD })));
  return [notice("warn", heading(texts.say("centre.old.title")), make("ul", { class: "old" }, ...lines.slice(0, MOST_OLD)), more)];
}

/** @param {App} app */
function certificates({ texts, stock, stockFault }) {
  const title = heading(texts.say("centre.home.certificates"));
  if (stock === null) return [title, busy(texts)];
  if (stockFault !== null) return [title, ...fault(texts, stockFault)];
  if (stock.all.length === 0) {
    return [title, make("p", {}, ...sentence(texts, "centre.home.none")), quiet(texts, "centre.home.cloud"), way(texts.say("centre.door.files"), "#/files")];
  }
  const late = new Set(stock.late);
  const shown = [...stock.plain].sort((one, other) => Number(late.has(other)) - Number(late.has(one))).slice(0, MOST);
  return [
    title,
    make("ul", { class: "lines" }, ...shown.map((each) => make("li", {}, certificateLink(texts, each)))),
    make(
      "p",
      { class: "ways" },
      make("a", { href: "#/list" }, texts.say("centre.home.all", { count: stock.plain.length })),
      make("a", { href: "#/files" }, texts.say("centre.door.files")),
    ),
  ];
}
