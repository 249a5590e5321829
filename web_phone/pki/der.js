// A reader of ASN.1, as far as certificate files need it: DER, and the BER with long or
// indefinite lengths that some PKCS#12 writers use.  It never recurses.
//
// Every fault is a DerError; each format turns it into its own error.
//
// Source: ITU-T X.690; the same reader as certrelay/pki/der.py.

import { concat } from "../core/bytes.js";

export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
};

const CONSTRUCTED = 0x20;
const UNIVERSAL_STRING = 0x1c;
const BMP_STRING = 0x1e;
const MAX_CHILDREN = 4096;
const MAX_DEPTH = 64;
const MAX_OID_BYTES = 64;
const TIME = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?(Z|[+-]\d{4})?$/;

/** The bytes are not the ASN.1 that was expected there. */
export class DerError extends Error {}

/** The identifier of a constructed, context-specific element. @param {number} number */
export const context = (number) => 0xa0 | number;

/** One element: its identifier, its content, and all of its bytes. */
export class Element {
  /** @param {number} tag @param {Uint8Array} content @param {Uint8Array} encoded */
  constructor(tag, content, encoded) {
    this.tag = tag;
    this.content = content;
    this.encoded = encoded;
  }

  /** Read bytes that are exactly one element. @param {Uint8Array} data */
  static parse(data) {
    const element = elementAt(data, 0);
    if (element.encoded.length !== data.length) throw new DerError("bytes after the end");
    return element;
  }

  /** Read the element that bytes begin with; what follows is left alone. @param {Uint8Array} data */
  static first(data) {
    return elementAt(data, 0);
  }

  /** Give this element back if it is a `tag`. @param {number} tag */
  expect(tag) {
    if (this.tag !== tag) throw new DerError("another element was expected");
    return this;
  }

  /** The elements inside. @param {number} [tag] checked first */
  children(tag = this.tag) {
    this.expect(tag);
    if ((this.tag & CONSTRUCTED) === 0) throw new DerError("nothing can be inside");
    const found = [];
    for (let at = 0; at < this.content.length; ) {
      if (found.length === MAX_CHILDREN) throw new DerError("too many elements");
      const element = elementAt(this.content, at);
      found.push(element);
      at += element.encoded.length;
    }
    return found;
  }

  /** The child with that index, which must be there. @param {number} index @param {number} [tag] */
  child(index, tag = this.tag) {
    const found = this.children(tag)[index];
    if (found === undefined) throw new DerError("an element is missing");
    return found;
  }

  /** Read an INTEGER of any size. */
  integer() {
    const { content } = this.expect(TAG.INTEGER);
    if (content.length === 0) throw new DerError("empty integer");
    const size = BigInt(8 * content.length);
    const value = content.reduce((sum, byte) => (sum << BigInt(8)) | BigInt(byte), BigInt(0));
    return content[0] & 0x80 ? value - (BigInt(1) << size) : value;
  }

  /** Read an INTEGER that counts something. */
  count() {
    const value = this.integer();
    if (value < 1 || value > Number.MAX_SAFE_INTEGER) throw new DerError("no count");
    return Number(value);
  }

  /** Read an OBJECT IDENTIFIER as dotted numbers. */
  oid() {
    const raw = this.expect(TAG.OID).content;
    if (raw.length === 0 || raw.length > MAX_OID_BYTES || raw[raw.length - 1] & 0x80) {
      throw new DerError("object identifier");
    }
    const arcs = [];
    let arc = BigInt(0);
    for (const byte of raw) {
      arc = (arc << BigInt(7)) | BigInt(byte & 0x7f);
      if ((byte & 0x80) === 0) {
        arcs.push(arc);
        arc = BigInt(0);
      }
    }
    const first = arcs[0] < 80 ? arcs[0] / BigInt(40) : BigInt(2);
    return [first, arcs[0] - BigInt(40) * first, ...arcs.slice(1)].join(".");
  }

  /** Read an OCTET STRING, in one piece or in several. @returns {Uint8Array} */
  octets() {
    if (this.tag !== (TAG.OCTET_STRING | CONSTRUCTED)) return this.expect(TAG.OCTET_STRING).content;
    return concat(...this.children().map((piece) => piece.expect(TAG.OCTET_STRING).content));
  }

  /** Read an octet string whose identifier is context-specific. @returns {Uint8Array} */
  implicitOctets() {
    if ((this.tag & CONSTRUCTED) === 0) return this.content;
    return concat(...this.children().map((piece) => piece.expect(TAG.OCTET_STRING).content));
  }

  /** Read a BIT STRING of whole bytes. */
  bits() {
    const { content } = this.expect(TAG.BIT_STRING);
    if (content.length === 0 || content[0] !== 0) throw new DerError("not whole bytes");
    return content.slice(1);
  }

  /** Read a character string; old Korean certificates hold CP949 under any string type. */
  text() {
    const own = this.tag === BMP_STRING ? "utf-16be" : "utf-8";
    if (this.tag === UNIVERSAL_STRING) return utf32(this.content);
    for (const encoding of [own, "euc-kr"]) {
      try {
        return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(this.content);
      } catch {
        // the next one
      }
    }
    return Array.from(this.content, (byte) => String.fromCharCode(byte)).join("");
  }

  /** Read a UTCTime or a GeneralizedTime, as milliseconds since 1970; no zone counts as UTC. */
  time() {
    const text = Array.from(this.content, (byte) => String.fromCharCode(byte)).join("");
    const match = TIME.exec(text);
    const isUtcTime = this.tag === TAG.UTC_TIME;
    if (!isUtcTime) this.expect(TAG.GENERALIZED_TIME);
    if (match === null || (match[1].length === 2) !== isUtcTime) throw new DerError("time");
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part || 0));
    const full = isUtcTime ? year + (year >= 50 ? 1900 : 2000) : year;
    const zone = match[7] || "Z";
    const offset = zone === "Z" ? 0 : Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3));
    const local = new Date(0);
    local.setUTCFullYear(full, month - 1, day);
    local.setUTCHours(hour, minute, second);
    const isReal = local.getUTCMonth() === month - 1 && local.getUTCDate() === day && full > 0;
    if (!isReal || hour > 23 || minute > 59 || second > 59) throw new DerError("time");
    return local.getTime() - (zone[0] === "-" ? -1 : 1) * offset * 60000;
  }
}

/** @param {Uint8Array} data @param {number} start */
function elementAt(data, start) {
  const { tag, body, end } = header(data, start);
  if (end !== null) return new Element(tag, data.slice(body, end), data.slice(start, end));
  const inner = findEnd(data, body);
  return new Element(tag, data.slice(body, inner), data.slice(start, inner + 2));
}

/** The identifier, where the content starts, and where it ends if that is told. @param {Uint8Array} data @param {number} start */
function header(data, start) {
  if (start + 2 > data.length) throw new DerError("cut off");
  const tag = data[start];
  let length = data[start + 1];
  let body = start + 2;
  if ((tag & 0x1f) === 0x1f) throw new DerError("identifier of several bytes");
  if (length === 0x80) {
    if ((tag & CONSTRUCTED) === 0) throw new DerError("indefinite length");
    return { tag, body, end: null };
  }
  if (length & 0x80) {
    const count = length & 0x7f;
    if (count > 8 || body + count > data.length) throw new DerError("length");
    length = data.slice(body, body + count).reduce((sum, byte) => sum * 256 + byte, 0);
    body += count;
  }
  if (body + length > data.length) throw new DerError("cut off");
  return { tag, body, end: body + length };
}

/** Find the end mark of an element of indefinite length. @param {Uint8Array} data @param {number} start */
function findEnd(data, start) {
  let at = start;
  for (let depth = 1; ; ) {
    if (data[at] === 0 && data[at + 1] === 0) {
      depth -= 1;
      if (depth === 0) return at;
      at += 2;
      continue;
    }
    const { body, end } = header(data, at);
    if (end === null) depth += 1;
    if (depth > MAX_DEPTH) throw new DerError("nested too deep");
    at = end === null ? body : end;
  }
}

/** @param {Uint8Array} content */
function utf32(content) {
  let text = "";
  for (let at = 0; at + 4 <= content.length; at += 4) {
    const point = content.slice(at, at + 4).reduce((sum, byte) => sum * 256 + byte, 0);
    text += point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd";
  }
  return text;
}
