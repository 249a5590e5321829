import assert from "node:assert/strict";
import { test } from "node:test";
import { SEED } from "../../../web_phone/pki/ciphers.js";
import { encryptBlock } from "../../../web_phone/pki/seed.js";

const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const hex = (found) => Buffer.from(found).toString("hex");

// RFC 4269, appendix B: key, plaintext, ciphertext.
const VECTORS = [
  ["00000000000000000000000000000000", "000102030405060708090a0b0c0d0e0f", "5ebac6e0054e166819aff1cc6d346cdb"],
  ["000102030405060708090a0b0c0d0e0f", "00000000000000000000000000000000", "c11f22f20140505084483597e4370f43"],
  ["4706480851e61be85d74bfb3fd956185", "83a2f8a288641fb9a4e9a5cc2f131c7d", "ee54d13ebcae706d226bc3142cd40d4a"],
  ["28dbc3bc49ffd87dcfa509b11d422be7", "b41e6be2eba84a148e2eed84593c5ec7", "9b9b7bfcd1813cb95d0b3618f40f5122"],
];

for (const [key, plain, sealed] of VECTORS) {
  test(`SEED under ${key}`, () => {
    assert.equal(hex(encryptBlock(bytes(key), bytes(plain))), sealed);
    assert.equal(hex(SEED.decryptCbc(bytes(key), new Uint8Array(16), bytes(sealed))), plain);
  });
}

test("CBC joins each block with the one before", () => {
  const [key, plain, sealed] = VECTORS[2];
  const twice = SEED.decryptCbc(bytes(key), new Uint8Array(16), bytes(sealed + sealed));
  const second = bytes(plain).map((byte, at) => byte ^ bytes(sealed)[at]);
  assert.equal(hex(twice), plain + hex(second));
});
