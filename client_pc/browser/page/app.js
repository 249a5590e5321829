// The page: fetches the story's events, shows where it stands, carries answers back.

import { Layout } from "../../../web_phone/ui/layout.js";
import * as screens from "./screens.js";
import { after, beginning, isAsked } from "./story.js";
import { Refused } from "./talk.js";

/** @typedef {import("./talk.js").Talk} Talk */
/** @typedef {import("../../../web_phone/ui/texts.js").Texts} Texts */

/** Milliseconds between two tries to reach the program, and how often. */
const RETRY_MS = 500;
const TRIES = 6;

export class App {
  /** @param {HTMLElement} root @param {Map<string, Texts>} catalogues @param {string} language */
  constructor(root, catalogues, language) {
    this._root = root;
    this._catalogues = catalogues;
    this._texts = /** @type {Texts} */ (catalogues.get(language));
    this._layout = new Layout(root, (asked) => this._speak(asked));
    this._layout.speak(this._texts);
    this._story = beginning();
    /** What is shown in place of the story. @type {"elsewhere" | "shut" | "gone" | null} */
    this._without = null;
    this._drawn = "";
    this._said = { peer: "", text: "" };
    /** @type {Talk | null} */
    this._talk = null;
    setInterval(() => this._count(), 1000);
  }

  /** Show that there is no story here. @param {"elsewhere" | "shut" | "gone"} why */
  stay(why) {
    this._without = why;
    this._story = beginning();
    this._draw();
  }

  /** Follow the story to its end. @param {Talk} talk */
  async follow(talk) {
    this._talk = talk;
    let count = 0;
    let tries = 0;
    while (this._story.end === null) {
      try {
        const events = await talk.events(count);
        tries = 0;
        count += events.length;
        for (const event of events) {
          if (event.event === "begin") this._speak(event.language);
          this._story = after(this._story, event, performance.now());
        }
      } catch (error) {
        if (error instanceof Refused) return this.stay("shut");
        tries += 1;
        if (tries === TRIES) return this.stay("gone");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
      this._draw();
    }
  }

  /** @type {import("./screens.js").Acts} */
  get _act() {
    return {
      answer: (line) => {
        const { question } = this._story;
        if (this._talk === null || question === null) return;
        // At once, so that a second click answers nothing.
        this._story = after(this._story, { event: "answered" }, performance.now());
        this._draw();
        void this._carry(this._talk.answer(question, line));
      },
      code: () => {
        if (this._talk !== null) void this._carry(this._talk.code());
      },
      stop: () => {
        if (this._talk !== null) void this._carry(this._talk.stop());
      },
    };
  }

  /** @param {Promise<void>} request */
  async _carry(request) {
    try {
      await request;
    } catch {
      // The next request for events tells what is wrong.
    }
  }

  _draw() {
    const story = this._story;
    const key = `${this._without} ${story.turn}`;
    const isNew = key !== this._drawn;
    this._drawn = key;
    this._root.className = story.place === "scan" ? "wide" : "";
    const screen =
      this._without === null
        ? screens.screenOf(this._texts, story, this._act)
        : screens.without(this._texts, this._without);
    this._layout.show(screen, isNew);
    this._tell();
    this._count();
  }

  /** Say what the other device and the connection do; only news, since it is read out. */
  _tell() {
    const { step, connection } = this._story;
    const other = this._story.isPc ? "other_pc" : "phone";
    const peer = step === "" || isAsked(this._story) ? "" : this._texts.say(`story.step.${step}.${other}`);
    const text = connection === null ? "" : this._texts.say(connection.key, connection.values);
    if (peer !== this._said.peer) this._layout.peer(peer);
    if (text !== this._said.text) this._layout.connection(text, connection === null ? "warn" : connection.kind);
    this._said = { peer, text };
  }

  /** The time that the QR code has left. */
  _count() {
    const place = document.getElementById(screens.TIME_LEFT);
    const { code } = this._story;
    if (place === null || code === null) return;
    const left = Math.max(0, Math.round((code.until - performance.now()) / 1000));
    const shown = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    place.textContent = this._texts.say("browser.scan.left", { left: shown });
  }

  /** @param {string} language */
  _speak(language) {
    this._texts = this._catalogues.get(language) || this._texts;
    this._layout.speak(this._texts);
    this._draw();
  }
}
