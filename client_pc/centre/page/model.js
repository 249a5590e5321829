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
  /** @param {Certificate[]} all @param {(each: Certificate) => string} inWords @param {string[]} [places] */
  constructor(all, inWords, places = []) {
    this.all = all;
    /** The stores that were looked into, also those without a certificate. */
    this.places = places;
    const placeOf = new Map(all.map(({ path, place }) => [path, place]));
    /** Copies of what lies in another place: on that place's own shelf they are no double. */
    this.elsewhere = all.filter((each) => foldedAs(each) === "duplicate" && placeOf.get(each.same_as || "") !== each.place);
    this.plain = all.filter((each) => foldedAs(each) === null);
    this.folded = all.filter((each) => foldedAs(each) !== null);
    this._text = new Map(all.map((each) => [each, findable(each, inWords(each))]));
  }

  /** The places that certificates lie in, with how many. @returns {[string, number][]} */
  get shelves() {
    /** @type {Map<string, number>} */
    const found = new Map();
    for (const { place = "" } of this.all) if (place !== "") found.set(place, (found.get(place) || 0) + 1);
    return [...found];
  }

  /** What stands on the shelf that is wanted, and what is folded away there. @param {Wanted} wanted @returns {[Certificate[], Certificate[]]} */
  shown(wanted) {
    const own = wanted.place === "" ? [] : this.elsewhere;
    const folded = own.length === 0 ? this.folded : this.folded.filter((each) => !own.includes(each));
    return [this.find([...this.plain, ...own], wanted), this.find(folded, wanted)];
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
