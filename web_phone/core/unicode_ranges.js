// Sets of characters by the properties of Unicode 15.0.0, for safe_text.js.
//
// Each is the distances between the points at which it begins and ends, in base 36.
// Written by `python -m tests.supply unicode`, as certrelay/unicode_ranges.py is.

// What acts or is not seen: controls, formats, default-ignorable code points, lone
// surrogates, separators of lines, noncharacters, the blank Braille pattern.
export const HIDDEN = points(
  "0 w 2n x d 1 ip 1 jw 1 282 2 18z 2 2d 5 1kr 5 o 7 1d g 1hs 1 1ur 1 wwr 1kw 5w0 w g g 6n 1 " +
  "4g 1 27 c 2 2 ab4 g qxs 4 43z 8 96r 2 1eke 2 1eke 2 1eke 2 1eke 2 1eke 2 1eke 2 1eke 2 " +
  "1eke 2 1eke 2 1eke 2 1eke 2 1eke 35u 1bem 2 1eke 2 1eke 2 ",
);

// What stands on the character before it: nonspacing and enclosing marks, and the
// vowels and finals of Korean syllables that are written in parts.
export const MARKS = points(
  "lc 27 1 w 7n 7 7b 19 1 1 1 2 1 2 1 1 20 b 1c l g 1 2t 7 2 6 2 2 1 4 z 1 u r 2j b 1m 9 9 1 " +
  "o 4 1 9 1 3 1 5 17 3 1o 8 16 o 1 w 1j 1 1 1 4 8 4 1 3 7 a 2 t 1 1m 1 4 4 8 1 k 2 q 1 2 2 " +
  "1l 1 4 2 4 2 2 3 3 1 u 2 3 1 b 2 1l 1 4 5 1 2 4 1 k 2 m 6 1 1 1m 1 2 1 1 4 8 1 7 2 b 2 u 1 " +
  "1p 1 c 1 1e 1 3 1 1j 1 1 3 5 3 1 4 7 2 b 2 t 1 1m 1 2 1 6 1 5 2 k 2 s 2 1l 2 4 4 8 1 k 2 t " +
  "1 20 1 7 3 1 1 2i 1 2 7 c 8 2q 1 2 9 b 7 21 2 r 1 1 1 1 1 1j e 1 5 1 2 5 b 1 10 9 1 2u 4 1 " +
  "6 1 2 2 2 p 2 4 3 g 4 d 1 2 2 6 1 f 1 5f 4f 9p 3 qa 3 t 2 u 2 u 2 1v 7 8 1 2 b 9 1 4n 2 y " +
  "1 3a 3 4 2 9 1 6 3 63 2 2 1 1m 1 1 7 1 1 1 1 2 8 6 a 2 1 1c v 1d 4 1c 1 1 5 1 1 5 1 14 9 c " +
  "2 w 4 2 2 1 3 1k 1 1 2 3 1 1 3 1m 8 2 2 48 3 1 d 1 7 4 1 6 1 3 2 5i 1s k0 x 2da 3 3x 1 2o " +
  "w fe 4 2z 2 n9w 4 1 a w 2 28 2 7k 1 3 1 4 1 p 2 5 1 47 2 q i d 1 12 8 p b 1a 3 1c 1 2 4 2 " +
  "2 13 1 1v 6 2 2 2 2 c 1 8 1 1b 1 1f 1 1 3 2 2 5 2 1 1 16 2 8 1 6m 1 2 1 4 1 8n6 n 4 1d 6xu " +
  "1 ld g r1 1 6a 1 45 5 1ae 3 1 2 5 4 14 3 4 1 4l 2 fx 4 ar 2 28 3 1y b 1d 4 3f 1 1i f 15 1 " +
  "2 2 a 3 1d 4 2 2 7 1 1p 3 10 5 1 8 1q 1 c 2 1g 9 a 4 2 1 2n 3 2 1 1 2 6 1 2 1 4d 1 3 8 l 2 " +
  "1l 2 3 1 11 7 3 5 5f 8 2 3 1 1 n 1 2c 6 1 1 4 2 1 2 6m 4 6 2 1 2 r 2 2d 8 2 1 1 2 2y 1 1 1 " +
  "2 6 1 1 2t 3 2 4 1 5 77 9 1 2 74 2 1 1 4 1 40 4 2 2 4 1 w a 14 6 2 4 8 1 9 6 2 3 1a d 1 2 " +
  "ba 7 1 6 1 1 2a m 2 7 1 2 1 2 3e 6 3 1 1 2 1 7 1 1 20 2 3 1 1 1 9n 2 b 2 1g 5 5 1 1 1 459 " +
  "1 6 f asa 5 1n 7 t4 1 1r 4 29 1 f5k 2 3mp 1a 2 n f4 3 h 8 2 7 u 4 44 3 1iz 1j 4 1e 8 1 e 1 " +
  "m 5 1 f 11s 7 1 h 2 7 1 2 1 5 2s 1 4g 7 af 1 1p 4 e4 4 rk 7 31 7 ",
);

// What takes two cells of a terminal.
export const WIDE = points(
  "3cw 2n 3i3 2 d 2 5a 4 3 1 2 1 eh 2 l 2 1e c 17 1 j 1 d 1 8 2 h 2 5 2 8 1 5 1 l 1 7 2 1 1 4 " +
  "1 2 1 7 1 4 2 s 1 z 1 1 1 4 3 1 1 1p 3 o 1 e 1 nv 2 1f 1 4 1 mi q 1 2h c 5y q c 4 16 4 h 2 " +
  "2e 4 2t 5 17 1 1f 1 16 1 2c c 1b 1 14 8 5f4 1s h3h 3 1j wp t hv 8mc 6l8 e8 ls a m z 1 j 1 " +
  "4 45 2o 3j 7 m49 4 c 2 e 4qg 8 ye 16 9 6w7 4 1 7 1 2 1 83 f 1 t 3 2 1 e 4 8 b0 c20 1 5m 1 " +
  "5a 1 2 a 2t 3 d 18 4 9 7 2 e 6 4a x c 9 1 1y 1 m c 17 4 5 c h 3 1 3 1z 1 1 1 57 2 1r d 4 1 " +
  "o i 1 q 2 d 1 2e 2d 1c 1y 6 1 3 3 2 3 4 4 b 2 7 9 6b c 4 1 7v 1b 1 a 1 55 34 d 3 9 7 1a 1 " +
  "7 8 e 4 9 7 9 zr 1eke 2 1eke ",
);

/** @param {string} steps */
function points(steps) {
  let at = 0;
  return steps.trim().split(" ").map((step) => (at += parseInt(step, 36)));
}
