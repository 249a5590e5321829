// The page begins: boot.js has taken the scanned address out of the address bar.

import en from "../certrelay/texts/en.json";
import ko from "../certrelay/texts/ko.json";
import { App } from "./ui/app.js";
import { enter } from "./ui/entering.js";
import { preferredLanguage, Texts } from "./ui/texts.js";

/**
 * @typedef {object} Boot what boot.js leaves
 * @property {boolean} isReload
 * @property {() => string | null} takeAddress
 * @property {(callback: () => void) => void} onScan
 * @property {() => void} started
 */

const boot = /** @type {Window & {certrelayBoot: Boot}} */ (/** @type {unknown} */ (window)).certrelayBoot;

function main() {
  const root = /** @type {HTMLElement} */ (document.getElementById("page"));
  const catalogues = new Map([new Texts("ko", ko), new Texts("en", en)].map((each) => [each.language, each]));
  const app = new App(root, catalogues, preferredLanguage());
  const begin = () => {
    const address = boot.takeAddress();
    if (address === null) app.idle(boot.isReload);
    else enter(app, address);
  };
  boot.onScan(begin);
  addEventListener("beforeunload", (event) => {
    if (app.isBusy) event.preventDefault();
  });
  begin();
  boot.started();
}

if (typeof BigInt === "function" && typeof WebSocket === "function") main();
