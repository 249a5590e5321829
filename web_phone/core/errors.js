// What can go wrong, by the same stable words as certrelay/errors.py.
//
// An error is a code and details that are safe to show.  The sentence stands in the texts
// under `error.<text>` and `hint.<text>`; codes that share a sentence are listed here.

/** @type {Record<string, string>} */
const SHARED_TEXTS = {};
const share = (/** @type {string} */ text, /** @type {string[]} */ ...codes) => {
  for (const code of codes) SHARED_TEXTS[code] = text;
};
share("protocol", "bad_hello", "bad_ack", "payload_size", "payload_length", "payload_padding");
share("protocol", "unknown_kind", "wrong_side", "out_of_turn", "chunk_gap", "chunk_size");
share("protocol", "end_early", "end_digest", "receipt_length", "bad_body", "bad_json");
share("protocol", "bad_manifest", "too_large");
share("tampered", "m2_open", "carrier_type", "bad_tag", "frame_length");
share("qr_damaged", "qr_length", "qr_digits", "qr_range", "qr_reserved", "qr_key");
share("qr_origin", "qr_scheme");
share("code_open", "low_order");

/** An error that the page raises on purpose. */
export class CertRelayError extends Error {
  /**
   * @param {string} code a stable word
   * @param {Record<string, string | number>} [details] values for the sentence's placeholders
   */
  constructor(code, details = {}) {
    super(code);
    this.name = "CertRelayError";
    this.code = code;
    this.details = details;
  }
}

/**
 * The key of a code's sentence: `error.` or `hint.` goes in front.
 * @param {string} code
 */
export function textKey(code) {
  return SHARED_TEXTS[code] || code;
}

/** Our own bug: a call in the wrong order. @param {string} what */
export function stateError(what) {
  return new CertRelayError("internal", { what });
}
