// The page begins.  Its address holds a ticket in the fragment, which no request ever carries;
// it is exchanged for a token, once.  The token stays in this tab's history entry, so that a
// reload goes on; nothing is stored, and no other tab or site has it.

import { preferredLanguage, LANGUAGES, Texts } from "../../../web_phone/ui/texts.js";
import { App } from "./app.js";
import { Refused, Talk } from "./talk.js";

const ticket = location.hash.slice(1);
if (ticket !== "") history.replaceState(null, "", location.pathname);

// Opened again in this tab: the browser only changes the fragment.
addEventListener("hashchange", () => location.reload());

/** @returns {Promise<Talk | null>} */
async function begin() {
  if (ticket !== "") {
    const talk = await Talk.begin(ticket);
    history.replaceState({ token: talk.token }, "", location.pathname);
    return talk;
  }
  const kept = history.state === null ? undefined : history.state.token;
  return typeof kept === "string" ? new Talk(kept) : null;
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
