// Whether a certificate is valid today, counted as Koreans count: by days in Korean time.
//
// Source: certrelay/pki/validity.py.

const DAY_MS = 24 * 60 * 60 * 1000;
const KOREA_MS = 9 * 60 * 60 * 1000;
const EXPIRING_DAYS = 30;

/** The day in Korea, as a count of days. @param {number} time milliseconds since 1970 */
const koreanDay = (time) => Math.floor((time + KOREA_MS) / DAY_MS);

/** The date in Korea, as 2027-01-01. @param {number} time milliseconds since 1970 */
export const koreanDate = (time) => new Date(time + KOREA_MS).toISOString().slice(0, 10);

/**
 * Judge a period of validity.
 * @param {number | null} notBefore milliseconds since 1970; null if it cannot be read
 * @param {number | null} notAfter
 * @param {number} now
 * @returns {"valid" | "expiring" | "expired" | "not_yet" | "unknown"}
 */
export function judge(notBefore, notAfter, now) {
  if (notAfter !== null && now > notAfter) return "expired";
  if (notBefore !== null && now < notBefore) return "not_yet";
  if (notBefore === null || notAfter === null) return "unknown";
  return koreanDay(notAfter) - koreanDay(now) <= EXPIRING_DAYS ? "expiring" : "valid";
}
