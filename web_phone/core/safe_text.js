// The one sanitiser: makes a text that a stranger chose safe to show.
//
// `textContent` keeps markup from acting; this keeps invisible and direction-turning
// characters from hiding what a name says.
//
// Source: certrelay/safe_text.py.

import { MAX_SHOWN_CELLS } from "./limits.js";

const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\u{e0000}-\u{e007f}\ud800-\udfff]/gu;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/**
 * Make a stranger's text safe to show: hidden characters become U+FFFD, long texts are cut.
 * @param {string} text
 * @param {number} [maxCells] of the width of a Latin letter; a Korean one takes two
 */
export function printable(text, maxCells = MAX_SHOWN_CELLS) {
  const shown = [...text.replace(HIDDEN, "\ufffd").normalize("NFC")];
  let used = 0;
  let kept = "";
  for (const [at, character] of shown.entries()) {
    used += WIDE.test(character) ? 2 : 1;
    if (used > maxCells - (at < shown.length - 1 ? 1 : 0)) return `${kept}…`;
    kept += character;
  }
  return kept;
}
