"""HPKE in PSK mode, made strict.

DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.  The library falls back to base
mode when the PSK is empty, and takes a short one or an empty id: here each is refused.
A context opens at most one message, and a failed open is its end.

Source: RFC 9180; docs/protocol.md §5.
"""

from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

if TYPE_CHECKING:
    from pyhpke import CipherSuite
    from pyhpke.context_interface import ContextInterface

ENC_BYTES = 32
"""Bytes of an encapsulated key."""

_MIN_PSK_BYTES = 32


class HpkeError(ValueError):
    """A key that is no key, a message that does not open, or a misuse of the mode."""


@cache
def suite() -> "CipherSuite":
    """Load the library, once: it takes 14 ms, which a QR code need not wait for."""
    from pyhpke import AEADId, CipherSuite, KDFId, KEMId

    return CipherSuite.new(
        KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.CHACHA20_POLY1305
    )


class Context:
    """One HPKE context: seals or opens one message, and exports keys."""

    def __init__(self, context: "ContextInterface") -> None:
        self._context: ContextInterface | None = context
        self._used = False

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """Encrypt the one message."""
        return self._once().seal(plaintext, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Decrypt the one message.

        Raises:
            HpkeError: If it does not open; the context is gone then.
        """
        from pyhpke import OpenError

        context = self._once()
        try:
            return context.open(sealed, aad)
        except (OpenError, ValueError):
            self._context = None
            raise HpkeError("does not open") from None

    def export(self, label: bytes, size: int) -> bytes:
        """Derive ``size`` bytes under ``label``."""
        if self._context is None:
            raise HpkeError("the context is gone")
        return self._context.export(label, size)

    def _once(self) -> "ContextInterface":
        if self._context is None or self._used:
            raise HpkeError("a context carries one message")
        self._used = True
        return self._context

    def __repr__(self) -> str:
        return "Context(…)"


def public_key(secret_key: bytes) -> bytes:
    """The X25519 public key, 32 bytes, of a secret key of 32 bytes."""
    return X25519PrivateKey.from_private_bytes(secret_key).public_key().public_bytes_raw()


def setup_sender(
    recipient: bytes, info: bytes, psk: bytes, psk_id: bytes, ephemeral: bytes
) -> tuple[bytes, Context]:
    """SetupPSKS.

    Args:
        recipient: The recipient's X25519 public key, 32 bytes.
        info: What the context is bound to.
        psk: At least 32 bytes.
        psk_id: At least one byte.
        ephemeral: A fresh X25519 secret key, 32 bytes, never used again.

    Returns:
        The encapsulated key, 32 bytes, and the context.

    Raises:
        HpkeError: If the PSK or its id is missing or short, or the key is of low order.
    """
    from pyhpke import KEMKey, KEMKeyPair, PyHPKEError

    _check_psk(psk, psk_id)
    secret = X25519PrivateKey.from_private_bytes(ephemeral)
    pair = KEMKeyPair(
        KEMKey.from_pyca_cryptography_key(secret),
        KEMKey.from_pyca_cryptography_key(secret.public_key()),
    )
    try:
        key = KEMKey.from_pyca_cryptography_key(X25519PublicKey.from_public_bytes(recipient))
        enc, context = suite().create_sender_context(key, info, psk=psk, psk_id=psk_id, eks=pair)
    except (PyHPKEError, ValueError):
        raise HpkeError("not a usable public key") from None
    return enc, Context(context)


def setup_recipient(
    enc: bytes, secret_key: bytes, info: bytes, psk: bytes, psk_id: bytes
) -> Context:
    """SetupPSKR.

    Args:
        enc: The encapsulated key, 32 bytes.
        secret_key: The recipient's X25519 secret key, 32 bytes.
        info, psk, psk_id: As the sender has them.

    Raises:
        HpkeError: If the PSK or its id is missing or short, or ``enc`` is no usable key.
    """
    from pyhpke import KEMKey, PyHPKEError

    _check_psk(psk, psk_id)
    key = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(secret_key))
    try:
        return Context(suite().create_recipient_context(enc, key, info, psk=psk, psk_id=psk_id))
    except (PyHPKEError, ValueError):
        raise HpkeError("not a usable key") from None


def _check_psk(psk: bytes, psk_id: bytes) -> None:
    if len(psk) < _MIN_PSK_BYTES:
        raise HpkeError("a psk has at least 32 bytes")
    if not psk_id:
        raise HpkeError("a psk has an id")
