// App releases and the page's own policy towards PCs.
//
// Source: docs/protocol.md §4 and §5; certrelay/wire/release.py.

import { CertRelayError } from "./errors.js";

/** The letter of the releases of each platform; the keys are all the platforms there are. */
export const LETTERS = {
  android: "G",
  ios: "I",
  web: "W",
  windows: "P",
  macos: "P",
  linux: "P",
};

/** The lowest release of the PC client that the page talks to. */
const LOWEST_PC = "P0";
const APP = /^[GIWP][0-9]{1,5}(\.[0-9]{1,5}){0,3}$/;
const OS = /^[0-9]{1,5}(\.[0-9]{1,5}){0,3}$/;

/** Tell whether a text is an app release ("P1.0"). @param {string} text */
export const isAppVersion = (text) => APP.test(text);

/** Tell whether a text is an operating system's version ("14.1"). @param {string} text */
export const isOsVersion = (text) => OS.test(text);

/** Tell whether a text is either. @param {string} text */
export const isVersion = (text) => APP.test(text) || OS.test(text);

/** @param {string} text */
function numbersOf(text) {
  const numbers = text.replace(/^[GIWP]/, "").split(".").map(Number);
  return [0, 1, 2, 3].map((at) => numbers[at] || 0);
}

/** Tell whether one release is lower than another of the same letter. @param {string} one @param {string} other */
export function isLower(one, other) {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at >= 0 && left[at] < right[at];
}

/**
 * Admit a PC, or say why not.
 * @param {{platform: string, app_version: string}} hello
 * @throws {CertRelayError} `platform_mismatch` or `version_too_low`
 */
export function checkPc(hello) {
  const { platform, app_version: found } = hello;
  if (!["windows", "macos", "linux"].includes(platform)) {
    throw new CertRelayError("platform_mismatch", { platform, found });
  }
  const details = { platform, found, needed: LOWEST_PC };
  if (!found.startsWith("P")) throw new CertRelayError("platform_mismatch", details);
  if (isLower(found, LOWEST_PC)) throw new CertRelayError("version_too_low", details);
}
