// The manifest: what an OFFER promises, checked before a byte of it is taken.
//
// Source: docs/protocol.md §7.

import { sha256 } from "../vendor/crypto.js";
import { ROLES } from "./bundle.js";
import { hex, utf8 } from "./bytes.js";
import { CertRelayError } from "./errors.js";
import { MAX_BUNDLE_BYTES, MAX_FILE_BYTES, MAX_ITEMS } from "./limits.js";
import { parseObject, writeObject } from "./strict_json.js";

/** @typedef {import("./bundle.js").Item} Item */
/** @typedef {import("./strict_json.js").JsonValue} JsonValue */
/** @typedef {{role: string, size: number, sha256: string}} FileEntry */
/** @typedef {{kind: import("./bundle.js").Kind, files: FileEntry[]}} ItemEntry */
/** @typedef {{items: ItemEntry[], total: number}} Manifest */

/**
 * Write the OFFER body of items that are about to be sent.
 * @param {Item[]} items
 * @throws {CertRelayError} as `readManifest`: what the receiver would reject is not sent
 */
export function writeManifest(items) {
  const entries = items.map(({ kind, files }) => ({
    kind,
    files: files.map(({ role, content }) => ({
      role,
      size: content.length,
      sha256: hex(sha256(content)),
    })),
  }));
  const raw = utf8(writeObject({ items: entries, total: totalOf(entries) }));
  readManifest(raw);
  return raw;
}

/**
 * Read an OFFER body.
 * @param {Uint8Array} raw
 * @returns {Manifest}
 * @throws {CertRelayError} `bad_manifest`, or `too_large` if it is well formed but over a limit
 */
export function readManifest(raw) {
  const fields = object(raw);
  if (!Array.isArray(fields.items) || fields.items.length === 0) throw bad();
  const items = fields.items.map(readItem);
  const total = totalOf(items);
  if (fields.total !== total) throw bad();
  const isTooLarge = items.some((item) => item.files.some((file) => file.size > MAX_FILE_BYTES));
  if (items.length > MAX_ITEMS || isTooLarge || total > MAX_BUNDLE_BYTES) {
    throw new CertRelayError("too_large");
  }
  return { items, total };
}

/**
 * Cut the content into items; null where a file's digest differs.
 * @param {Manifest} manifest
 * @param {Uint8Array} content
 * @returns {(Item | null)[]}
 */
export function splitContent(manifest, content) {
  let at = 0;
  return manifest.items.map((entry) => {
    let isIntact = true;
    const files = entry.files.map(({ role, size, sha256: promised }) => {
      const file = { role, content: content.slice(at, at + size) };
      at += size;
      isIntact = isIntact && hex(sha256(file.content)) === promised;
      return file;
    });
    return isIntact ? { kind: entry.kind, files } : null;
  });
}

const bad = () => new CertRelayError("bad_manifest");

/** @param {ItemEntry[]} items */
function totalOf(items) {
  return items.reduce((sum, item) => item.files.reduce((part, { size }) => part + size, sum), 0);
}

/** @param {Uint8Array} raw */
function object(raw) {
  try {
    return parseObject(raw);
  } catch {
    throw bad();
  }
}

/** @param {JsonValue} item @returns {ItemEntry} */
function readItem(item) {
  if (typeof item !== "object" || Array.isArray(item)) throw bad();
  const { kind, files } = item;
  if ((kind !== "npki" && kind !== "pkcs12") || !Array.isArray(files)) throw bad();
  const entries = files.map(readFile);
  const roles = new Set(entries.map((entry) => entry.role));
  if (roles.size !== entries.length || !isComplete(kind, roles)) throw bad();
  return { kind, files: entries };
}

/** @param {import("./bundle.js").Kind} kind @param {Set<string>} roles */
function isComplete(kind, roles) {
  if (![...roles].every((role) => ROLES[kind].includes(role))) return false;
  if (kind === "pkcs12") return roles.has("pkcs12");
  return roles.has("signCert") && roles.has("signPri") && roles.has("kmCert") === roles.has("kmPri");
}

/** @param {JsonValue} file @returns {FileEntry} */
function readFile(file) {
  if (typeof file !== "object" || Array.isArray(file)) throw bad();
  const { role, size, sha256: digest } = file;
  if (typeof role !== "string" || typeof size !== "number" || size < 1) throw bad();
  if (typeof digest !== "string" || !/^[0-9a-f]{64}$/.test(digest)) throw bad();
  return { role, size, sha256: digest };
}
