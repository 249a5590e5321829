// The page begins.  Its address holds a ticket in the fragment, which no request ever carries;
// it is exchanged for a token, once.  The token stays in memory.  What stands in this tab's
// history entry, which browsers write to their disk, is a ticket for the next reload, good once
// like the first.

import { preferredLanguage, LANGUAGES, Texts } from "../../../web_phone/ui/texts.js";
import { App } from "./app.js";
import { Refused, Talk } from "./talk.js";

const ticket = location.hash.slice(1);
if (ticket !== "") history.replaceState(null, "", location.pathname);

// Opened again in this tab: the browser only changes the fragment.
addEventListener("hashchange", () => location.reload());

/** @returns {Promise<Talk | null>} */
async function begin() {
  const kept = history.state === null ? undefined : history.state.ticket;
  const own = ticket === "" ? kept : ticket;
  if (typeof own !== "string") return null;
  const talk = await Talk.begin(own);
  history.replaceState({ ticket: talk.reloadTicket }, "", location.pathname);
  return talk;
}

/** @param {string} language */
async function load(language) {
  const answer = await fetch(`/texts/${language}.json`);
  return new Texts(language, await answer.json());
}

async function main() {
  const root = /** @type {HTMLElement} */ (document.getElementById("page"));
  const loaded = await Promise.all(LANGUAGES.map(load));
  const catalogues = new Map(loaded.map((texts) => [texts.language, texts]));
  const app = new App(root, catalogues, preferredLanguage());
  try {
    const talk = await begin();
    if (talk === null) app.stay("elsewhere");
    else await app.follow(talk);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    app.stay("shut");
  }
}

void main();
