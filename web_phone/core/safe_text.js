// The one sanitiser: makes a text that a stranger chose safe to show.
//
// `textContent` keeps markup from acting; this keeps invisible and direction-turning characters
// from hiding what a name says, and marks from piling up over the lines above.
//
// Source: certrelay/safe_text.py; tests/vectors/safe-text.json holds both to the same.

import { MAX_SHOWN_CELLS, MAX_STACKED_MARKS } from "./limits.js";
import { HIDDEN, MARKS, WIDE } from "./unicode_ranges.js";

const REPLACED = "\ufffd";

/** @param {number[]} table @param {string} character */
function isIn(table, character) {
  const point = /** @type {number} */ (character.codePointAt(0));
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle] <= point) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

/** Cells of the width of a Latin letter. @param {string} character */
function width(character) {
  if (isIn(MARKS, character) || isIn(HIDDEN, character)) return 0;
  return isIn(WIDE, character) ? 2 : 1;
}

/**
 * Make a stranger's text safe to show: in NFC, without hidden characters (each becomes U+FFFD),
 * with few marks on a character (the rest become one U+FFFD), and cut if it is long.
 * @param {string} text
 * @param {number} [maxCells] of the width of a Latin letter; a Korean one takes two
 */
export function printable(text, maxCells = MAX_SHOWN_CELLS) {
  // Twice: NFC would take minutes to order sixty thousand marks, and takes some of them apart.
  const shown = [...seen(seen(text).normalize("NFC"))];
  if (shown.reduce((cells, character) => cells + width(character), 0) <= maxCells) return shown.join("");
  let used = 1;
  let kept = "";
  for (const character of shown) {
    used += width(character);
    if (used > maxCells) break;
    kept += character;
  }
  return `${kept}…`;
}

/** The characters that are seen; what stands on nothing is not. @param {string} text */
function seen(text) {
  let marks = MAX_STACKED_MARKS;
  let kept = "";
  for (const character of text) {
    const isMark = isIn(MARKS, character);
    marks = isMark ? marks + 1 : 0;
    if (isIn(HIDDEN, character) || marks === MAX_STACKED_MARKS + 1) kept += REPLACED;
    else if (marks <= MAX_STACKED_MARKS) kept += character;
  }
  return kept;
}
