// Where a relay is: the part of the QR's URL in front of the "#".
//
// An origin has exactly one spelling, the one a browser shows, because both ends put it
// into the key schedule.
//
// Source: docs/protocol.md §2.

import { CertRelayError } from "./errors.js";

const GRAMMAR = /^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]+)?\/([a-z0-9._-]+\/)*$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * @typedef {object} Origin
 * @property {string} text scheme://host[:port]/[path/]
 * @property {"http" | "https"} scheme
 * @property {boolean} isLoopback whether the host is an IP literal of this very device
 * @property {boolean} isLocal whether it is a private, link-local or loopback IP literal
 */

/**
 * Read an origin.
 * @param {string} text
 * @returns {Origin}
 * @throws {CertRelayError} `qr_origin`, if it is none or not in its one spelling
 */
export function parseOrigin(text) {
  const found = GRAMMAR.exec(text);
  const url = found === null ? null : parseUrl(text);
  if (found === null || url === null || url.href !== text || url.port === "0") {
    throw new CertRelayError("qr_origin");
  }
  const host = url.hostname;
  const isAddress = host.startsWith("[") || /^[0-9.]+$/.test(host);
  if (!isAddress && (host.length > 253 || !host.split(".").every((label) => LABEL.test(label)))) {
    throw new CertRelayError("qr_origin");
  }
  const isLoopback = /^127\.[0-9.]+$/.test(host) || host === "[::1]";
  return {
    text,
    scheme: url.protocol === "https:" ? "https" : "http",
    isLoopback,
    isLocal: isLoopback || isLocalIpv4(host) || /^\[(f[cd]|fe[89ab])[0-9a-f]{2}:/.test(host),
  };
}

/** @param {string} text */
function parseUrl(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** @param {string} host */
function isLocalIpv4(host) {
  if (!/^[0-9.]+$/.test(host)) return false;
  const [first, second] = host.split(".").map(Number);
  return (
    first === 10 ||
    (first === 172 && second >= 16 && second <= 31) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254)
  );
}
