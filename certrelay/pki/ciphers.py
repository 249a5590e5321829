"""Block ciphers in CBC mode with PKCS#7 padding, by object identifier.

Source: RFC 4269 (SEED), RFC 5794 (ARIA), RFC 8018 appendix B.2.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from certrelay.errors import CertificateError
from certrelay.frozen import frozen
from certrelay.pki import oids

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm


@frozen
class BlockCipher:
    """One cipher with one length of key, in bytes."""

    name: str
    key_bytes: int
    block_bytes: int

    def decrypt(self, key: bytes, iv: bytes, sealed: bytes) -> bytes | None:
        """Decrypt and take the padding off; ``None`` if the padding is not right.

        Right padding proves little: 1 wrong key in 256 gives it.
        """
        size = self.block_bytes
        if not sealed or len(sealed) % size or len(iv) != size or len(key) != self.key_bytes:
            return None
        padded = _run(self.name, key, iv, sealed, encrypt=False)
        count = padded[-1]
        if not 1 <= count <= size or padded[-count:] != bytes([count]) * count:
            return None
        return padded[:-count]

    def encrypt(self, key: bytes, iv: bytes, plain: bytes) -> bytes:
        """Add the padding and encrypt."""
        count = self.block_bytes - len(plain) % self.block_bytes
        return _run(self.name, key, iv, plain + bytes([count]) * count, encrypt=True)


CIPHERS: Final = {
    oids.SEED_CBC: BlockCipher("SEED", 16, 16),
    "2.16.840.1.101.3.4.1.2": BlockCipher("AES", 16, 16),
    "2.16.840.1.101.3.4.1.22": BlockCipher("AES", 24, 16),
    oids.AES256_CBC: BlockCipher("AES", 32, 16),
    "1.2.840.113549.3.7": BlockCipher("TripleDES", 24, 8),
    oids.ARIA128_CBC: BlockCipher("ARIA", 16, 16),
    "1.2.410.200046.1.1.7": BlockCipher("ARIA", 24, 16),
    oids.ARIA256_CBC: BlockCipher("ARIA", 32, 16),
}
"""The ciphers of PBES2 in CBC mode whose parameter is the IV."""


def _run(name: str, key: bytes, iv: bytes, content: bytes, *, encrypt: bool) -> bytes:
    if name == "ARIA":
        from certrelay.pki import aria

        return (aria.encrypt_cbc if encrypt else aria.decrypt_cbc)(key, iv, content)
    if name == "RC2":
        from certrelay.pki import rc2

        if encrypt:
            raise CertificateError("unsupported_algorithm", oid=name)
        return rc2.decrypt_cbc(key, iv, content)
    # Imported here: a copy to this PC needs no cipher at all until a password is asked for.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    if name == "TripleDES" and len(key) == 16:
        key += key[:8]
    try:
        cipher = Cipher(_algorithm(name)(key), modes.CBC(iv))
        context = cipher.encryptor() if encrypt else cipher.decryptor()
        return context.update(content) + context.finalize()
    except UnsupportedAlgorithm:  # a library built without the old ciphers
        raise CertificateError("unsupported_algorithm", oid=name) from None


def _algorithm(name: str) -> "Callable[[bytes], BlockCipherAlgorithm]":
    if name == "AES":
        from cryptography.hazmat.primitives.ciphers.algorithms import AES

        return AES
    from cryptography.hazmat.decrepit.ciphers import algorithms

    # The library may drop old ciphers one day; that is no fault of the file.
    algorithm: Callable[[bytes], BlockCipherAlgorithm] | None = getattr(algorithms, name, None)
    if algorithm is None:
        raise CertificateError("unsupported_algorithm", oid=name)
    return algorithm
