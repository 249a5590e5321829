// The screens before a code is used: opened inside an app, opened a second time.

import { make } from "./dom.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("./layout.js").Screen} Screen */

/**
 * Opened in the browser of an app.
 * @param {Texts} texts
 * @param {{inApp: import("./in_app.js").InApp, link: string | null}} given `link`: opens the
 *   phone's own browser by a tap; null where only the app's menu does
 * @param {{stay?: () => void}} act without `stay` it cannot go on here
 * @returns {Screen}
 */
export function inAppScreen(texts, { inApp: { app, system }, link }, { stay }) {
  const browser = texts.say(`page.in_app.browser.${system}`);
  const name = texts.say(`page.in_app.app.${app}`);
  const steps = ["menu", system === "ios" ? "choose_ios" : "choose", "go_on"];
  return {
    title: texts.say("page.in_app.title", { name }),
    body: [
      make("p", {}, texts.say("page.in_app.text", { name, browser })),
      link !== null && make("a", { class: "button main", href: link, rel: "noreferrer" }, texts.say("page.in_app.open", { browser })),
      make("p", {}, texts.say(link === null ? "page.in_app.how" : "page.in_app.how_else")),
      make("ol", { class: "to-do" }, ...steps.map((step) => make("li", {}, texts.say(`page.in_app.${step}`, { browser })))),
      make("p", { class: "quiet" }, texts.say(stay === undefined ? "page.in_app.no_receiving" : "page.in_app.limits")),
      stay !== undefined && make("button", { type: "button", class: "text", onclick: stay }, texts.say("page.in_app.stay")),
    ],
  };
}

/** Another tab of this browser follows the same code. @param {Texts} texts @returns {Screen} */
export const openElsewhere = (texts) => ({
  title: texts.say("page.open_elsewhere.title"),
  body: [make("p", {}, texts.say("page.open_elsewhere.text")), make("p", {}, texts.say("page.open_elsewhere.else"))],
});
