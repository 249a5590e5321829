// Which picked files belong together.
//
// A certificate's key can only be known with the password.  Until then files of one pick
// belong together by folder and name, then by what is missing; a later pick completes a set
// only where a role is missing, and is another certificate otherwise.

import { makeItem } from "../core/bundle.js";
import { equal } from "../core/bytes.js";
import { written } from "../pki/naming.js";

/** @typedef {import("./pick_files.js").Piece} Piece */
/** @typedef {"signCert" | "signPri" | "kmCert" | "kmPri" | "caPubs"} Role */
/**
 * @typedef {object} CertSet files that belong together, whole or not yet
 * @property {Map<Role, Piece>} parts
 * @property {boolean} isGuess whether something but folder and name brought them together
 */

const PAIR_ROLES = /** @type {Role[]} */ (["signCert", "signPri", "kmCert", "kmPri"]);
const NPKI_NAME = /^(sign|km)(?:cert|pri)(.*)$/;
const GPKI_NAME = /^(.+)_(sig|env)\.(?:cer|key)/;

/** Whether a set can be sent. @param {CertSet} set */
export const isWhole = ({ parts }) => parts.has("signCert") && parts.has("signPri");

/**
 * Add one pick to the sets that are there.
 * @param {CertSet[]} before
 * @param {Piece[]} picked certificates, keys and CaPubs
 * @returns {{sets: CertSet[], again: string[]}} `again`: names of files that were there already
 */
export function withPick(before, picked) {
  // Certificates first, so that keys find theirs; what belongs together in one pick is joined
  // before it can complete anything else.
  const own = groups(picked).sort((one, other) => Number(hasCertificate(other)) - Number(hasCertificate(one)));
  /** @type {string[]} */
  const again = [];
  let kept = before;
  /** @type {CertSet[]} */
  const fresh = [];
  for (const set of joined(own)) {
    if ([...kept, ...fresh].some((each) => holds(each, set))) again.push(...[...set.parts.values()].map(({ name }) => name));
    else {
      kept = kept.filter((each) => isWhole(each) || !holds(set, each));
      fresh.push(set);
    }
  }
  return { sets: joined([...kept, ...fresh]), again };
}

/** Whether a set has every file of another.  CaPubs does not count: many have the same. @param {CertSet} set @param {CertSet} other */
function holds(set, other) {
  const files = (/** @type {CertSet} */ { parts }) => [...parts].filter(([role]) => role !== "caPubs").map(([, piece]) => piece);
  return files(other).every((piece) => files(set).some((each) => isSame(each, piece)));
}

/** Whether two files are the same, byte for byte. @param {Piece} one @param {Piece} other */
export function isSame(one, other) {
  return one.found.is === other.found.is && equal(contentOf(one), contentOf(other));
}

/** @param {Piece} piece */
export const contentOf = ({ found }) => ("content" in found ? found.content : new Uint8Array(0));

/**
 * What a name says: which pair the file is of, and which files it goes with.
 * @param {string} name
 * @returns {{usage: "sign" | "km" | "", mark: string}}
 */
export function readName(name) {
  const lower = name.normalize("NFC").toLowerCase();
  const npki = NPKI_NAME.exec(lower);
  if (npki !== null) {
    // "signcert (2).der", "signcert.der.bin", "signcert.der (2)"
    const mark = npki[2].split(".")[0].trim() || (/\(\d+\)/.exec(npki[2]) || [""])[0];
    return { usage: npki[1] === "km" ? "km" : "sign", mark };
  }
  const gpki = GPKI_NAME.exec(lower);
  if (gpki !== null) return { usage: gpki[2] === "env" ? "km" : "sign", mark: gpki[1] };
  return { usage: "", mark: lower.split(".")[0] };
}

/** Sets by folder and by what the names say. @param {Piece[]} pieces @returns {CertSet[]} */
function groups(pieces) {
  /** @type {Map<string, CertSet[]>} */
  const found = new Map();
  /** @type {Map<string, Piece>} */
  const authorities = new Map();
  const ranked = pieces.map((piece) => ({ piece, ...readName(piece.name) }));
  // Certificates first, then keys whose name says which; the others take what is free.
  const rank = (/** @type {{piece: Piece, usage: string}} */ { piece, usage }) =>
    piece.found.is === "certificate" ? 0 : usage === "" ? 2 : 1;
  ranked.sort((one, other) => rank(one) - rank(other));
  for (const { piece, usage, mark } of ranked) {
    const folder = piece.path.join("/");
    if (piece.found.is === "caPubs") {
      authorities.set(folder, piece);
      continue;
    }
    const own = found.get(`${folder}/${mark}`) || [];
    found.set(`${folder}/${mark}`, own);
    const set = own.find(({ parts }) => roleIn(parts, piece, usage) !== null);
    if (set === undefined) {
      own.push({ parts: new Map([[roleIn(new Map(), piece, usage) || "signPri", piece]]), isGuess: false });
    } else {
      set.parts.set(/** @type {Role} */ (roleIn(set.parts, piece, usage)), piece);
    }
  }
  const sets = [...found.values()].flat();
  for (const { parts } of sets) {
    const folder = [...parts.values()][0].path.join("/");
    const piece = authorities.get(folder);
    if (piece !== undefined) parts.set("caPubs", piece);
  }
  return sets;
}

/**
 * The free role that a file can take in a set; null if there is none.
 * @param {Map<Role, Piece>} parts
 * @param {Piece} piece
 * @param {string} usage what its name says
 * @returns {Role | null}
 */
function roleIn(parts, { found }, usage) {
  const isFree = (/** @type {Role} */ role) => !parts.has(role);
  if (found.is === "certificate") {
    const role = found.certificate.signs && usage !== "km" ? "signCert" : "kmCert";
    const other = parts.get(role === "signCert" ? "kmCert" : "signCert");
    return isFree(role) && (other === undefined || isSamePerson(other, found.certificate)) ? role : null;
  }
  if (usage !== "") return isFree(usage === "km" ? "kmPri" : "signPri") ? (usage === "km" ? "kmPri" : "signPri") : null;
  const needsKm = parts.has("kmCert") && (parts.has("signPri") || !parts.has("signCert"));
  const role = needsKm ? "kmPri" : "signPri";
  return isFree(role) ? role : null;
}

/** Whether a certificate is of the person whose other certificate is there. @param {Piece} piece @param {import("../pki/certificate.js").Certificate} certificate */
function isSamePerson({ found }, certificate) {
  // One program writes C=KR and another c=kr.
  const name = (/** @type {import("../pki/certificate.js").Certificate} */ { subject }) => written(subject).toLowerCase();
  return found.is === "certificate" && name(found.certificate) === name(certificate);
}

/** @param {CertSet} set */
const hasCertificate = ({ parts }) => parts.has("signCert") || parts.has("kmCert");

/** Join sets that complete each other, the earlier ones first. @param {CertSet[]} sets @returns {CertSet[]} */
function joined(sets) {
  for (const [at, set] of sets.entries()) {
    for (const [later, other] of sets.entries()) {
      const both = later > at ? merged(set, other) : null;
      if (both !== null) {
        const rest = sets.filter((each) => each !== set && each !== other);
        return joined([...rest.slice(0, at), both, ...rest.slice(at)]);
      }
    }
  }
  return sets;
}

/** Both as one, if each file finds a free role and something that was missing is there then. @param {CertSet} set @param {CertSet} added @returns {CertSet | null} */
function merged(set, added) {
  const parts = new Map(set.parts);
  let isWanted = false;
  for (const [role, piece] of added.parts) {
    if (role === "caPubs") {
      if (!parts.has(role)) parts.set(role, piece);
      continue;
    }
    // A key alone whose name says nothing can still be of either pair.
    const isOpen = piece.found.is === "certificate" || added.parts.size === 1;
    const own = isOpen ? roleIn(parts, piece, readName(piece.name).usage) : parts.has(role) ? null : role;
    if (own === null) return null;
    isWanted = isWanted || lacks(set.parts, own);
    parts.set(own, piece);
  }
  return isWanted ? { parts, isGuess: true } : null;
}

/** Whether a set lacks that role, since what belongs to it is there. @param {Map<Role, Piece>} parts @param {Role} role */
function lacks(parts, role) {
  /** @type {Partial<Record<Role, Role[][]>>} */
  const beside = {
    signCert: [["signPri"], ["kmCert"]],
    signPri: [["signCert"], ["kmCert"]],
    kmCert: [["kmPri"], ["signCert"]],
    kmPri: [["kmCert"], ["signCert", "signPri"]],
  };
  return (beside[role] || []).some((roles) => roles.every((each) => parts.has(each)));
}

/** The roles of a set that is not whole: what is there, and what is missing. @param {CertSet} set */
export function checklist({ parts }) {
  const hasKm = parts.has("kmCert") || parts.has("kmPri");
  const roles = hasKm ? PAIR_ROLES : PAIR_ROLES.slice(0, 2);
  return roles.map((role) => ({ role, file: (parts.get(role) || { name: "" }).name }));
}

/** The item of a whole set; a km file alone stays behind. @param {CertSet} set */
export function pairOf({ parts }) {
  const hasKm = parts.has("kmCert") && parts.has("kmPri");
  const sent = [...parts].filter(([role]) => hasKm || (role !== "kmCert" && role !== "kmPri"));
  return makeItem("npki", Object.fromEntries(sent.map(([role, piece]) => [role, contentOf(piece)])));
}

/** What the files of a set or of a PKCS#12 file are called. @param {CertSet | Piece} source */
export const nameOf = (source) =>
  "parts" in source ? [...source.parts.values()].map(({ name }) => name).join(", ") : source.name;
