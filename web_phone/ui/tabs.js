// The same code in two tabs of one browser: a camera that scans again opens a second one.
//
// The tabs talk with each other by a BroadcastChannel, where there is one; it stays in this
// browser.  What they say is a hash, so that not even there the code is told.

import { sha256 } from "../vendor/crypto.js";
import { hex, utf8 } from "../core/bytes.js";

const NAME = "certrelay";
/**
 * How long another tab may take to answer: it is in the background, but awake.  Too short, and on
 * a busy phone this tab joins as a second device, which ends the copy of the first.
 */
const ANSWER_MS = 800;

export class Tabs {
  /**
   * @param {() => boolean} isBusy whether this tab follows a code
   * @param {() => void} onOpenedAgain another tab was opened with this tab's code, and gave way
   */
  constructor(isBusy, onOpenedAgain) {
    this._isBusy = isBusy;
    this._onOpenedAgain = onOpenedAgain;
    this._own = "";
    this._isTaken = false;
    this._channel = openChannel();
    if (this._channel !== null) this._channel.onmessage = ({ data }) => this._hear(data);
  }

  /**
   * Ask whether this tab may follow a code.
   * @param {string} address as it was scanned
   * @returns {Promise<boolean>} false if another tab follows it
   */
  async claim(address) {
    const asked = hex(sha256(utf8(`${NAME} ${address}`)));
    if (this._channel === null || (this._isBusy() && this._own === asked)) return true;
    this._own = asked;
    this._isTaken = false;
    this._channel.postMessage({ asks: asked });
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    if (this._own !== asked) return true; // scanned again meanwhile: that claim decides
    if (this._isTaken) this._own = "";
    return !this._isTaken;
  }

  /** @param {unknown} data a message of another tab of this page */
  _hear(data) {
    const { asks, taken } = /** @type {{asks?: string, taken?: string}} */ (data || {});
    if (this._own === "" || this._channel === null) return;
    if (taken === this._own) this._isTaken = true;
    if (asks !== this._own || !this._isBusy()) return;
    this._channel.postMessage({ taken: asks });
    this._onOpenedAgain();
  }
}

function openChannel() {
  try {
    return typeof BroadcastChannel === "function" ? new BroadcastChannel(NAME) : null;
  } catch {
    return null; // a browser that shuts this page off from its other tabs
  }
}
