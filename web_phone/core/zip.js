// ZIP files without compression: what the page hands over when several files belong together.
//
// Written so that the same items give the same bytes: no clock is asked for a date.
//
// Source: PKWARE APPNOTE 6.3.10 §4.3, §4.4.4 (bit 11: names in UTF-8).

import { concat, utf8 } from "./bytes.js";

export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
const VERSION = 20;
export const UTF8_NAMES = 0x0800;
/** 1 January 1980, the first day that the format knows. */
const DATE = 0x0021;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** @param {Uint8Array} content */
export function crc32(content) {
  let value = 0xffffffff;
  for (const byte of content) value = (value >>> 8) ^ CRC_TABLE[(value ^ byte) & 255];
  return (value ^ 0xffffffff) >>> 0;
}

/** Little-endian fields, each [value, bytes]. @param {...[number, number]} fields */
function fieldsOf(...fields) {
  const bytes = fields.flatMap(([value, size]) =>
    Array.from({ length: size }, (_, at) => Math.floor(value / 256 ** at) % 256),
  );
  return Uint8Array.from(bytes);
}

/**
 * Write a ZIP file.
 * @param {{path: string[], content: Uint8Array}[]} files path components are safe names already
 */
export function writeZip(files) {
  /** @type {Uint8Array[]} */
  const locals = [];
  /** @type {Uint8Array[]} */
  const centrals = [];
  let offset = 0;
  for (const { path, content } of files) {
    const name = utf8(path.join("/"));
    /** @type {[number, number][]} */
    const shared = [
      [VERSION, 2],
      [UTF8_NAMES, 2],
      [0, 2], // stored
      [0, 2],
      [DATE, 2],
      [crc32(content), 4],
      [content.length, 4],
      [content.length, 4],
      [name.length, 2],
      [0, 2],
    ];
    const local = concat(fieldsOf([LOCAL, 4], ...shared), name, content);
    /** @type {[number, number][]} */
    const place = [[0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]];
    centrals.push(concat(fieldsOf([CENTRAL, 4], [VERSION, 2], ...shared, ...place), name));
    locals.push(local);
    offset += local.length;
  }
  const directory = concat(...centrals);
  const count = files.length;
  const end = fieldsOf([END, 4], [0, 2], [0, 2], [count, 2], [count, 2], [directory.length, 4], [offset, 4], [0, 2]);
  return concat(...locals, directory, end);
}
