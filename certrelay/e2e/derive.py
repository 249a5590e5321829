"""What is derived from the seed, and the hash over transcripts.

Source: docs/protocol.md §3 and §5.
"""

import hashlib
import hmac

from certrelay.wire.ids import LABEL, JoinSecret


def hkdf_extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract with SHA-256 (RFC 5869 §2.2): a pseudorandom key of 32 bytes."""
    return hmac.digest(salt, ikm, "sha256")


def hkdf_expand(prk: bytes, info: bytes, size: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869 §2.3), for up to 32 bytes."""
    if size > hashlib.sha256().digest_size:
        raise ValueError("one block is enough for all that is derived here")
    return hmac.digest(prk, info + b"\x01", "sha256")[:size]


def _prk(seed: bytes) -> bytes:
    return hkdf_extract(LABEL + b"qr", seed)


def join_secret(seed: bytes) -> JoinSecret:
    """The secret that S shows to the relay."""
    return JoinSecret(hkdf_expand(_prk(seed), LABEL + b"join", 16))


def psk(seed: bytes) -> bytes:
    """The pre-shared key, 32 bytes; it never leaves a device."""
    return hkdf_expand(_prk(seed), LABEL + b"psk", 32)


def hash_items(*items: bytes) -> bytes:
    """``H(a, b, …)``: SHA-256 over the items, each with its length as u32 in front."""
    return hashlib.sha256(b"".join(len(item).to_bytes(4, "big") + item for item in items)).digest()


def commitment(ns: bytes) -> bytes:
    """S's promise of its random value, 32 bytes."""
    return hashlib.sha256(LABEL + b"commit" + ns).digest()
