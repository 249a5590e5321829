// Sees that no file of the page needs a newer browser than the page's floor: lowering the
// syntax to that floor must change nothing.
//
//   node floor.mjs
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { FLOOR, SUPPORTED } from "./floor_targets.mjs";

/** boot.js tells older browsers that they are too old, so it must run in them. */
const OLDEST = ["es5"];

const page = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = ["core", "pki", "ui", "vendor"].flatMap((folder) =>
  readdirSync(join(page, folder)).map((name) => `${folder}/${name}`),
);
const scripts = ["main.js", ...modules].filter((path) => path.endsWith(".js"));

/** @param {string} path @param {string[]} target */
function isBelow(path, target) {
  const code = readFileSync(join(page, path), "utf8");
  const written = (/** @type {string | string[]} */ floor) =>
    transformSync(code, { target: floor, supported: SUPPORTED, minifyWhitespace: true, logLevel: "silent" }).code;
  try {
    return written(target) === written("esnext");
  } catch {
    return false; // syntax that cannot be lowered at all
  }
}

const failing = scripts.filter((path) => !isBelow(path, FLOOR));
if (!isBelow("boot.js", OLDEST)) failing.push("boot.js");
for (const path of failing) console.error(`${path} needs a newer browser than the page's floor`);
process.exitCode = failing.length === 0 ? 0 : 1;
