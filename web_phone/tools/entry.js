// The whole cryptography that the page takes from others.  Bundled into vendor/crypto.js.
export { x25519 } from "@noble/curves/ed25519.js";
export { chacha20poly1305 } from "@noble/ciphers/chacha.js";
export { cbc as aesCbc } from "@noble/ciphers/aes.js";
export { sha1 } from "@noble/hashes/legacy.js";
export { sha224, sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
export { hmac } from "@noble/hashes/hmac.js";
export { expand, extract } from "@noble/hashes/hkdf.js";
export { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
