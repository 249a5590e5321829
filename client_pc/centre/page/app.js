// The centre: which screen is shown, which tasks run, what the PC's certificates are.

import { Layout } from "../../../web_phone/ui/layout.js";
import { make } from "../../../web_phone/ui/dom.js";
import { paragraph } from "../../../web_phone/ui/components.js";
import { drawing } from "../../../web_phone/ui/drawings.js";
import { Menu } from "./menu.js";
import { Stock } from "./model.js";
import { useOf } from "./parts.js";
import { Declined, Refused } from "./talk.js";
import { Task } from "./task.js";
import { viewOf } from "./routes.js";

/** @typedef {import("./talk.js").Talk} Talk */
/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */
/** @typedef {import("../../../web_phone/ui/layout.js").Screen} Screen */
/** @typedef {import("./model.js").Certificate} Certificate */
/**
 * @typedef {object} View one place of the centre
 * @property {string} key changes where the screen is a new one
 * @property {() => Screen} screen
 * @property {boolean} [isWide]
 * @property {() => void} [left] called when another place is shown
 * @property {() => {peer: string, connection: string, kind: "warn" | "good"}} [news] what the other device and the connection do
 */

/** Commands that are a copy between two devices: there is one at a time. */
const COPIES = ["import", "export", "join"];

export class App {
  /** @param {HTMLElement} root @param {HTMLElement} menu @param {Map<string, Texts>} catalogues @param {string} language */
  constructor(root, menu, catalogues, language) {
    this._root = root;
    this._catalogues = catalogues;
    this.texts = /** @type {Texts} */ (catalogues.get(language));
    this._layout = new Layout(root, (asked) => this.speak(asked), "centre.name");
    this._menu = new Menu(menu);
    this.version = "";
    /** The PC's certificates; null until they are read. @type {Stock | null} */
    this.stock = null;
    /** Why they could not be read. @type {import("./task.js").Fault | null} */
    this.stockFault = null;
    /** Which devices of the history have an older copy, or one under an older password. @type {import("./talk.js").TaskEvent[]} */
    this.outdated = [];
    /** Places that had certificates, and were not found the last time: a stick that was pulled out. @type {Set<string>} */
    this.gone = new Set();
    /** What the person has ticked in the list, by path; also what is not there for a while. @type {Set<string>} */
    this.chosen = new Set();
    /** @type {Map<number, Task>} */
    this.tasks = new Map();
    /** @type {Talk | null} */
    this._talk = null;
    /** @type {View | null} */
    this._view = null;
    this._route = "";
    this._drawn = "";
    this._said = { peer: "", connection: "" };
    /** What is shown in place of everything. @type {"elsewhere" | "shut" | "gone" | "closed" | null} */
    this._without = null;
    this._layout.speak(this.texts);
  }

  // --- what screens use ---

  get talk() {
    if (this._talk === null) throw new Error("no session");
    return this._talk;
  }

  /** Go to a place; an earlier one is reached by the browser's back button. @param {string} route like "list" */
  go(route) {
    if (location.hash === `#/${route}`) this.show();
    else location.hash = `#/${route}`;
  }

  /** Start a command of the program. @param {string} command @param {string[]} [given] @returns {Promise<Task>} */
  async start(command, given = []) {
    try {
      return this._adopt(await this.talk.run(command, given), command);
    } catch (error) {
      if (error instanceof Refused) this.stay("shut");
      else if (!(error instanceof Declined)) this.stay("gone");
      return new Task(this.talk, null, command, () => undefined);
    }
  }

  /** The copy that runs or ended last. @returns {Task | undefined} */
  get copy() {
    return [...this.tasks.values()].filter(({ command }) => COPIES.includes(command)).pop();
  }

  /** Begin a copy, or go to the one that runs. @param {"import" | "export" | "join"} command @param {string[]} [given] */
  async beginCopy(command, given = []) {
    const running = this.copy;
    if (running === undefined || running.isOver) await this.start(command, given);
    this.go("copy");
    this.show();
  }

  /** Read the PC's certificates again. */
  async reload() {
    const task = await this.start("list", ["--all-places"]);
    await task.ended;
    this.tasks.delete(task.number);
    const found = /** @type {Certificate[]} */ (/** @type {unknown} */ (task.of("certificate")));
    const before = this.stock;
    const looked = task.last("looked_in");
    // What could not be listed at all is no place that is gone.
    const places = looked !== undefined ? /** @type {string[]} */ (looked["stores"]) : before === null ? [] : before.places;
    const shelves = before === null ? [] : before.shelves.map(([place]) => place);
    this.gone = new Set([...this.gone, ...shelves].filter((place) => !places.includes(place)));
    this.stock = new Stock(found, (each) => useOf(this.texts, each), places);
    this.stockFault = found.length === 0 ? task.fault : null;
    this.draw();
    void this._readOutdated();
  }

  /** Read which devices have something old; what expires stands in the list already. */
  async _readOutdated() {
    const task = await this.start("remind", ["--all-places", "--days", "0", "--not-expired"]);
    await task.ended;
    this.tasks.delete(task.number);
    this.outdated = task.events.filter(({ event }) => event === "renewed_since" || event === "password_changed_since");
    if (this.outdated.length > 0) this.draw();
  }

  /** Draw the place again: something has changed in it. */
  draw() {
    const view = this._view;
    const copy = this.copy;
    const isRunning = copy !== undefined && !copy.isOver;
    this._menu.draw(this.texts, this._without === null ? this._route : null, isRunning);
    const key = `${this._without} ${this._route} ${view === null ? "" : view.key}`;
    const isNew = key !== this._drawn;
    this._drawn = key;
    this._root.className = view !== null && view.isWide === true ? "wide" : "";
    if (this._without !== null) this._layout.show(without(this.texts, this._without), isNew);
    else if (view !== null) this._layout.show(view.screen(), isNew);
    this._tell(view);
  }

  /** Speak a language from here on. @param {string} language */
  speak(language) {
    if (!this._catalogues.has(language)) return;
    this.texts = this._catalogues.get(language) || this.texts;
    this._layout.speak(this.texts);
    if (this.stock !== null) this.stock = new Stock(this.stock.all, (each) => useOf(this.texts, each), this.stock.places);
    if (this._talk !== null) void this._talk.language(language).catch(() => undefined);
    this._drawn = "";
    this.draw();
  }

  /** Show letters of so many per cent of the browser's own. @param {number} letters */
  enlarge(letters) {
    document.documentElement.style.fontSize = letters === 100 ? "" : `${letters}%`;
  }

  /** Close the centre. */
  async close() {
    await this.talk.close();
    this.stay("closed");
  }

  // --- what main.js uses ---

  /** Show that there is nothing to show here. @param {"elsewhere" | "shut" | "gone" | "closed"} why */
  stay(why) {
    if (this._without === "closed") return;
    this._without = why;
    this.draw();
  }

  /** @param {import("./talk.js").Admission} admission @param {string} door "import", "export", "join", "file", "copy" for the one that runs, or any other for home */
  async open({ talk, version, language, letters }, door) {
    this._talk = talk;
    this.version = version;
    this.enlarge(letters);
    this.texts = this._catalogues.get(language) || this.texts;
    this._layout.speak(this.texts);
    const { count, tasks } = await talk.tasks(null);
    for (const { task, command } of tasks) if (COPIES.includes(command)) this._adopt(task, command);
    void this._watch(count);
    void this.reload();
    const isCopy = door === "import" || door === "export" || door === "join";
    if (location.hash.startsWith("#/")) this.show();
    else if (isCopy) await this.beginCopy(door);
    else this.go(door === "file" ? "files" : door === "copy" ? "copy" : "");
  }

  /** Show the place that the address names. */
  show() {
    if (this._talk === null) return;
    const route = location.hash.replace(/^#\//, "");
    if (route !== this._route || this._view === null || route === "copy") {
      if (this._view !== null && this._view.left !== undefined) this._view.left();
      this._route = route;
      this._view = viewOf(this, route);
    }
    this.draw();
  }

  // --- the rest ---

  /** Follow the list of tasks: another tab starts some too, and the program sees that a page is there. @param {number} count */
  async _watch(count) {
    let tries = 0;
    while (this._without === null) {
      try {
        const news = await this.talk.tasks(count);
        count = news.count;
        tries = 0;
        const fresh = news.tasks.filter(({ task, command }) => !this.tasks.has(task) && COPIES.includes(command));
        for (const { task, command } of fresh) this._adopt(task, command);
        if (fresh.length > 0) this.draw();
      } catch {
        tries += 1;
        if (tries === 6) return this.stay("gone");
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  /** @param {number} number @param {string} command */
  _adopt(number, command) {
    const known = this.tasks.get(number);
    if (known !== undefined) return known;
    const task = new Task(this.talk, number, command, (why) => this.stay(why));
    this.tasks.set(number, task);
    if (COPIES.includes(command)) {
      void task.ended.then(() => {
        this.draw();
        void this.reload();
      });
    }
    return task;
  }

  /** @param {View | null} view */
  _tell(view) {
    const news = view !== null && view.news !== undefined ? view.news() : { peer: "", connection: "", kind: /** @type {"warn"} */ ("warn") };
    if (news.peer !== this._said.peer) this._layout.peer(news.peer);
    if (news.connection !== this._said.connection) this._layout.connection(news.connection, news.kind);
    this._said = news;
  }
}

/** @param {Texts} texts @param {"elsewhere" | "shut" | "gone" | "closed"} why @returns {Screen} */
export const without = (texts, why) => ({
  title: texts.say(`centre.${why}.title`),
  body: [
    make("div", { class: "tone plain" }, drawing(why === "elsewhere" ? "tabs" : "stopped")),
    paragraph(texts, `centre.${why}.text`),
  ],
});
