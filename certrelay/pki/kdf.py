"""Keys from passwords: the derivations of PKCS#5 and PKCS#12, and the bytes of a password.

Source: RFC 8018 §5, RFC 7292 appendix B, RFC 7914.
"""

import hashlib
from collections.abc import Iterator

from certrelay.errors import CertificateError
from certrelay.limits import MAX_KDF_ITERATIONS, MAX_SCRYPT_BYTES, MAX_SCRYPT_PASSES


def password_bytes(password: str) -> Iterator[bytes]:
    """Give the bytes that a password may have been when the file was written.

    UTF-8 first, then CP949, which older Korean programs used.
    """
    encoded = password.encode("utf-8", "surrogatepass")
    yield encoded
    try:
        if (korean := password.encode("cp949")) != encoded:
            yield korean
    except UnicodeEncodeError:
        return


def wide_password_bytes(password: str) -> Iterator[bytes]:
    """Give the bytes of a password for PKCS#12's own derivation.

    UTF-16 with an end mark, as the standard says; then, as some programs do, each byte of
    the UTF-8 or CP949 form widened; for the empty password also nothing at all.
    """
    yield password.encode("utf-16-be", "surrogatepass") + b"\0\0"
    if not password.isascii():
        for narrow in password_bytes(password):
            yield b"".join(bytes((0, byte)) for byte in narrow) + b"\0\0"
    if not password:
        yield b""


def check_iterations(iterations: int) -> int:
    """Give the number back if it can be computed.

    Raises:
        CertificateError: ``too_many_iterations``; ``bad_key_file`` below one.
    """
    if iterations > MAX_KDF_ITERATIONS:
        raise CertificateError("too_many_iterations", limit=MAX_KDF_ITERATIONS)
    if iterations < 1:
        raise CertificateError("bad_key_file")
    return iterations


def pbkdf1_sha1(password: bytes, salt: bytes, iterations: int) -> bytes:
    """PBKDF1 with SHA-1: 20 bytes."""
    digest = password + salt
    for _ in range(check_iterations(iterations)):
        digest = hashlib.sha1(digest, usedforsecurity=False).digest()
    return digest


def pbkdf2(prf: str, password: bytes, salt: bytes, iterations: int, size: int) -> bytes:
    """PBKDF2 with HMAC over the hash ``prf``."""
    return hashlib.pbkdf2_hmac(prf, password, salt, check_iterations(iterations), size)


def scrypt(password: bytes, salt: bytes, costs: tuple[int, int, int], size: int) -> bytes:
    """Scrypt with the costs N, r and p, as long as they are bearable.

    Raises:
        CertificateError: ``too_many_iterations`` over the limits; ``bad_key_file`` for
            numbers that the standard forbids.
    """
    n, r, p = costs
    if n < 2 or n & (n - 1) or r < 1 or p < 1:
        raise CertificateError("bad_key_file")
    if 128 * n * r > MAX_SCRYPT_BYTES or p > MAX_SCRYPT_PASSES:
        raise CertificateError("too_many_iterations", limit=MAX_SCRYPT_BYTES)
    room = 128 * r * (n + p + 2) + 1024
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=room, dklen=size)


def pkcs12(
    password: bytes, salt: bytes, rounds: int, *, purpose: int, size: int, digest: str = "sha1"
) -> bytes:
    """PKCS#12's derivation.

    Args:
        password: As `wide_password_bytes` gives it.
        salt: Of the file.
        rounds: Iterations.
        purpose: 1 for a key, 2 for an IV, 3 for a MAC key.
        size: Bytes wanted.
        digest: The hash's name.
    """
    check_iterations(rounds)
    # The constructor itself, not hashlib.new: the loop below is all that this costs.
    hashed = getattr(hashlib, digest)
    hash_size = hashed(usedforsecurity=False).digest_size
    block = 64 if hash_size <= 32 else 128
    inner = _filled(salt, block) + _filled(password, block)
    derived = b""
    while True:
        digested = bytes([purpose]) * block + inner
        for _ in range(rounds):
            digested = hashed(digested, usedforsecurity=False).digest()
        derived += digested
        if len(derived) >= size:
            return derived[:size]
        addend = int.from_bytes(_filled(digested, block)[:block]) + 1
        inner = b"".join(
            ((int.from_bytes(inner[at : at + block]) + addend) % (1 << 8 * block)).to_bytes(block)
            for at in range(0, len(inner), block)
        )


def _filled(content: bytes, block: int) -> bytes:
    """Repeat ``content`` until it fills whole blocks; nothing stays nothing."""
    if not content:
        return b""
    size = -(-len(content) // block) * block
    return (content * (size // len(content) + 1))[:size]
