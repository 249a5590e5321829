// The bytes that a password may have been when a key file was written: UTF-8, then CP949.
//
// A browser encodes UTF-8 only, so the CP949 table is made by decoding every pair of bytes
// once, when a password that is not ASCII is first tried.

const FIRST_LEAD = 0x81;
const LAST_LEAD = 0xfe;
const FIRST_TRAIL = 0x41;

/** @type {Map<string, number> | null} */
let table = null;

function cp949Table() {
  const found = new Map();
  const decoder = new TextDecoder("euc-kr");
  for (let lead = FIRST_LEAD; lead <= LAST_LEAD; lead += 1) {
    for (let trail = FIRST_TRAIL; trail <= LAST_LEAD; trail += 1) {
      const character = decoder.decode(Uint8Array.of(lead, trail));
      const isOne = [...character].length === 1 && character !== "\ufffd";
      if (isOne && !found.has(character)) found.set(character, lead * 256 + trail);
    }
  }
  return found;
}

/** @param {string} password @returns {Uint8Array | null} null if CP949 cannot write it */
function cp949(password) {
  table = table || cp949Table();
  /** @type {number[]} */
  const bytes = [];
  for (const character of password) {
    const code = character < "\u0080" ? character.charCodeAt(0) : table.get(character);
    if (code === undefined) return null;
    if (code > 255) bytes.push(code >> 8);
    bytes.push(code & 255);
  }
  return Uint8Array.from(bytes);
}

/** Likeliest first, for PKCS#5. @param {string} password @returns {Uint8Array[]} */
export function passwordBytes(password) {
  const utf8 = new TextEncoder().encode(password);
  if (utf8.every((byte) => byte < 0x80)) return [utf8];
  const korean = cp949(password);
  return korean === null ? [utf8] : [utf8, korean];
}

/**
 * Likeliest first, for PKCS#12's own derivation: UTF-16 with an end mark, as the standard says;
 * then, as some programs do, each byte of the UTF-8 or CP949 form widened; for the empty
 * password also nothing at all.
 * @param {string} password
 * @returns {Uint8Array[]}
 */
export function widePasswordBytes(password) {
  const wide = (/** @type {number[]} */ units) => Uint8Array.from([...units, 0].flatMap((unit) => [unit >> 8, unit & 255]));
  const own = wide(Array.from({ length: password.length }, (_, at) => password.charCodeAt(at)));
  if (password === "") return [own, new Uint8Array(0)];
  const isAscii = /^[\0-\x7f]*$/.test(password);
  return isAscii ? [own] : [own, ...passwordBytes(password).map((bytes) => wide(Array.from(bytes)))];
}
