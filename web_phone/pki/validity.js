// Whether a certificate is valid on a day of the Korean calendar.
//
// Source: certrelay/pki/validity.py.

import { RENEWAL_DAYS } from "../core/limits.js";

const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const KOREA_MS = 9 * 60 * 60 * 1000;

/** The day in Korea, as a count of days. @param {number} time milliseconds since 1970 */
const koreanDay = (time) => Math.floor((time + KOREA_MS) / DAY_MS);

/** The last day in Korea, as 2027-01-01. @param {number} notAfter milliseconds since 1970 */
export const lastDay = (notAfter) => new Date(notAfter + KOREA_MS).toISOString().slice(0, 10);

/**
 * Days of the Korean calendar until the last one: 0 on it, negative after it.
 * @param {number} notAfter milliseconds since 1970
 * @param {number} now
 */
export const daysLeft = (notAfter, now) => koreanDay(notAfter) - koreanDay(now);

/**
 * Tell the state of a certificate.
 * @param {number | null} notBefore milliseconds since 1970; null if it cannot be read
 * @param {number | null} notAfter its last second
 * @param {number} now
 * @returns {"valid" | "expiring" | "expired" | "not_yet" | "unknown"}
 */
export function stateOf(notBefore, notAfter, now) {
  if (notBefore === null || notAfter === null) return "unknown";
  if (now < notBefore) return "not_yet";
  if (now - notAfter >= SECOND_MS) return "expired";
  return daysLeft(notAfter, now) <= RENEWAL_DAYS ? "expiring" : "valid";
}
