// One command of the program while it runs: its events, its open question, its end.

import { textKey } from "../../../web_phone/core/errors.js";
import { Refused } from "./talk.js";

/** @typedef {import("./talk.js").Talk} Talk */
/** @typedef {import("./talk.js").TaskEvent} TaskEvent */
/** @typedef {{code: string, key: string, details: Record<string, any>, text: string}} Fault why a task ended without success */

/** Milliseconds between two tries to reach the program, and how often. */
const RETRY_MS = 500;
const TRIES = 6;

export class Task {
  /**
   * @param {Talk} talk
   * @param {number | null} number null for one that the program did not start
   * @param {string} command
   * @param {(why: "shut" | "gone") => void} onLost the program cannot be reached any more
   */
  constructor(talk, number, command, onLost) {
    this._talk = talk;
    this._onLost = onLost;
    this.number = number || 0;
    this.command = command;
    /** @type {TaskEvent[]} */
    this.events = [];
    /** The event that the open question is about, `*_wanted` or `choose`; null without one. @type {TaskEvent | null} */
    this.asking = null;
    this._question = 0;
    /** @type {TaskEvent} */
    this._wanted = { event: "ask" };
    this.isOver = false;
    /** @type {Fault | null} */
    this.fault = null;
    /** @type {Set<(fresh: TaskEvent[]) => void>} */
    this._listeners = new Set();
    /** Resolves with the end, also with an end in failure. @type {Promise<Task>} */
    this.ended = number === null ? this._refused() : this._follow();
  }

  /** Be told of what comes; what has come is told at once. @param {(fresh: TaskEvent[]) => void} listener @returns {() => void} ends it */
  listen(listener) {
    this._listeners.add(listener);
    if (this.events.length > 0) listener(this.events);
    return () => this._listeners.delete(listener);
  }

  /** The events of a name. @param {string} name */
  of(name) {
    return this.events.filter((each) => each.event === name);
  }

  /** The last event of a name. @param {string} name @returns {TaskEvent | undefined} */
  last(name) {
    return this.of(name).pop();
  }

  /** Answer the open question; a second click answers nothing. @param {string} line */
  answer(line) {
    if (this.asking === null) return;
    const question = this._question;
    this.asking = null;
    this._tell([{ event: "answered", question }]);
    void this._carry(this._talk.answer(this.number, question, line));
  }

  code() {
    void this._carry(this._talk.code(this.number));
  }

  stop() {
    void this._carry(this._talk.stop(this.number));
  }

  /** @param {Promise<void>} request */
  async _carry(request) {
    try {
      await request;
    } catch {
      // The next request for events tells what is wrong.
    }
  }

  /** @returns {Promise<Task>} */
  async _refused() {
    this._take([{ event: "end", status: 2, code: "not_started" }], true);
    return this;
  }

  /** @returns {Promise<Task>} */
  async _follow() {
    let tries = 0;
    while (!this.isOver) {
      try {
        const { events, is_over: isOver } = await this._talk.events(this.number, this.events.length);
        tries = 0;
        this._take(events, isOver);
      } catch (error) {
        tries = error instanceof Refused ? TRIES : tries + 1;
        if (tries === TRIES) {
          this._onLost(error instanceof Refused ? "shut" : "gone");
          return new Promise(() => undefined);
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    return this;
  }

  /** @param {TaskEvent[]} events @param {boolean} isOver */
  _take(events, isOver) {
    for (const event of events) {
      this.events.push(event);
      if (event.event.endsWith("_wanted") || event.event === "choose") this._wanted = event;
      else if (event.event === "ask") this._ask(event);
      else if (event.event === "answered" && this._question === event.question) this.asking = null;
      else if (event.event === "end") this._end(event);
    }
    this.isOver = isOver || this.last("end") !== undefined;
    if (this.isOver) this.asking = null;
    if (events.length > 0) this._tell(events);
  }

  /** @param {TaskEvent} event */
  _ask(event) {
    this.asking = this._wanted;
    this._question = Number(event.question);
  }

  /** @param {TaskEvent} end */
  _end({ code, details = {}, text = "" }) {
    if (typeof code === "string") this.fault = { code, key: textKey(code), details, text };
  }

  /** @param {TaskEvent[]} fresh */
  _tell(fresh) {
    for (const listener of [...this._listeners]) listener(fresh);
  }
}
