// 내역: what was copied to and from which device, and what was changed here, the newest first.

import { button, quiet, wellDone } from "../../../web_phone/ui/components.js";
import { printable } from "../../../web_phone/core/safe_text.js";
import { ownerName } from "../../../web_phone/pki/naming.js";
import { make } from "../../../web_phone/ui/dom.js";
import { errand } from "./errand.js";
import { fileName } from "./model.js";
import { heading, momentOf, nameOf, told } from "./parts.js";
import { reading } from "./reading.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").View} View */
/** @typedef {import("./talk.js").TaskEvent} TaskEvent */

/** @param {App} app @returns {View} */
export const history = (app) => {
  let by = "time";
  return reading(app, "history", "centre.menu.history", (task) => {
    const { texts } = app;
    const found = task.events.filter(({ event }) => event === "copy" || event === "change").sort((one, other) => Date.parse(other["at"]) - Date.parse(one["at"]));
    if (found.length === 0) return [make("p", {}, texts.say("pc.history.empty")), quiet(texts, "centre.history.text")];
    const choice = make("select", { id: "by" });
    for (const each of ["time", "device", "certificate"]) choice.append(make("option", { value: each }, texts.say(`centre.history.by.${each}`)));
    choice.value = by;
    choice.addEventListener("change", () => {
      by = choice.value;
      app.draw();
    });
    return [
      ...task.of("password_changed_since").map((each) => told(texts, "centre.old.password", { owner: ownerName(String(each["cn"] || "?")), devices: devices(each) }, "warn")),
      ...task.of("renewed_since").map((each) => told(texts, "centre.history.renewed", { owner: ownerName(String(each["cn"] || "?")), devices: devices(each) }, "warn")),
      make("div", { class: "search" }, make("label", { for: "by" }, texts.say("centre.history.by")), choice),
      ...groups(app, found, by).flatMap(([name, events]) => [
        name !== "" && heading(printable(name)),
        make("ol", { class: "timeline" }, ...events.map((each) => entry(app, each))),
      ]),
      quiet(texts, "centre.history.text"),
      button(texts.say("centre.history.clear"), () => app.go("history/clear"), "text small"),
    ];
  });
};

/** @param {TaskEvent} event */
const devices = (event) => (/** @type {any[]} */ (event["devices"] || [])).map((each) => (typeof each === "string" ? each : String(each.device || each.name || "?"))).join(", ");

/** @param {App} app @param {TaskEvent[]} found @param {string} by @returns {[string, TaskEvent[]][]} */
function groups(app, found, by) {
  if (by === "time") return [["", found]];
  /** @type {Map<string, TaskEvent[]>} */
  const kept = new Map();
  for (const each of found) {
    const names = by === "device" ? [each.event === "copy" ? String(each["device"]) : app.texts.say("browser.route.pc")] : whose(app, each);
    for (const name of new Set(names)) kept.set(name, [...(kept.get(name) || []), each]);
  }
  return [...kept];
}

/** Whose certificates an entry is about. @param {App} app @param {TaskEvent} event @returns {string[]} */
function whose({ stock }, event) {
  if (event.event === "copy") return (/** @type {any[]} */ (event["items"])).map(({ cn }) => (cn === null ? "?" : ownerName(String(cn))));
  const known = stock === null || event["fingerprint"] === null ? undefined : stock.all.find(({ fingerprint }) => fingerprint === event["fingerprint"]);
  return [known === undefined ? fileName(String(event["path"])) : nameOf(known)];
}

/** @param {App} app @param {TaskEvent} event */
function entry(app, event) {
  const { texts } = app;
  const at = make("time", { datetime: String(event["at"]) }, momentOf(texts, String(event["at"])));
  const owners = printable(whose(app, event).join(", "), 200);
  if (event.event === "change") {
    return make("li", {}, at, make("p", { class: "line-name" }, texts.say(`pc.history.change.${event["change"]}`)), make("p", { class: "facts" }, make("bdi", {}, owners)));
  }
  const items = /** @type {any[]} */ (event["items"]);
  const fates = [...new Set(items.map(({ status }) => String(status)))].map((status) => (texts.has(`fate.${status}`) ? texts.say(`fate.${status}`, { code: "" }) : status));
  const error = event["error"] === null ? "" : texts.has(`fate.${event["error"]}`) ? texts.say(`fate.${event["error"]}`) : String(event["error"]);
  return make(
    "li",
    {},
    at,
    make("p", { class: "line-name" }, texts.say(`centre.history.${event["direction"]}`, { device: String(event["device"]) })),
    make("p", { class: "facts" }, make("bdi", {}, owners), " · ", error === "" ? fates.join(", ") : error),
  );
}

/** @param {App} app @returns {View} */
export const clearHistory = (app) =>
  errand(app, {
    command: "history",
    title: () => app.texts.say("centre.history.clear"),
    about: () => [],
    given: ["--clear"],
    asks: (asking, answer) =>
      asking.event !== "clear_wanted"
        ? null
        : {
            title: app.texts.say("centre.history.clear"),
            body: [told(app.texts, "centre.history.clear.text", {}, "warn")],
            actions: [button(app.texts.say("centre.history.clear.go"), () => answer("y"), "main danger")],
          },
    result: () => [wellDone(app.texts.say("pc.history.empty"))],
    back: "history",
    isSame: true,
  });
