// The page begins: boot.js has taken the scanned address out of the address bar.

import { App } from "./ui/app.js";
import { preferredLanguage, Texts } from "./ui/texts.js";

/**
 * @typedef {object} Boot what boot.js leaves
 * @property {boolean} isReload
 * @property {() => string | null} takeAddress
 * @property {(callback: () => void) => void} onScan
 * @property {boolean} hasStarted
 */

const boot = /** @type {Window & {certrelayBoot: Boot}} */ (/** @type {unknown} */ (window)).certrelayBoot;
boot.hasStarted = typeof BigInt === "function" && typeof WebSocket === "function";

async function main() {
  const root = /** @type {HTMLElement} */ (document.getElementById("page"));
  const app = new App(root, await Texts.load(preferredLanguage()));
  const begin = () => {
    const address = boot.takeAddress();
    if (address === null) app.idle(boot.isReload);
    else void app.follow(address);
  };
  boot.onScan(begin);
  addEventListener("beforeunload", (event) => {
    if (app.isBusy) event.preventDefault();
  });
  addEventListener("pagehide", (event) => {
    // A page that may come back keeps its place; one that goes for good says so.
    if (!event.persisted) app.leave();
  });
  begin();
}

if (boot.hasStarted) void main();
