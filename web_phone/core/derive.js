// What is derived from the seed, and the hash over transcripts.
//
// Source: docs/protocol.md §3 and §5.

import { expand, hmac, sha256 } from "../vendor/crypto.js";
import { concat, uint, utf8 } from "./bytes.js";

/** `L` of the specification, in front of a name. @param {string} name */
export const labelled = (name) => utf8(`certrelay/1 ${name}`);

/** @param {Uint8Array} seed @param {string} name @param {number} size */
function derive(seed, name, size) {
  return expand(sha256, hmac(sha256, labelled("qr"), seed), labelled(name), size);
}

/** The 16 bytes that S shows to the relay. @param {Uint8Array} seed */
export const joinSecret = (seed) => derive(seed, "join", 16);

/** The pre-shared key, 32 bytes; it never leaves a device. @param {Uint8Array} seed */
export const preSharedKey = (seed) => derive(seed, "psk", 32);

/** The room that a join secret opens, 32 bytes. @param {Uint8Array} join */
export const roomOf = (join) => sha256(concat(labelled("room"), join));

/** What the relay keeps in a token's place, 32 bytes. @param {Uint8Array} token */
export const tokenHash = (token) => sha256(concat(labelled("token"), token));

/** S's promise of its random value, 32 bytes. @param {Uint8Array} ns */
export const commitment = (ns) => sha256(concat(labelled("commit"), ns));

/** `H(a, b, …)`: SHA-256 over the items, each with its u32 length. @param {...Uint8Array} items */
export function hashItems(...items) {
  return sha256(concat(...items.map((item) => concat(uint(item.length, 4), item))));
}
