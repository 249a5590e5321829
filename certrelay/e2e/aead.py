"""ChaCha20-Poly1305, which every key of a session is for.

The library is loaded with the first key: 3 ms that nobody needs before the QR code is shown.

Source: RFC 8439.
"""


class BadTag(Exception):
    """The message was not sealed by this key, nonce and associated data."""


def seal(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Encrypt; the 16 bytes of the tag come last.  No nonce is ever given twice for one key."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, associated)


def unseal(key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Decrypt.

    Raises:
        BadTag: If anything was changed.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, associated)
    except InvalidTag:
        raise BadTag from None
