// What a certificate is for: told by the identifiers of its policies.
//
// The table is that of certrelay/pki/kinds.py, with its sources there; a test holds the two
// together.  Of a certificate's policies the one counts that a line knows most exactly.

/**
 * @typedef {object} Kind
 * @property {string} use the end of a key `use.…`
 * @property {string} holder the end of a key `holder.…`, or empty
 * @property {boolean} isDisputed whether the sources disagree, so that the identifier is shown too
 * @property {string} oid the policy, empty if there is none
 */

const PREFIX = "1.2.410.";
/** Identifier after the prefix, holder, use, whether it is disputed. @type {[string, string, string, boolean?][]} */
const ROWS = [
  ["200005.1.1", "", "unknown"],
  ["200005.1.1.1", "personal", "general"],
  ["200005.1.1.2", "corporate", "bank"],
  ["200005.1.1.3", "corporate", "server"],
  ["200005.1.1.4", "personal", "bank_card_insurance"],
  ["200005.1.1.5", "corporate", "general"],
  ["200005.1.1.6", "", "limited"],
  ["200005.1.1.6.1", "corporate", "bank"],
  ["200005.1.1.6.2", "", "card"],
  ["200005.1.1.6.8", "", "etax"],
  ["200004.5.1.1", "", "unknown"],
  ["200004.5.1.1.1", "personal", "special"],
  ["200004.5.1.1.2", "personal", "server"],
  ["200004.5.1.1.3", "corporate", "special"],
  ["200004.5.1.1.4", "", "server"],
  ["200004.5.1.1.5", "personal", "general"],
  ["200004.5.1.1.6", "personal", "server"],
  ["200004.5.1.1.7", "corporate", "general"],
  ["200004.5.1.1.8", "", "server"],
  ["200004.5.1.1.9", "", "securities_insurance"],
  ["200004.5.1.1.9.1", "personal", "bank_insurance"],
  ["200004.5.1.1.9.2", "", "card"],
  ["200004.5.1.1.10", "", "limited", true],
  ["200004.5.1.1.11", "", "limited", true],
  ["200004.5.1.1.12", "", "limited", true],
  ["200004.5.1.1.13", "", "km"],
  ["200004.5.2.1", "", "unknown"],
  ["200004.5.2.1.1", "corporate", "general"],
  ["200004.5.2.1.2", "personal", "general"],
  ["200004.5.2.1.3", "", "special"],
  ["200004.5.2.1.4", "", "server"],
  ["200004.5.2.1.5", "corporate", "special"],
  ["200004.5.2.1.5.141", "personal", "limited"],
  ["200004.5.2.1.6", "corporate", "limited"],
  ["200004.5.2.1.6.257", "", "etax"],
  ["200004.5.2.1.7.1", "", "bank_insurance"],
  ["200004.5.2.1.7.2", "", "securities_insurance"],
  ["200004.5.2.1.7.3", "", "card"],
  ["200004.5.3.1", "", "unknown"],
  ["200004.5.3.1.1", "", "institution"],
  ["200004.5.3.1.2", "corporate", "general"],
  ["200004.5.3.1.3", "", "server"],
  ["200004.5.3.1.5", "institution", "special"],
  ["200004.5.3.1.6", "corporate", "special"],
  ["200004.5.3.1.7", "", "server"],
  ["200004.5.3.1.8", "personal", "special"],
  ["200004.5.3.1.9", "personal", "general"],
  ["200004.5.4.1", "", "unknown"],
  ["200004.5.4.1.1", "personal", "general"],
  ["200004.5.4.1.2", "corporate", "general"],
  ["200004.5.4.1.3", "", "server"],
  ["200004.5.4.1.4", "personal", "special"],
  ["200004.5.4.1.5", "corporate", "special"],
  ["200004.5.4.1.101", "", "bank"],
  ["200004.5.4.1.102", "", "securities"],
  ["200004.5.4.1.103", "", "card", true],
  ["200004.5.4.1.104", "", "civil_petition", true],
  ["200004.5.5.1", "", "unknown"],
  ["200004.5.5.1.1", "", "general", true],
  ["200004.5.5.1.2", "", "general", true],
  ["200004.5.5.1.3.1", "personal", "limited"],
  ["200004.5.5.1.4.1", "corporate", "limited"],
  ["200004.5.5.1.4.2", "corporate", "etax"],
  ["200012.1.1", "", "unknown"],
  ["200012.1.1.1", "personal", "general"],
  ["200012.1.1.2", "", "km"],
  ["200012.1.1.3", "corporate", "general"],
  ["200012.1.1.4", "", "km"],
  ["200012.1.1.5", "", "server"],
  ["200012.1.1.6", "", "km"],
  ["200012.1.1.7", "personal", "trade"],
  ["200012.1.1.8", "", "km"],
  ["200012.1.1.9", "corporate", "trade"],
  ["200012.1.1.10", "", "km"],
  ["200012.1.1.11", "", "server"],
  ["200012.1.1.12", "", "km"],
  ["200012.1.1.101", "", "bank_insurance"],
  ["200012.1.1.103", "", "securities_insurance"],
  ["200012.1.1.105", "", "card"],
  ["100001.2", "", "unknown"],
  ["100001.2.1.1", "institution", "official_seal"],
  ["100001.2.1.2", "institution", "computer"],
  ["100001.2.1.3", "institution", "special"],
  ["100001.2.1.4", "institution", "official_seal"],
  ["100001.2.1.5", "institution", "computer"],
  ["100001.2.1.6", "institution", "special"],
  ["100001.2.2.1", "", "civil_servant"],
  ["100001.2.2.2", "personal", "public_body"],
  ["100001.5.3.1.3", "personal", "education"],
  ["300001.2.2.2", "personal", "defence"],
];
const KNOWN = new Map(ROWS.map((row) => [PREFIX + row[0], row]));

/** @param {string} oid @returns {{arcs: number, kind: Kind}} how many numbers of it a line knows */
function lookUp(oid) {
  for (let prefix = oid; prefix !== ""; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf(".")))) {
    const row = KNOWN.get(prefix);
    if (row !== undefined) {
      const [, holder, use, isDisputed] = row;
      return { arcs: prefix.split(".").length, kind: { use, holder, isDisputed: isDisputed === true, oid } };
    }
  }
  return { arcs: 0, kind: { use: "unknown", holder: "", isDisputed: false, oid } };
}

/** What a certificate is for; one whose key may not sign is a km certificate. @param {import("./certificate.js").Certificate} certificate @returns {Kind} */
export function kindOf({ policies, signs }) {
  const found = policies.map(lookUp);
  const rank = (/** @type {{arcs: number, kind: Kind}} */ { arcs, kind }) => (kind.use === "unknown" ? 0 : 1000) + arcs;
  const best = found.reduce((one, other) => (rank(other) > rank(one) ? other : one), found[0] || lookUp(""));
  return signs ? best.kind : { ...best.kind, use: "km" };
}
