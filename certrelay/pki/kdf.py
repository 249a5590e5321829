"""Keys from passwords: the derivations of PKCS#5 and PKCS#12, and the bytes of a password.

A file says how much work its key is.  So the work is reckoned before it is done, and refused
above a limit; and what takes longer than a moment is done where it can be ended (`elsewhere`).

Source: RFC 8018 §5, RFC 7292 appendix B, RFC 7914 §6.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Final, Literal

from certrelay.errors import CertificateError
from certrelay.frozen import frozen
from certrelay.limits import (
    MAX_KDF_ITERATIONS,
    MAX_KDF_WORK,
    MAX_SCRYPT_BYTES,
    MAX_SCRYPT_PASSES,
    QUICK_KDF_WORK,
)


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


def blocks(digest: str, size: int) -> int:
    """How many results of a hash make that many bytes: each takes all rounds."""
    return -(-size // hashlib.new(digest, usedforsecurity=False).digest_size)


@frozen(repr=False)
class Derivation:
    """One derivation with all that it needs, which can be computed in another process.

    Nothing here is checked; `pbkdf1_sha1` to `pkcs12` do.
    """

    function: Literal["pbkdf1", "pbkdf2", "scrypt", "pkcs12"]
    password: bytes
    salt: bytes
    costs: tuple[int, ...]
    """The rounds; N, r and p of scrypt."""
    size: int
    """Bytes wanted."""
    digest: str = "sha1"
    purpose: int = 0
    """Of PKCS#12's: see `pkcs12`."""

    def __repr__(self) -> str:
        return f"Derivation({self.function})"

    @property
    def work(self) -> int:
        """How much there is to do, in rounds of about a microsecond on a PC of these years."""
        if self.function == "scrypt":
            n, r, p = self.costs
            return n * r * p
        return self.costs[0] * blocks(self.digest, self.size)

    def compute(self) -> bytes:
        """Compute it here and now, however long that takes."""
        match self.function:
            case "pbkdf1":
                return _pbkdf1(self)
            case "pbkdf2":
                rounds = self.costs[0]
                return hashlib.pbkdf2_hmac(self.digest, self.password, self.salt, rounds, self.size)
            case "scrypt":
                return _scrypt(self)
            case "pkcs12":
                return _pkcs12(self)


elsewhere: Final[ContextVar[Callable[[Derivation], bytes]]] = ContextVar(
    "elsewhere", default=Derivation.compute
)
"""Computes what takes longer than a moment.  A program that must hear its person meanwhile sets
it: see `certrelay.client.terminal.derivation`."""


def _derived(derivation: Derivation) -> bytes:
    """Compute it where it belongs, unless it is too much.

    Raises:
        CertificateError: ``too_many_iterations``.
    """
    if derivation.work > MAX_KDF_WORK:
        raise CertificateError("too_many_iterations", limit=MAX_KDF_WORK)
    if derivation.work <= QUICK_KDF_WORK:
        return derivation.compute()
    return elsewhere.get()(derivation)


def pbkdf1_sha1(password: bytes, salt: bytes, iterations: int) -> bytes:
    """PBKDF1 with SHA-1: 20 bytes."""
    return _derived(Derivation("pbkdf1", password, salt, (check_iterations(iterations),), 20))


def pbkdf2(prf: str, password: bytes, salt: bytes, iterations: int, size: int) -> bytes:
    """PBKDF2 with HMAC over the hash ``prf``."""
    rounds = (check_iterations(iterations),)
    return _derived(Derivation("pbkdf2", password, salt, rounds, size, prf))


def scrypt_bytes(costs: tuple[int, int, int]) -> int:
    """The memory that scrypt takes with the costs N, r and p: its tables, and p blocks beside."""
    n, r, p = costs
    return 128 * r * (n + p + 2)


def scrypt(password: bytes, salt: bytes, costs: tuple[int, int, int], size: int) -> bytes:
    """Scrypt with the costs N, r and p, as long as they are bearable.

    Raises:
        CertificateError: ``too_many_iterations`` over the limits; ``bad_key_file`` for
            numbers that the standard forbids.
    """
    n, r, p = costs
    if n < 2 or n & (n - 1) or r < 1 or p < 1 or (r < 8 and n >= 1 << 16 * r):
        raise CertificateError("bad_key_file")
    if scrypt_bytes(costs) > MAX_SCRYPT_BYTES or p > MAX_SCRYPT_PASSES:
        raise CertificateError("too_many_iterations", limit=MAX_SCRYPT_BYTES)
    return _derived(Derivation("scrypt", password, salt, costs, size))


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
    costs = (check_iterations(rounds),)
    return _derived(Derivation("pkcs12", password, salt, costs, size, digest, purpose))


def _pbkdf1(it: Derivation) -> bytes:
    digest = it.password + it.salt
    for _ in range(it.costs[0]):
        digest = hashlib.sha1(digest, usedforsecurity=False).digest()
    return digest


def _scrypt(it: Derivation) -> bytes:
    n, r, p = it.costs
    most = scrypt_bytes((n, r, p)) + 1024
    return hashlib.scrypt(it.password, salt=it.salt, n=n, r=r, p=p, maxmem=most, dklen=it.size)


def _pkcs12(it: Derivation) -> bytes:
    # The constructor itself, not hashlib.new: the loop below is all that this costs.
    hashed = getattr(hashlib, it.digest)
    hash_size = hashed(usedforsecurity=False).digest_size
    block = 64 if hash_size <= 32 else 128
    inner = _filled(it.salt, block) + _filled(it.password, block)
    derived = b""
    while True:
        digested = bytes([it.purpose]) * block + inner
        for _ in range(it.costs[0]):
            digested = hashed(digested, usedforsecurity=False).digest()
        derived += digested
        if len(derived) >= it.size:
            return derived[: it.size]
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
