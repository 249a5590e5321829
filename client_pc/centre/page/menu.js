// The ways to the places of the centre, beside or above every screen.

import { fill, make } from "../../../web_phone/ui/dom.js";

/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */

const PLACES = ["", "list", "files", "trash", "history", "health", "settings", "help"];

/** The place that a route belongs to. @param {string} route */
const placeOf = (route) => {
  const first = route.split("/")[0] || "";
  return first === "certificate" || first === "several" ? "list" : first;
};

export class Menu {
  /** @param {HTMLElement} root */
  constructor(root) {
    this._root = root;
    this._isOpen = false;
    this._drawn = "";
  }

  /** @param {Texts} texts @param {string | null} route null where nothing can be reached @param {boolean} isCopying */
  draw(texts, route, isCopying) {
    this._root.hidden = route === null;
    const drawn = `${texts.language} ${route} ${isCopying}`;
    if (route === null || drawn === this._drawn) return;
    this._drawn = drawn;
    this._isOpen = false;
    const here = placeOf(route);
    const links = PLACES.map((place) =>
      make("li", {}, make("a", { href: `#/${place}`, "aria-current": place === here ? "page" : false }, texts.say(`centre.menu.${place || "home"}`))),
    );
    const list = make("ul", { id: "places" }, ...links);
    const toggle = make("button", { type: "button", class: "text menu-button", "aria-expanded": "false", "aria-controls": "places" }, texts.say("centre.menu"));
    toggle.addEventListener("click", () => {
      this._isOpen = !this._isOpen;
      toggle.setAttribute("aria-expanded", String(this._isOpen));
      list.classList.toggle("open", this._isOpen);
    });
    const running = make("a", { class: "running", href: "#/copy" }, texts.say("centre.running"));
    const nav = make("nav", { "aria-label": texts.say("centre.menu") }, toggle, list, isCopying && here !== "copy" && running);
    fill(this._root, nav);
  }
}
