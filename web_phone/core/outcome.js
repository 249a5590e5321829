// What a session came to: the one word told at its end, null for success.
//
// Nothing that was seen counts more than a RECEIPT; and a sender whose content is out but
// who saw no RECEIPT never knows, so it says "not confirmed" whatever the reason.
//
// Source: docs/protocol.md §7.

import { REFUSALS } from "./bodies.js";

/** @typedef {import("./bodies.js").ItemResult} ItemResult */

/** The reasons of CLOSE that mean the same at both ends. */
const SHARED = ["cancelled", "number_mismatch", "second_scan", "timeout", "protocol", "page_closed"];

/** What CLOSE says for a code of ours. @param {string} code */
export function closeReason(code) {
  return [...SHARED, ...REFUSALS, "done"].includes(code) ? code : "protocol";
}

/** What a reason of the other end's CLOSE is to us. @param {string} reason */
export function closeCode(reason) {
  return [...SHARED, ...REFUSALS].includes(reason) ? reason : "left";
}

/** Tell whether the receiver has it. @param {ItemResult} result */
export const isKept = (result) => result.status === "stored" || result.status === "duplicate";

/** What a receipt comes to. @param {ItemResult[]} results */
export function ofResults(results) {
  const kept = results.filter(isKept).length;
  const unconfirmed = results.filter((result) => result.status === "unconfirmed").length;
  if (kept === results.length) return null;
  if (kept + unconfirmed === results.length) return "unconfirmed";
  if (kept + unconfirmed > 0) return "partial";
  return results.every((result) => result.reason === "declined") ? "declined" : "rejected";
}

/**
 * The last word.
 * @param {string | null | undefined} certain what a RECEIPT or REJECT has settled
 * @param {boolean} isContentOut whether a sender's content is out
 * @param {string} code why it ended
 * @returns {string | null}
 */
export function ofEnd(certain, isContentOut, code) {
  if (certain !== undefined) return certain;
  // Only the receiver's own sealed word tells that nothing was stored.
  return isContentOut && code !== "cancelled" ? "not_confirmed" : code;
}
