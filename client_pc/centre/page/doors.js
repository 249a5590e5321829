// What one comes for, as large cards.

import { make } from "../../../web_phone/ui/dom.js";
import { drawing } from "../../../web_phone/ui/drawings.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */

/** @param {App} app */
export const doors = (app) =>
  make(
    "div",
    { class: "doors" },
    door(app.texts, "import", "send", () => void app.beginCopy("import")),
    door(app.texts, "export", "receive", () => void app.beginCopy("export")),
    door(app.texts, "pc", "between_pcs", () => app.go("pc")),
  );

/** @param {Texts} texts @param {string} name @param {string} picture @param {() => void} act */
const door = (texts, name, picture, act) =>
  make(
    "button",
    { type: "button", class: `door ${name}`, onclick: act },
    drawing(picture),
    make("span", { class: "door-name" }, texts.say(`centre.door.${name}`)),
    make("span", { class: "door-text" }, texts.say(`centre.door.${name}.text`)),
  );
