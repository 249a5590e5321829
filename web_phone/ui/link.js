// The shell around the driver: one WebSocket at a time, one timer, the events of the browser
// that tell of sleep and of the network.

import { SUBPROTOCOL } from "../core/messages.js";

/**
 * @template T what the driver tells
 * @typedef {{do: "connect"} | {do: "disconnect"} | {do: "text", text: string}
 *   | {do: "binary", bytes: Uint8Array} | {do: "tell", event: T}} Order
 */
/**
 * @template T
 * @typedef {object} Driver an Endpoint, or a CodeEntry
 * @property {boolean} isOver
 * @property {number} deadline when `tick` is due
 * @property {(now: number) => Order<T>[]} start
 * @property {(now: number) => Order<T>[]} opened
 * @property {(text: string, now: number, chance: number) => Order<T>[]} text
 * @property {(bytes: Uint8Array, now: number) => Order<T>[]} binary
 * @property {(now: number, chance: number) => Order<T>[]} lost
 * @property {(now: number) => Order<T>[]} refresh
 * @property {(now: number, chance: number) => Order<T>[]} tick
 * @property {(now: number) => Order<T>[]} closePage
 */

/** Milliseconds out of sight after which a socket is not trusted any more. */
const LONG_AWAY_MS = 3000;
/** Milliseconds between two looks at the clock at most: timers of a page in sleep run late. */
const LONGEST_SLEEP_MS = 15000;

/** Seconds on a clock that only goes forward. */
export const now = () => performance.now() / 1000;

/** @template T */
export class Link {
  /**
   * @param {Driver<T>} endpoint
   * @param {string} url of the relay's socket
   * @param {(event: T) => void} onTold
   */
  constructor(endpoint, url, onTold) {
    this._endpoint = endpoint;
    this._url = url;
    this._onTold = onTold;
    /** @type {WebSocket | null} */
    this._socket = null;
    /** @type {Order<T>[]} */
    this._orders = [];
    this._isCarryingOut = false;
    this._timer = 0;
    this._hiddenAt = Infinity;
    this._onVisibility = () => this._visibilityChanged();
    this._onNetwork = () => this.carryOut(endpoint.refresh(now()));
    this._onPageHide = () => this.closePage();
    this._isHidden = false;
  }

  start() {
    document.addEventListener("visibilitychange", this._onVisibility);
    addEventListener("online", this._onNetwork);
    addEventListener("pagehide", this._onPageHide);
    this.carryOut(this._endpoint.start(now()));
  }

  /** The screen hears of nothing any more; what is still to be said to the relay is said. */
  stop() {
    this._onTold = () => undefined;
  }

  /**
   * The page goes away.  The last words are sent; the socket is left to the browser, which closes
   * it as "going away" (1001) once they are out.
   */
  closePage() {
    this._isHidden = true;
    this.carryOut(this._endpoint.closePage(now()));
    this._letGo();
  }

  /** The driver needs nothing any more. */
  _letGo() {
    document.removeEventListener("visibilitychange", this._onVisibility);
    removeEventListener("online", this._onNetwork);
    removeEventListener("pagehide", this._onPageHide);
    clearTimeout(this._timer);
  }

  /** Carry out orders in the order given, also where one leads to more. @param {Order<T>[]} orders */
  carryOut(orders) {
    this._orders.push(...orders);
    if (this._isCarryingOut) return;
    this._isCarryingOut = true;
    for (let order = this._orders.shift(); order !== undefined; order = this._orders.shift()) {
      this._carryOutOne(order);
    }
    this._isCarryingOut = false;
    if (this._endpoint.isOver || this._isHidden) this._letGo();
    else this._setTimer();
  }

  /** @param {Order<T>} order */
  _carryOutOne(order) {
    switch (order.do) {
      case "connect":
        return this._connect();
      case "disconnect":
        return this._drop();
      case "text":
        return this._send(order.text);
      case "binary":
        return this._send(order.bytes);
      case "tell":
        return this._onTold(order.event);
    }
  }

  _connect() {
    this._drop();
    const socket = new WebSocket(this._url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this._socket = socket;
    const whileCurrent = (/** @type {() => Order<T>[]} */ step) => {
      if (this._socket === socket) this.carryOut(step());
    };
    socket.onopen = () => whileCurrent(() => this._endpoint.opened(now()));
    socket.onmessage = ({ data }) =>
      whileCurrent(() =>
        typeof data === "string"
          ? this._endpoint.text(data, now(), Math.random())
          : this._endpoint.binary(new Uint8Array(data), now()),
      );
    socket.onclose = () =>
      whileCurrent(() => {
        this._socket = null;
        return this._endpoint.lost(now(), Math.random());
      });
  }

  /** @param {string | Uint8Array} message */
  _send(message) {
    if (this._socket === null || this._socket.readyState !== WebSocket.OPEN) return;
    this._socket.send(/** @type {string | Uint8Array<ArrayBuffer>} */ (message));
  }

  _drop() {
    const socket = this._socket;
    this._socket = null;
    if (socket !== null && !this._isHidden) socket.close();
  }

  _setTimer() {
    clearTimeout(this._timer);
    const wait = Math.max(0, (this._endpoint.deadline - now()) * 1000);
    if (wait === Infinity) return;
    const tick = () => this.carryOut(this._endpoint.tick(now(), Math.random()));
    this._timer = setTimeout(tick, Math.min(wait, LONGEST_SLEEP_MS));
  }

  _visibilityChanged() {
    if (document.visibilityState === "hidden") {
      this._hiddenAt = performance.now();
      return;
    }
    // A phone that slept may show a socket as open that is long dead.
    const wasLong = performance.now() - this._hiddenAt > LONG_AWAY_MS;
    this._hiddenAt = Infinity;
    if (wasLong) this.carryOut(this._endpoint.refresh(now()));
    else this.carryOut(this._endpoint.tick(now(), Math.random()));
  }
}
