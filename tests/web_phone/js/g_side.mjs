// G's half of the handshake, for tests only: the page never shows a QR code.
//
// Source: docs/protocol.md §5.

import { chacha20poly1305, sha256 } from "../../../web_phone/vendor/crypto.js";
import { concat, equal } from "../../../web_phone/core/bytes.js";
import * as derive from "../../../web_phone/core/derive.js";
import { CertRelayError } from "../../../web_phone/core/errors.js";
import { sessionKeys } from "../../../web_phone/core/handshake.js";
import { readHello } from "../../../web_phone/core/hello.js";
import { ENC_BYTES, setupRecipient } from "../../../web_phone/core/hpke.js";

const NONCE = new Uint8Array(12);
const TRIES = 3;

/** G from the QR code on its screen to the session's keys. */
export class Showing {
  constructor({ qr, skg, ng, hello, readsHello = true }) {
    Object.assign(this, { qr, skg, ng, hello, readsHello });
    this.room = derive.roomOf(derive.joinSecret(qr.seed));
    this.failures = 0;
    this.keys = null;
  }

  /** @returns {Uint8Array | null} m2, or null where m1 is dropped */
  accept(m1) {
    if (this.m1 !== undefined) return equal(m1, this.m1) ? this.m2 : null;
    const opened = this.open(m1);
    if (opened === null) {
      this.failures += 1;
      throw new CertRelayError(this.failures < TRIES ? "m1_open" : "m1_tries");
    }
    this.m1 = m1;
    this.commitment = opened.slice(0, 32);
    if (this.readsHello) this.peerHello = readHello(opened.slice(32), true);
    const key = this.context.export(concat(derive.labelled("m2"), derive.hashItems(m1)), 32);
    const cipher = chacha20poly1305(key, NONCE, derive.labelled("m2"));
    this.m2 = cipher.encrypt(concat(this.ng, this.hello));
    return this.m2;
  }

  open(m1) {
    try {
      const psk = derive.preSharedKey(this.qr.seed);
      const enc = m1.slice(0, ENC_BYTES);
      this.context = setupRecipient(enc, this.skg, this.qr.info, psk, this.room);
      const opened = this.context.open(m1.slice(ENC_BYTES), derive.labelled("m1"));
      return opened.length >= 32 ? opened : null;
    } catch {
      return null;
    }
  }

  /** Take m3: false where it is dropped. */
  finish(m3) {
    if (this.m1 === undefined) throw new CertRelayError("m3_open");
    if (this.m3 !== undefined) return equal(m3, this.m3);
    const transcript = derive.hashItems(this.m1, this.m2);
    const key = this.context.export(concat(derive.labelled("m3"), transcript), 32);
    let ns;
    try {
      ns = chacha20poly1305(key, NONCE, derive.labelled("m3")).decrypt(m3);
    } catch {
      throw new CertRelayError("m3_open");
    }
    const isKept = equal(sha256(concat(derive.labelled("commit"), ns)), this.commitment);
    if (!isKept || ns.length !== 32) throw new CertRelayError("commitment");
    this.m3 = m3;
    this.keys = sessionKeys(this.context, this.m1, this.m2, m3);
    return true;
  }
}
