// How the page speaks with the program: four requests, each with the token.

/** @typedef {{event: string} & Record<string, any>} StoryEvent */

/** The program does not know this page, or knows it no more. */
export class Refused extends Error {}

export class Talk {
  /** @param {string} token @param {string} reloadTicket */
  constructor(token, reloadTicket) {
    this._token = token;
    /** What a reload of the page begins with, in place of the address's ticket. */
    this.reloadTicket = reloadTicket;
  }

  /** Exchange a ticket, which is good for one use. @param {string} ticket */
  static async begin(ticket) {
    const answer = await fetch("/v1/session", { method: "POST", body: JSON.stringify({ ticket }) });
    if (!answer.ok) throw new Refused();
    const { token, reload_ticket: reloadTicket } = await answer.json();
    return new Talk(token, reloadTicket);
  }

  /** The story's events after the first `count`; waits for one. @param {number} count @returns {Promise<StoryEvent[]>} */
  async events(count) {
    const answer = await this._ask(`/v1/events?after=${count}`, {});
    return (await answer.json()).events;
  }

  /** Answer a question; an answer to one that is over is dropped. @param {number} question @param {string} line */
  async answer(question, line) {
    await this._ask("/v1/answer", { method: "POST", body: JSON.stringify({ question, line }) });
  }

  /** Ask for a code to type, where no camera can be used. */
  async code() {
    await this._ask("/v1/code", { method: "POST", body: "{}" });
  }

  /** Stop the copy, as Ctrl-C does. */
  async stop() {
    await this._ask("/v1/stop", { method: "POST", body: "{}" });
  }

  /** @param {string} path @param {RequestInit} request */
  async _ask(path, request) {
    const headers = { authorization: `Bearer ${this._token}` };
    const answer = await fetch(path, { ...request, headers });
    if (answer.status === 403) throw new Refused();
    return answer;
  }
}
