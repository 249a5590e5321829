// Builds vendor/crypto.js, the one file of foreign code in the page; `--check` only compares.
//
//   npm ci --ignore-scripts && node bundle.mjs [--check]
//
// The result depends on package-lock.json and this file alone, so that anybody can build it
// again and see that the committed bundle holds nothing else.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { FLOOR, SUPPORTED } from "./floor_targets.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const vendor = join(here, "..", "vendor");
const packages = ["@noble/ciphers", "@noble/curves", "@noble/hashes"];

/** @param {string} name @param {string} file */
const read = (name, file) => readFileSync(join(here, "node_modules", name, file), "utf8");

const versions = packages.map((name) => `${name} ${JSON.parse(read(name, "package.json")).version}`);

/** @type {import("esbuild").BuildOptions & {write: false}} */
const options = {
  absWorkingDir: here,
  bundle: true,
  write: false,
  format: "esm",
  minify: true,
  target: FLOOR,
  supported: SUPPORTED,
  legalComments: "none",
  logLevel: "warning",
};

/** `require("later:NAME@MODULE")`: one export of a module, and what it needs, loaded when asked. */
const later = {
  name: "later",
  setup(/** @type {import("esbuild").PluginBuild} */ build_) {
    build_.onResolve({ filter: /^later:/ }, ({ path }) => ({ path: path.slice("later:".length), namespace: "later" }));
    build_.onLoad({ filter: /./, namespace: "later" }, async ({ path }) => {
      const [name, module] = path.split(/@(.*)/s);
      const contents = `export { ${name} } from ${JSON.stringify(module)};`;
      const one = await build({ ...options, stdin: { contents, resolveDir: here } });
      return { contents: one.outputFiles[0].text };
    });
  },
};

const built = await build({
  ...options,
  entryPoints: ["entry.js"],
  plugins: [later],
  banner: { js: `/* ${versions.join(", ")}; MIT, see LICENSES.txt */` },
});
const bundle = built.outputFiles[0].text;
const digest = createHash("sha256").update(bundle).digest("hex");
const files = {
  "crypto.js": bundle,
  "crypto.js.sha256": `${digest}  crypto.js\n`,
  "LICENSES.txt": packages.map((name) => `${name}\n\n${read(name, "LICENSE").trim()}\n`).join("\n\n"),
};

if (process.argv.includes("--check")) {
  const differing = Object.entries(files).filter(
    ([name, text]) => readFileSync(join(vendor, name), "utf8") !== text,
  );
  for (const [name] of differing) console.error(`vendor/${name} is not what the lock file builds`);
  if (differing.length === 0) console.log(`vendor/crypto.js is what the lock file builds: ${digest}`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(vendor, name), text);
  console.log(`vendor/crypto.js: ${bundle.length} bytes, sha256 ${digest}`);
}
