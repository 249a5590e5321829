// From received items to one file, the .p12 itself or a ZIP that unpacks into an NPKI folder,
// and from there to the phone's storage, as far as this browser can.

import { fileOf } from "../core/bundle.js";
import { writeZip } from "../core/zip.js";
import { stemOf } from "../pki/inspect.js";

/** @typedef {import("../pki/inspect.js").Summary} Summary */
/** @typedef {{name: string, type: string, content: Uint8Array}} Download */

/** What the files of a pair are called, by their roles. @type {Record<string, string>} */
export const FILE_NAMES = {
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
 * @returns {Download}
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

/** Let the browser download it, which tells nobody what becomes of it.  Must follow a person's tap. @param {Download} file */
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

/**
 * What saving a file is like in this browser.
 * @returns {{canPick: boolean, mayBeBlocked: boolean, system: "android" | "ios" | "other", before: string}}
 *   `canPick`: the browser lets a person choose a place, and tells when it is written;
 *   `mayBeBlocked`: Chromium holds downloads from plain http back until a person keeps them;
 *   `before`: the key of the sentence that says what will happen
 */
export function savingHere() {
  const agent = navigator.userAgent;
  const canPick = isSecureContext && "showSaveFilePicker" in window;
  const mayBeBlocked = !isSecureContext && /Chrom(e|ium)\//.test(agent);
  // An iPad calls itself a Mac, but has fingers.
  const isIos = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);
  const system = isIos ? "ios" : /Android/.test(agent) ? "android" : "other";
  const way = canPick ? "picker" : mayBeBlocked ? "keep" : isIos ? "ios" : "plain";
  return { canPick, mayBeBlocked, system, before: `page.before.${way}` };
}

/**
 * Let the person choose a place, and write the file there.  Must follow a person's tap.
 * @param {Download} file
 * @param {() => boolean} isWanted whether it is still wanted, once the place is chosen
 * @returns {Promise<"stored" | "cancelled" | "failed" | "unavailable">}
 */
export async function saveWithPicker({ name, content }, isWanted) {
  const picker = /** @type {{showSaveFilePicker: (options: object) => Promise<any>}} */ (/** @type {unknown} */ (window));
  let handle;
  try {
    handle = await picker.showSaveFilePicker({ suggestedName: name });
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError" ? "cancelled" : "unavailable";
  }
  if (!isWanted()) return "cancelled";
  try {
    const stream = await handle.createWritable();
    await stream.write(content);
    await stream.close();
    return "stored";
  } catch {
    return "failed";
  }
}

/** @param {Download} file */
const shared = ({ name, type, content }) => ({
  files: [new File([/** @type {Uint8Array<ArrayBuffer>} */ (content)], name, { type })],
});

/** Tell whether the system's share sheet takes the file. @param {Download} file */
export const canShare = (file) => "canShare" in navigator && navigator.canShare(shared(file));

/** Give it to the share sheet; tell whether the person has sent it on. @param {Download} file */
export async function share(file) {
  try {
    await navigator.share(shared(file));
    return true;
  } catch {
    return false;
  }
}
