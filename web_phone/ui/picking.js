// From the files that a person picked to items: which belong together, and what is missing.
//
// Phones hand files over by name, often from a downloads folder where a second copy became
// "signCert (1).der".  Files belong together when folder and such a suffix are the same.

import { makeItem } from "../core/bundle.js";

/** @typedef {{folder: string, name: string, content: Uint8Array}} PickedFile */
/** @typedef {import("../core/bundle.js").Item} Item */

const PATTERNS = /** @type {[RegExp, string][]} */ ([
  [/^signcert(.*)\.(?:der|cer|crt)$/, "signCert"],
  [/^signpri(.*)\.key$/, "signPri"],
  [/^kmcert(.*)\.(?:der|cer|crt)$/, "kmCert"],
  [/^kmpri(.*)\.key$/, "kmPri"],
  [/^capubs(.*?)(?:\.der)?$/, "caPubs"],
]);
const PKCS12 = /\.(?:p12|pfx)$/;

/** Tell whether a file of that name can be of use. @param {string} name */
export const isOfUse = (name) => PKCS12.test(name.toLowerCase()) || roleOf(name) !== null;

/** @param {string} name @returns {[string, string] | null} role and suffix */
function roleOf(name) {
  for (const [pattern, role] of PATTERNS) {
    const found = pattern.exec(name.toLowerCase());
    if (found !== null) return [role, found[1].trim()];
  }
  return null;
}

/**
 * Sort files into items.
 * @param {PickedFile[]} files a later file replaces an earlier one of the same place and name
 * @returns {{items: Item[], missing: string[]}} `missing`: codes, for sets that are not whole
 */
export function group(files) {
  /** @type {Map<string, Record<string, Uint8Array>>} */
  const sets = new Map();
  /** @type {Map<string, Item>} */
  const single = new Map();
  for (const { folder, name, content } of files) {
    const role = roleOf(name);
    if (role === null) {
      single.set(`${folder}/${name}`, makeItem("pkcs12", { pkcs12: content }));
    } else {
      const key = `${folder}/${role[1]}`;
      const set = sets.get(key) || {};
      set[role[0]] = content;
      sets.set(key, set);
    }
  }
  const items = [];
  const missing = [];
  for (const set of sets.values()) {
    const fault = faultOf(set);
    if (fault === null) items.push(makeItem("npki", set));
    else missing.push(fault);
  }
  return { items: [...items, ...single.values()], missing };
}

/** @param {Record<string, Uint8Array>} set */
function faultOf(set) {
  if (set.signCert === undefined) return "missing_sign_cert";
  if (set.signPri === undefined) return "missing_sign_key";
  if ((set.kmCert === undefined) !== (set.kmPri === undefined)) return "missing_km_part";
  return null;
}
