// The screens before a code is used: opened inside an app, opened a second time.

import { button, paragraph, quiet, stepList } from "./components.js";
import { make } from "./dom.js";
import { drawing } from "./drawings.js";

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
    step: 1,
    body: [
      drawing("outside"),
      make("p", {}, texts.say("page.in_app.text", { name, browser })),
      make("p", {}, texts.say(link === null ? "page.in_app.how" : "page.in_app.how_else")),
      stepList(steps.map((step) => texts.say(`page.in_app.${step}`, { browser }))),
      quiet(texts, stay === undefined ? "page.in_app.no_receiving" : "page.in_app.limits"),
    ],
    actions: [
      link !== null && make("a", { class: "button main", href: link, rel: "noreferrer" }, texts.say("page.in_app.open", { browser })),
      stay !== undefined && button(texts.say("page.in_app.stay"), stay, link === null ? "" : "text"),
    ],
  };
}

/** Another tab of this browser follows the same code. @param {Texts} texts @returns {Screen} */
export const openElsewhere = (texts) => ({
  title: texts.say("page.open_elsewhere.title"),
  body: [
    make("div", { class: "tone plain" }, drawing("tabs")),
    paragraph(texts, "page.open_elsewhere.text"),
    quiet(texts, "page.open_elsewhere.else"),
  ],
});
