// What comes before a code is used: inside an app's browser the person chooses where to go on.
//
// Until then the code stays in the address, because the app's own "open in the browser" hands
// on what it shows there.

import { CertRelayError } from "../core/errors.js";
import { parseQr } from "../core/qr.js";
import { inAppOf, outsideLink, withoutMark } from "./in_app.js";
import { inAppScreen } from "./screens_in_app.js";

/**
 * @typedef {object} Opened what the page's app offers
 * @property {import("./texts.js").Texts} texts
 * @property {(screen: () => import("./layout.js").Screen) => void} show
 * @property {(address: string) => Promise<void>} follow
 */

/** Take an address that was scanned. @param {Opened} app @param {string} scanned */
export function enter(app, scanned) {
  const address = withoutMark(scanned);
  const inApp = inAppOf(navigator.userAgent);
  const direction = directionOf(address);
  // A code that leads nowhere is told as that, wherever it was opened.
  if (inApp === null || direction === null) return void app.follow(address);
  const place = location.pathname;
  history.replaceState(history.state, "", `${place}#${address.split("#")[1]}`);
  const stay = () => {
    history.replaceState(history.state, "", place);
    void app.follow(address);
  };
  const link = outsideLink(inApp, address);
  // A browser inside an app opens no downloads, so nothing can be received there.
  const act = direction === "toPC" ? { stay } : {};
  return app.show(() => inAppScreen(app.texts, { inApp, link }, act));
}

/** @param {string} address */
function directionOf(address) {
  try {
    return parseQr(address).direction;
  } catch (error) {
    if (!(error instanceof CertRelayError)) throw error;
    return null;
  }
}
