// What the list of the program says of the certificates of this PC, as the screens need it.

/**
 * @typedef {object} Certificate one line of `list`; its texts are a stranger's
 * @property {number} number
 * @property {string} path
 * @property {string | null} fingerprint
 * @property {string} kind
 * @property {string | null} cn
 * @property {string | null} owner
 * @property {string | null} issuer
 * @property {string | null} authority
 * @property {string | null} serial
 * @property {string | null} use
 * @property {string | null} holder
 * @property {string | null} not_before
 * @property {string | null} not_after
 * @property {string} state
 * @property {number | null} days_left
 * @property {boolean | null} protected
 * @property {string | null} same_as
 * @property {{path?: string, certain?: boolean} | null} replaced_by
 * @property {string | null} error
 * @property {string} [file]
 * @property {string} [place]
 */
/** @typedef {"all" | "valid" | "expiring" | "expired" | "sealed"} Filter */
/** @typedef {{text: string, filter: Filter, place: string}} Wanted */

export const FILTERS = /** @type {Filter[]} */ (["all", "valid", "expiring", "expired", "sealed"]);

/** The last name of a path, of either kind of system. @param {string} path */
export const fileName = (path) => path.split(/[\\/]/).filter((each) => each !== "").pop() || path;

/** Why a certificate is folded away; null where it is not. @param {Certificate} each @returns {"broken" | "duplicate" | "replaced" | null} */
export function foldedAs(each) {
  if (each.error !== null || each.state === "broken") return "broken";
  if (each.same_as !== null) return "duplicate";
  return each.replaced_by !== null ? "replaced" : null;
}

/** What a certificate is found by. @param {Certificate} each @param {string} words its kind, in the language that is shown */
const findable = (each, words) =>
  [each.owner, each.cn, each.issuer, each.authority, each.serial, each.path, words].join("\n").toLowerCase();

/** The certificates of this PC, ready to be searched. */
export class Stock {
  /** @param {Certificate[]} all @param {(each: Certificate) => string} inWords */
  constructor(all, inWords) {
    this.all = all;
    this.plain = all.filter((each) => foldedAs(each) === null);
    this.folded = all.filter((each) => foldedAs(each) !== null);
    this._text = new Map(all.map((each) => [each, findable(each, inWords(each))]));
  }

  /** The places that certificates lie in, as far as the program names them. */
  get places() {
    return [...new Set(this.all.map(({ place = "" }) => place))].filter((place) => place !== "");
  }

  /** Those that expire or have expired, the most urgent first. */
  get late() {
    return this.plain.filter(({ state }) => state === "expiring").concat(this.plain.filter(({ state }) => state === "expired"));
  }

  /** @param {Certificate[]} among @param {Wanted} wanted */
  find(among, { text, filter, place }) {
    const words = text.toLowerCase().split(/\s+/).filter((each) => each !== "");
    return among.filter((each) => {
      if (filter !== "all" && each.state !== filter) return false;
      if (place !== "" && each.place !== place) return false;
      const own = this._text.get(each) || "";
      return words.every((word) => own.includes(word));
    });
  }

  /** Where a certificate's screen is. @param {Certificate} each */
  static address(each) {
    return `${(each.fingerprint || "none").slice(0, 16)}-${each.number}`;
  }

  /** The certificate of such an address, also where the list was counted anew since. @param {string} address */
  at(address) {
    const [mark, number] = address.split("-");
    const same = this.all.filter((each) => (each.fingerprint || "none").startsWith(mark));
    return same.find((each) => String(each.number) === number) || (mark === "none" ? undefined : same[0]);
  }

  /** Other copies of the same certificate on this PC. @param {Certificate} each */
  copies(each) {
    return this.all.filter((other) => other !== each && each.fingerprint !== null && other.fingerprint === each.fingerprint);
  }
}
