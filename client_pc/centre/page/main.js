// The page begins.  Its address holds a ticket in the fragment, which no request ever carries; it
// is exchanged for a token, once.  The token stays in memory.  What stands in this tab's history
// entries, which browsers write to their disk, is a ticket for the next reload, good once like the
// first.  Behind the ticket may stand, after a slash, which screen comes first.  A fragment that
// begins with a slash is a place of the centre.

import { preferredLanguage, LANGUAGES, Texts } from "../../../web_phone/ui/texts.js";
import { App } from "./app.js";
import { Refused, Talk } from "./talk.js";

/** @typedef {import("./talk.js").Admission} Admission */

const isPlace = () => location.hash === "" || location.hash.startsWith("#/");

const [ticket = "", door = ""] = isPlace() ? [] : location.hash.slice(1).split("/");
if (ticket !== "") history.replaceState(null, "", location.pathname);

/** @returns {Promise<Admission | null>} */
async function begin() {
  const kept = history.state === null ? undefined : history.state.ticket;
  const own = ticket === "" ? kept : ticket;
  return typeof own === "string" ? Talk.begin(own) : null;
}

/** @param {string} language */
async function load(language) {
  const answer = await fetch(`/texts/${language}.json`);
  return new Texts(language, await answer.json());
}

async function main() {
  const root = /** @type {HTMLElement} */ (document.getElementById("page"));
  const menu = /** @type {HTMLElement} */ (document.getElementById("menu"));
  const loaded = await Promise.all(LANGUAGES.map(load));
  const catalogues = new Map(loaded.map((texts) => [texts.language, texts]));
  const app = new App(root, menu, catalogues, preferredLanguage());
  try {
    const admission = await begin();
    if (admission === null) return app.stay("elsewhere");
    const { reloadTicket, door: asked } = admission;
    // Every entry of this tab reloads with the ticket that is good now.
    const keep = () => history.replaceState({ ticket: reloadTicket }, "", location.href);
    keep();
    addEventListener("hashchange", () => {
      // Opened again in this tab: the browser only changes the fragment.
      if (!isPlace()) return location.reload();
      keep();
      app.show();
    });
    await app.open(admission, door || asked);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    app.stay("shut");
  }
}

void main();
