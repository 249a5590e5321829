import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { allChecks, FILES } from "./vector_checks.mjs";

const folder = new URL("../../vectors/", import.meta.url);
const vectors = Object.fromEntries(
  FILES.map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), "utf8"))]),
);
const checks = allChecks(vectors);

test("the vectors are all there", () => {
  assert.equal(checks.length, 1 + 5 + 2 + 2 + 246 + (1 + 12 + 13 + 7 + 17 + 47 + 15));
});
for (const [name, check] of checks) test(name, check);
