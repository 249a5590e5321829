// Keeps the screen on while a copy runs, where the browser can: a phone that sleeps loses its
// connection.

export class Wake {
  constructor() {
    this._isWanted = false;
    /** @type {WakeLockSentinel | null} */
    this._lock = null;
    document.addEventListener("visibilitychange", () => void this._ask());
  }

  /** @param {boolean} isWanted */
  keep(isWanted) {
    this._isWanted = isWanted;
    if (isWanted) void this._ask();
    else this._release();
  }

  async _ask() {
    // Only secure pages have it, and the browser takes it back when the page is hidden.
    if (!this._isWanted || !("wakeLock" in navigator) || document.visibilityState === "hidden") return;
    try {
      this._release();
      this._lock = await navigator.wakeLock.request("screen");
      if (!this._isWanted) this._release();
    } catch {
      // A low battery, say: the copy goes on without it.
    }
  }

  _release() {
    const lock = this._lock;
    this._lock = null;
    if (lock !== null) void lock.release();
  }
}
