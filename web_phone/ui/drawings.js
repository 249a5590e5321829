// The drawings: lines on a small canvas, made of a few shapes, in the colours of the page.
//
// A drawing repeats what its screen says in words, so that a screen reader passes over it.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {[tag: string, look: string, attributes: Record<string, string | number>]} Shape */

/** @param {string} look @param {string} d @returns {Shape} */
const path = (look, d) => ["path", look, { d }];
/** @param {string} look @param {number} cx @param {number} cy @param {number} r @returns {Shape} */
const circle = (look, cx, cy, r) => ["circle", look, { cx, cy, r }];
/** @param {string} look @param {number} x @param {number} y @param {number} width @param {number} height @param {number} rx @returns {Shape} */
const box = (look, x, y, width, height, rx) => ["rect", look, { x, y, width, height, rx }];

// The canvas is 200 wide and 96 high.  Things are placed by their left edge.

/** @param {number} x */
const phone = (x) => [box("body", x, 8, 44, 80, 8), path("line", `M${x + 17} 80h10`)];
/** @param {number} x */
const pc = (x) => [
  box("body", x, 14, 84, 54, 6),
  path("line", `M${x + 42} 68v13M${x + 24} 82h36`),
];
/** A certificate: a sheet with a seal. @param {number} x @param {number} y */
const sheet = (x, y) => [
  path("paper", `M${x} ${y}h17l7 7v23h-24z`),
  path("thin", `M${x + 5} ${y + 10}h10M${x + 5} ${y + 16}h14`),
  circle("mark", x + 17, y + 23, 3.5),
];
/** @param {number} from @param {number} to */
const arrow = (from, to) => {
  const back = to > from ? -9 : 9;
  return [path("way", `M${from} 48H${to}m${back} -8l${-back} 8l${back} 8`)];
};
/** @param {number} x @param {number} y @param {number} s the side of one module */
const code = (x, y, s) => {
  const rows = ["1110111", "1010101", "1110111", "0001010", "1110100", "1010111", "1110101"];
  const d = rows.flatMap((row, j) =>
    Array.from(row, (bit, i) => (bit === "1" ? `M${x + i * s} ${y + j * s}h${s}v${s}h${-s}z` : "")),
  );
  return [path("ink", d.join(""))];
};
/** @param {number} x @param {number} y @param {number} r */
const tick = (x, y, r) => [
  circle("mark", x, y, r),
  path("on-mark", `M${x - r * 0.45} ${y}l${r * 0.33} ${r * 0.35}l${r * 0.6} ${-r * 0.7}`),
];
const waves = [path("way", "M84 44q16 -14 32 0M90 52q10 -9 20 0"), circle("mark", 100, 60, 3)];

/** @type {Record<string, Shape[]>} */
const DRAWINGS = {
  connecting: [...phone(14), ...pc(102), path("way dots", "M66 48h28")],
  send: [...phone(10), ...sheet(20, 30), ...arrow(66, 92), ...pc(106)],
  receive: [...pc(10), ...sheet(40, 24), ...arrow(104, 130), ...phone(146)],
  between_pcs: [...pc(2), ...sheet(32, 24), ...arrow(91, 109), ...pc(114)],
  choose: [
    path("body", "M52 20h32l9 10h55v52H52z"),
    ...sheet(70, 40),
    ...sheet(106, 40),
    ...tick(140, 76, 11),
  ],
  scan: [...pc(10), ...code(38, 26, 4), ...phone(136), path("way", "M144 32v-8h8M164 24h8v8M172 56v8h-8M152 64h-8v-8")],
  save: [...phone(10), ...arrow(64, 88), ...pc(104), box("mark", 124, 32, 44, 18, 5), path("hand", "M152 44l0 26l6 -6l5 11l5 -2l-5 -11l9 0z")],
  download: [...phone(78), path("way", "M100 26v28m-9 -9l9 9l9 -9"), path("way", "M86 58v8h28v-8")],
  wifi: [...phone(14), ...pc(102), ...waves.map(shifted(-16, 0))],
  outside: [
    ...phone(34), box("paper", 42, 24, 28, 40, 4), circle("ink", 66, 29, 1.6), circle("ink", 66, 34, 1.6), circle("ink", 66, 39, 1.6),
    ...arrow(90, 116),
    ...phone(128), circle("paper", 150, 46, 14), path("thin", "M136 46h28M150 32c-8 8 -8 20 0 28c8 -8 8 -20 0 -28"),
  ],
  tabs: [box("body", 56, 14, 62, 48, 5), box("body", 78, 32, 68, 50, 5), path("line", "M78 44h68"), path("mark-line", "M98 62h28")],
  on_pc: [...pc(58), ...sheet(78, 24), ...tick(134, 66, 14)],
  on_phone: [...phone(78), ...sheet(88, 30), ...tick(122, 76, 13)],
  unsure: [circle("halo", 100, 48, 34), path("mark-line", "M89 40q0 -12 11 -12t11 11q0 8 -11 12v5"), circle("mark", 100, 68, 3)],
  stopped: [circle("halo", 100, 48, 34), path("mark-line", "M84 48h32")],
  fault: [path("halo", "M100 14l40 68H60z"), path("mark-line", "M100 38v20"), circle("mark", 100, 69, 3)],
  late: [circle("halo", 100, 48, 34), path("mark-line", "M100 28v21l13 9")],
};

/** @param {number} dx @param {number} dy @returns {(shape: Shape) => Shape} */
function shifted(dx, dy) {
  return ([tag, look, attributes]) => [tag, look, { ...attributes, transform: `translate(${dx} ${dy})` }];
}

/** @typedef {keyof typeof ICONS} Icon */
const ICONS = {
  phone: [box("thin", 6, 2, 12, 20, 2.5), path("thin", "M10.5 18.5h3")],
  pc: [box("thin", 2, 4, 20, 13, 2), path("thin", "M12 17v4M8 21h8")],
  arrow: [path("thin", "M3 12h17m-6 -6l6 6l-6 6")],
  tick: [path("thin", "M4 12.5l5 5L20 6.5")],
};

/** @param {string} name one of `DRAWINGS` */
export const drawing = (name) => svg("drawing", "0 0 200 96", DRAWINGS[name]);

/** @param {Icon} name */
export const icon = (name) => svg("icon", "0 0 24 24", ICONS[name]);

/** @param {string} look @param {string} viewBox @param {Shape[]} shapes */
function svg(look, viewBox, shapes) {
  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("class", look);
  root.setAttribute("viewBox", viewBox);
  root.setAttribute("aria-hidden", "true");
  root.setAttribute("focusable", "false");
  for (const [tag, shape, attributes] of shapes) {
    const element = document.createElementNS(SVG, tag);
    element.setAttribute("class", shape);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
    root.append(element);
  }
  return root;
}
