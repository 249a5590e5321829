// Writes the hash of every module into index.html, so that a browser runs only these;
// `--check` only compares.
//
//   node seal.mjs [--check]
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const page = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = ["core", "pki", "ui", "vendor"]
  .flatMap((folder) => readdirSync(join(page, folder)).map((name) => `${folder}/${name}`))
  .filter((path) => path.endsWith(".js"))
  .sort();

/** @param {string} path */
function integrityOf(path) {
  return `sha384-${createHash("sha384").update(readFileSync(join(page, path))).digest("base64")}`;
}

const map = Object.fromEntries(["main.js", ...modules].map((path) => [`./${path}`, integrityOf(path)]));
const preloads = modules.map((path) => `<link rel="modulepreload" href="${path}" integrity="${map[`./${path}`]}">`);
const before = readFileSync(join(page, "index.html"), "utf8");
const after = before
  .replace(/<script src="boot\.js"[^>]*>/, `<script src="boot.js" crossorigin integrity="${integrityOf("boot.js")}">`)
  .replace(/<script type="module" src="main\.js"[^>]*>/, `<script type="module" src="main.js" integrity="${map["./main.js"]}">`)
  .replace(/<script type="importmap">.*?<\/script>\n(?:<link rel="modulepreload"[^>]*>\n)*/s, () => {
    const integrity = JSON.stringify({ integrity: map }, null, 0).replace(/,/g, ",\n");
    return `<script type="importmap">${integrity}</script>\n${preloads.join("\n")}\n`;
  });

if (process.argv.includes("--check")) {
  if (before !== after) {
    console.error("index.html does not name the hashes of the modules: run node seal.mjs");
    process.exitCode = 1;
  }
} else {
  writeFileSync(join(page, "index.html"), after);
  console.log(`index.html names ${Object.keys(map).length} modules`);
}
