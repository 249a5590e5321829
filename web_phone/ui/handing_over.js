// From received items to one download: the .p12 itself, or a ZIP that unpacks into an NPKI
// folder.

import { fileOf } from "../core/bundle.js";
import { writeZip } from "../core/zip.js";
import { stemOf } from "../pki/inspect.js";

/** @typedef {import("../pki/inspect.js").Summary} Summary */

/** @type {Record<string, string>} */
const FILE_NAMES = {
  signCert: "signCert.der",
  signPri: "signPri.key",
  kmCert: "kmCert.der",
  kmPri: "kmPri.key",
  caPubs: "CaPubs",
};

/**
 * What is handed over for these items, under a name that people recognise.
 * @param {Summary[]} summaries at least one
 * @param {string} several the name, without an ending, of a file with several certificates
 * @returns {{name: string, type: string, content: Uint8Array}}
 */
export function download(summaries, several) {
  const [first] = summaries;
  const alone = summaries.length === 1 && fileOf(first.item, "pkcs12");
  if (alone) {
    const name = first.place[first.place.length - 1];
    return { name, type: "application/x-pkcs12", content: alone };
  }
  /** @type {Set<string>} */
  const taken = new Set();
  const files = summaries.flatMap((summary) => {
    const place = ownPlace(summary.place, taken);
    return summary.item.files.map(({ role, content }) => ({
      path: summary.item.kind === "pkcs12" ? place : ["NPKI", ...place, FILE_NAMES[role]],
      content,
    }));
  });
  const stem = summaries.length === 1 ? stemOf(first.item, first.certificate) : several;
  return { name: `${stem}.zip`, type: "application/zip", content: writeZip(files) };
}

/** Two certificates of one name lie side by side, numbered. @param {string[]} place @param {Set<string>} taken */
function ownPlace(place, taken) {
  const last = place[place.length - 1];
  const [, stem, ending] = /** @type {RegExpExecArray} */ (/^(.*?)(\.p12)?$/s.exec(last));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? last : `${stem} (${number})${ending || ""}`;
    const own = [...place.slice(0, -1), name];
    const key = own.join("/").toLowerCase();
    if (!taken.has(key)) {
      taken.add(key);
      return own;
    }
  }
}

/** Let the browser download it.  Must follow a person's tap. @param {{name: string, type: string, content: Uint8Array}} file */
export function startDownload({ name, type, content }) {
  const blob = new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (content)], { type });
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  // Some browsers read it late; a minute is long for at most 1 MiB.
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
