// The whole cryptography that the page takes from others.  Bundled into vendor/crypto.js.
//
// AES and X25519 compute tables when they are loaded, which on a slow phone takes longer than all
// the rest of the page: so each is loaded when it is first used, after the first screen
// (bundle.mjs knows "later:").
export const aesCbc = (key, iv, options) => require("later:cbc@@noble/ciphers/aes.js").cbc(key, iv, options);
const curve = () => require("later:x25519@@noble/curves/ed25519.js").x25519;
export const x25519 = {
  getPublicKey: (secretKey) => curve().getPublicKey(secretKey),
  getSharedSecret: (secretKey, publicKey) => curve().getSharedSecret(secretKey, publicKey),
};
export { chacha20poly1305 } from "@noble/ciphers/chacha.js";
export { sha1 } from "@noble/hashes/legacy.js";
export { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
export { hmac } from "@noble/hashes/hmac.js";
export { expand, extract } from "@noble/hashes/hkdf.js";
export { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
