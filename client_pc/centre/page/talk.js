// How the page speaks with the program: a few requests, each with the token.

/** @typedef {{event: string} & Record<string, any>} TaskEvent one event of `--json` */
/** @typedef {{task: number, command: string, is_over: boolean, question?: number | null}} TaskRow */
/** @typedef {{talk: Talk, reloadTicket: string, language: string, letters: number, version: string, door: string}} Admission */

/** The program does not know this page, or knows it no more. */
export class Refused extends Error {}

/** The program does not do what is asked; it says why in a word. */
export class Declined extends Error {}

export class Talk {
  /** @param {string} token */
  constructor(token) {
    this._token = token;
  }

  /** Exchange a ticket, which is good for one use. @param {string} ticket @returns {Promise<Admission>} */
  static async begin(ticket) {
    const answer = await fetch("/v1/session", { method: "POST", body: JSON.stringify({ ticket }) });
    if (!answer.ok) throw new Refused();
    const { token, reload_ticket: reloadTicket, language = "", letters = 100, version = "", door = "" } = await answer.json();
    return { talk: new Talk(token), reloadTicket, language, letters, version, door };
  }

  /** Start one of the program's commands. @param {string} command @param {string[]} given @returns {Promise<number>} */
  async run(command, given) {
    return (await this._post("/v1/tasks", { command, arguments: given })).task;
  }

  /**
   * What runs, and what is over and still told; waits for news of it, which tells the program that
   * a page is there.
   * @param {number | null} after the count of the answer before
   * @returns {Promise<{count: number, tasks: TaskRow[]}>}
   */
  async tasks(after) {
    return (await this._ask(after === null ? "/v1/tasks" : `/v1/tasks?after=${after}`, {})).json();
  }

  /** A task's events after the first `count`; waits for one. @param {number} task @param {number} count @returns {Promise<{events: TaskEvent[], is_over: boolean}>} */
  async events(task, count) {
    return (await this._ask(`/v1/tasks/${task}/events?after=${count}`, {})).json();
  }

  /** Answer a question; an answer to one that is over is dropped. @param {number} task @param {number} question @param {string} line */
  async answer(task, question, line) {
    await this._post(`/v1/tasks/${task}/answer`, { question, line });
  }

  /** Ask for a code to type, where no camera can be used. @param {number} task */
  async code(task) {
    await this._post(`/v1/tasks/${task}/code`, {});
  }

  /** Stop a task, as Ctrl-C does. @param {number} task */
  async stop(task) {
    await this._post(`/v1/tasks/${task}/stop`, {});
  }

  /** Show where a certificate lies, in the system's file manager. @param {string} path */
  async open(path) {
    await this._post("/v1/open", { path });
  }

  /** End the centre. */
  async close() {
    await this._post("/v1/close", {});
  }

  /** Remember the language. @param {string} language */
  async language(language) {
    await this._post("/v1/language", { language });
  }

  /**
   * Hand over files that the person has chosen.
   * @param {{name: string, content: Blob}[]} files
   * @returns {Promise<string>} the name that stands for them in a task's arguments
   */
  async upload(files) {
    let into = "";
    for (const { name, content } of files) {
      const head = `${JSON.stringify(into === "" ? { name } : { name, into })}\n`;
      const answer = await this._ask("/v1/files", { method: "PUT", body: new Blob([head, content]) });
      into = (await answer.json()).file;
    }
    return into;
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} */
  async _post(path, body) {
    const answer = await this._ask(path, { method: "POST", body: JSON.stringify(body) });
    if (answer.status === 204 || answer.status === 409) return null;
    return answer.json();
  }

  /** @param {string} path @param {RequestInit} request */
  async _ask(path, request) {
    const answer = await fetch(path, { ...request, headers: { authorization: `Bearer ${this._token}` } });
    if (answer.status === 403) throw new Refused();
    if (!answer.ok && answer.status !== 409) throw new Declined(String(answer.status));
    return answer;
  }
}
