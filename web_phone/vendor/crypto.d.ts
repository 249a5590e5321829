// The types of what tools/entry.js takes from the noble libraries.
type Hash = { (message: Uint8Array): Uint8Array; outputLen: number; blockLen: number };
export const sha1: Hash;
export const sha224: Hash;
export const sha256: Hash;
export const sha384: Hash;
export const sha512: Hash;
export function hmac(hash: Hash, key: Uint8Array, message: Uint8Array): Uint8Array;
export function extract(hash: Hash, ikm: Uint8Array, salt?: Uint8Array): Uint8Array;
export function expand(hash: Hash, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array;
export function pbkdf2Async(
  hash: Hash,
  password: Uint8Array,
  salt: Uint8Array,
  options: { c: number; dkLen: number; asyncTick?: number },
): Promise<Uint8Array>;
export const x25519: {
  getPublicKey(secretKey: Uint8Array): Uint8Array;
  getSharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
};
interface Cipher {
  encrypt(plaintext: Uint8Array): Uint8Array;
  decrypt(ciphertext: Uint8Array): Uint8Array;
}
export function chacha20poly1305(key: Uint8Array, nonce: Uint8Array, aad?: Uint8Array): Cipher;
export function aesCbc(key: Uint8Array, iv: Uint8Array, options?: { disablePadding?: boolean }): Cipher;
