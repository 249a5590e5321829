// The QR code as a drawing: never a picture file, so that nothing of it is stored anywhere.

import { make } from "../../../web_phone/ui/dom.js";

const SVG = "http://www.w3.org/2000/svg";
/** Light modules around the code, as ISO/IEC 18004 asks. */
const QUIET_ZONE = 4;

/**
 * @param {string[]} rows its modules, `1` for dark
 * @param {string} label what a screen reader says
 */
export function drawCode(rows, label) {
  const side = rows.length + 2 * QUIET_ZONE;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", rows.map((row, y) => runs(row, y + QUIET_ZONE)).join(""));
  svg.append(path);
  return make("div", { class: "code" }, svg);
}

/** @param {string} row @param {number} y */
const runs = (row, y) =>
  Array.from(row.matchAll(/1+/g), ({ 0: run, index }) => {
    const x = Number(index) + QUIET_ZONE;
    return `M${x} ${y}h${run.length}v1h-${run.length}z`;
  }).join("");
