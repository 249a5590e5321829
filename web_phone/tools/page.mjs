// Builds what a browser is given: built/index.html, built/page.js and its source map.
//
//   node page.mjs [--check]
//
// page.js is main.js with every module that it imports and both languages' sentences, in one
// file; index.html is ../index.html with boot.js inside it and the hashes of everything that it
// fetches, so that a browser runs these files only.  The result depends on the modules, the
// texts and package-lock.json alone; `--check` builds again and only compares.
import { createHash } from "node:crypto";
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { FLOOR, SUPPORTED } from "./floor_targets.mjs";

const page = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The sentences that the page says; the others are the programs' own. */
const SAID = /^(page|error|hint|state|use|holder)\./;

/** Puts the page's own sentences of a catalogue into the bundle, in the place of the whole file. */
const sentences = {
  name: "sentences",
  setup(/** @type {import("esbuild").PluginBuild} */ build) {
    build.onLoad({ filter: /[/\\]texts[/\\][a-z]+\.json$/ }, ({ path }) => {
      const all = Object.entries(JSON.parse(readFileSync(path, "utf8")));
      const said = Object.fromEntries(all.filter(([key]) => SAID.test(key)));
      return { contents: JSON.stringify(said, null, 1), loader: "json" };
    });
  },
};

/** @param {string} path below web_phone */
const read = (path) => readFileSync(join(page, path), "utf8");

/** @param {string} content */
const integrityOf = (content) => `sha384-${createHash("sha384").update(content).digest("base64")}`;

const bundle = await build({
  absWorkingDir: page,
  entryPoints: ["main.js"],
  outfile: "built/page.js",
  bundle: true,
  write: false,
  format: "iife",
  charset: "utf8",
  minify: true,
  sourcemap: "linked",
  target: FLOOR,
  supported: SUPPORTED,
  legalComments: "none",
  plugins: [sentences],
  logLevel: "warning",
});
const [map, script] = bundle.outputFiles.map(({ text }) => text);

/** What index.html leaves open. @type {Record<string, string>} */
const filled = {
  "boot.js": `\n${read("boot.js")}`,
  "page.js": integrityOf(script),
  "style.css": integrityOf(read("style.css")),
};
const index = read("index.html").replace(/\{\{([a-z.]+)\}\}/g, (_, name) => filled[name]);
const files = { "index.html": index, "page.js": script, "page.js.map": map };

if (process.argv.includes("--check")) {
  const differing = Object.entries(files).filter(([name, text]) => read(`built/${name}`) !== text);
  for (const [name] of differing) console.error(`built/${name} is not what its sources give: run npm run build`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  mkdirSync(join(page, "built"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(page, "built", name), text);
  console.log(Object.entries(files).map(([name, text]) => `${name}: ${Buffer.byteLength(text)} bytes`).join(", "));
}
