// The vocabulary of what travels: items of files, each file with a role.
//
// Source: docs/protocol.md §7.

/** @typedef {"npki" | "pkcs12"} Kind */
/** @typedef {{role: string, content: Uint8Array}} File one file; its name never travels */
/** @typedef {{kind: Kind, files: File[]}} Item one certificate */

/** The roles of each kind, in the order in which this program sends them. @type {Record<Kind, string[]>} */
export const ROLES = {
  npki: ["signCert", "signPri", "kmCert", "kmPri", "caPubs"],
  pkcs12: ["pkcs12"],
};

/**
 * Make an item of contents by role, in the order of `ROLES`.
 * @param {Kind} kind
 * @param {Record<string, Uint8Array | undefined>} contents
 * @returns {Item}
 */
export function makeItem(kind, contents) {
  const files = [];
  for (const role of ROLES[kind]) {
    const content = contents[role];
    if (content !== undefined) files.push({ role, content });
  }
  return { kind, files };
}

/** The content of the file with that role, if there is one. @param {Item} item @param {string} role */
export function fileOf(item, role) {
  const file = item.files.find((each) => each.role === role);
  return file === undefined ? undefined : file.content;
}

/** Bytes of all files together. @param {Item} item */
export const sizeOf = (item) => item.files.reduce((sum, file) => sum + file.content.length, 0);
