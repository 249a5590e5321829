"""Private keys under a password: EncryptedPrivateKeyInfo in every form that is in use.

A `Scheme` is how one file was encrypted, read from it and written again unchanged, so that
a new password can keep the form that the owner's programs understand.

Source: RFC 5208, RFC 8018, RFC 4269 and RFC 4010 for SEED, RFC 7292 for PKCS#12's forms;
docs/protocol.md has nothing to say here: these bytes travel as they are.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Final, Literal

from certrelay.errors import CertificateError
from certrelay.frozen import frozen, replace
from certrelay.pki import der, kdf, oids
from certrelay.pki.ciphers import CIPHERS, BlockCipher
from certrelay.pki.der import DerError, Element
from certrelay.pki.encodings import KEY_LABELS, unwrap

Kdf = Literal["pbkdf1", "pbkdf2", "scrypt", "pkcs12"]

Random = Callable[[int], bytes]
"""Gives that many fresh random bytes."""

SALT_BYTES: Final = 8
IV_BYTES: Final = 16
MIN_ITERATIONS: Final = 2048
"""What Korean programs write today; old files have 100 and 1024, and a new password has more."""

_FIXED_IV: Final = b"0123456789012345"
"""What `oids.SEED_CBC` as the outer algorithm uses; two public libraries leave one digit out."""

_PKCS12_TRIPLE_DES: Final = "1.2.840.113549.1.12.1.3"
PKCS12_FORMS: Final = {
    _PKCS12_TRIPLE_DES: BlockCipher("TripleDES", 24, 8),
    "1.2.840.113549.1.12.1.4": BlockCipher("TripleDES", 16, 8),
    "1.2.840.113549.1.12.1.5": BlockCipher("RC2", 16, 8),
    "1.2.840.113549.1.12.1.6": BlockCipher("RC2", 5, 8),
}


@frozen
class Scheme:
    """How a key is encrypted: which derivation, which cipher, with which parameters."""

    kdf: Kdf
    oid: str
    """The cipher's identifier under PBES2, else the outer algorithm's."""
    salt: bytes
    iterations: int
    """Rounds; for scrypt its N."""
    iv: bytes = b""
    """Only under PBES2: the other forms derive it, or fix it."""
    prf: str = oids.HMAC_SHA1
    prf_written: bool = False
    """Whether the file names the PRF though it is the default."""
    key_length: int | None = None
    """The length in bytes if the file names it."""
    scrypt_r: int = 8
    scrypt_p: int = 1

    @property
    def cipher(self) -> BlockCipher:
        """The block cipher."""
        if self.kdf == "pkcs12":
            return PKCS12_FORMS[self.oid]
        return CIPHERS[oids.SEED_CBC if self.kdf == "pbkdf1" else self.oid]

    @classmethod
    def parse(cls, algorithm: Element) -> "Scheme":
        """Read an AlgorithmIdentifier.

        Raises:
            CertificateError: ``unsupported_algorithm`` for one that is not known here,
                ``bad_key_file`` for parameters that make no sense.
        """
        try:
            oid, *parameters = algorithm.children(der.SEQUENCE)
            return _scheme(oid.oid(), parameters)
        except der.FAULTS:
            raise CertificateError("bad_key_file") from None

    def encode(self) -> bytes:
        """Write the AlgorithmIdentifier."""
        if self.kdf in ("pbkdf1", "pkcs12"):
            parameters = der.sequence(der.octets(self.salt), der.integer(self.iterations))
            return der.sequence(der.oid(self.oid), parameters)
        length = [] if self.key_length is None else [der.integer(self.key_length)]
        if self.kdf == "scrypt":
            costs = map(der.integer, (self.iterations, self.scrypt_r, self.scrypt_p))
            derivation = der.sequence(der.octets(self.salt), *costs, *length)
            function = der.sequence(der.oid(oids.SCRYPT), derivation)
        else:
            written = self.prf_written or self.prf != oids.HMAC_SHA1
            prf = [der.sequence(der.oid(self.prf), der.null())] if written else []
            derivation = der.sequence(
                der.octets(self.salt), der.integer(self.iterations), *length, *prf
            )
            function = der.sequence(der.oid(oids.PBKDF2), derivation)
        cipher = der.sequence(der.oid(self.oid), der.octets(self.iv))
        return der.sequence(der.oid(oids.PBES2), der.sequence(function, cipher))

    @property
    def work(self) -> int:
        """What one try of a password takes: see `certrelay.pki.kdf.Derivation.work`."""
        if self.kdf == "scrypt":
            return self.iterations * self.scrypt_r * self.scrypt_p
        if self.kdf == "pbkdf1":
            return self.iterations
        if self.kdf == "pbkdf2":
            return self.iterations * kdf.blocks(oids.PRFS[self.prf], self.cipher.key_bytes)
        cipher = self.cipher
        return self.iterations * sum(
            kdf.blocks("sha1", size) for size in (cipher.key_bytes, cipher.block_bytes)
        )

    def passwords(self, password: str) -> Iterator[bytes]:
        """Give the bytes that the password may stand for, likeliest first."""
        if self.kdf == "pkcs12":
            return kdf.wide_password_bytes(password)
        return kdf.password_bytes(password)

    def key_and_iv(self, password: bytes) -> tuple[bytes, bytes]:
        """Derive the cipher's key and IV.

        Raises:
            CertificateError: ``too_many_iterations``, ``bad_key_file``.
        """
        size = self.cipher.key_bytes
        match self.kdf:
            case "pbkdf1":
                derived = kdf.pbkdf1_sha1(password, self.salt, self.iterations)
                if self.oid == oids.SEED_CBC:
                    return derived[:16], _FIXED_IV
                iv = hashlib.sha1(derived[16:], usedforsecurity=False).digest()[:16]
                return derived[:16], iv
            case "pkcs12":
                rest = password, self.salt, self.iterations
                key = kdf.pkcs12(*rest, purpose=1, size=size)
                return key, kdf.pkcs12(*rest, purpose=2, size=self.cipher.block_bytes)
            case "scrypt":
                costs = self.iterations, self.scrypt_r, self.scrypt_p
                return kdf.scrypt(password, self.salt, costs, size), self.iv
            case "pbkdf2":
                name = oids.PRFS[self.prf]
                return kdf.pbkdf2(name, password, self.salt, self.iterations, size), self.iv

    def fresh(self, random: Random) -> "Scheme":
        """The same form with new randomness, never weaker than `MIN_ITERATIONS`.

        A form that is only read here (RC2) becomes the nearest that is written.
        """
        if self.cipher.name == "RC2":
            return triple_des_pkcs12(random(SALT_BYTES), max(self.iterations, MIN_ITERATIONS))
        rounds = self.iterations if self.kdf == "scrypt" else max(self.iterations, MIN_ITERATIONS)
        salt = random(max(len(self.salt), SALT_BYTES))
        return replace(self, salt=salt, iv=random(len(self.iv)), iterations=rounds)


def seed_pbes1(salt: bytes, iterations: int = 2048, *, fixed_iv: bool = False) -> Scheme:
    """The older Korean form; ``fixed_iv`` for the oldest."""
    oid = oids.SEED_CBC if fixed_iv else oids.SEED_CBC_WITH_SHA1
    return Scheme("pbkdf1", oid, salt, iterations)


def seed_pbes2(salt: bytes, iv: bytes, iterations: int = 2048) -> Scheme:
    """What Korean banks write today: PBES2, PBKDF2 with HMAC-SHA1, SEED."""
    return Scheme("pbkdf2", oids.SEED_CBC, salt, iterations, iv)


def aes256_pbes2(salt: bytes, iv: bytes, iterations: int = 100_000) -> Scheme:
    """The modern form: PBES2, PBKDF2 with HMAC-SHA256, AES-256."""
    cipher, prf = oids.AES256_CBC, oids.HMAC_SHA256
    return Scheme("pbkdf2", cipher, salt, iterations, iv, prf=prf, prf_written=True)


def aria_pbes2(salt: bytes, iv: bytes, iterations: int = 2048) -> Scheme:
    """PBES2 with Korea's newer cipher, ARIA-256, and HMAC-SHA256."""
    cipher, prf = oids.ARIA256_CBC, oids.HMAC_SHA256
    return Scheme("pbkdf2", cipher, salt, iterations, iv, prf=prf, prf_written=True)


def triple_des_pkcs12(salt: bytes, iterations: int = 1024) -> Scheme:
    """PKCS#12's older form, which every program reads: 3DES and SHA-1."""
    return Scheme("pkcs12", _PKCS12_TRIPLE_DES, salt, iterations)


def parse(encoded: bytes) -> tuple[Element, bytes]:
    """Read an EncryptedPrivateKeyInfo: its algorithm, unread, and the encrypted bytes.

    This much every key file that can be moved has, whatever its algorithm.  The file may be
    PEM or base64, and bytes may follow; see `certrelay.pki.encodings`.

    Raises:
        CertificateError: ``bad_key_file``.
    """
    try:
        algorithm, sealed = Element.parse(unwrap(encoded, KEY_LABELS).der).children(der.SEQUENCE)
        algorithm.children(der.SEQUENCE)[0].oid()
        if not (content := sealed.octets()):
            raise DerError("nothing encrypted")
    except der.FAULTS:
        raise CertificateError("bad_key_file") from None
    return algorithm, content


def openings(encoded: bytes, password: str) -> Iterator[bytes]:
    """Give what the password may make of the file: contents whose padding is right.

    The caller parses each and takes the first that is a private key, since 1 wrong
    password in 256 gives right padding too.

    Raises:
        CertificateError: ``bad_key_file``, ``unsupported_algorithm``,
            ``too_many_iterations``.
    """
    algorithm, sealed = parse(encoded)
    return opened(Scheme.parse(algorithm), sealed, password)


def opened(scheme: Scheme, sealed: bytes, password: str) -> Iterator[bytes]:
    """The same over bytes whose scheme stands elsewhere, as in PKCS#12."""
    for candidate in scheme.passwords(password):
        plain = scheme.cipher.decrypt(*scheme.key_and_iv(candidate), sealed)
        if plain is not None:
            yield plain


def sealed(scheme: Scheme, plain: bytes, password: str) -> bytes:
    """Encrypt with the password's first form, as bare bytes."""
    key, iv = scheme.key_and_iv(next(scheme.passwords(password)))
    return scheme.cipher.encrypt(key, iv, plain)


def encrypt(scheme: Scheme, plain: bytes, password: str) -> bytes:
    """Write an EncryptedPrivateKeyInfo; the scheme holds the randomness."""
    return der.sequence(scheme.encode(), der.octets(sealed(scheme, plain, password)))


def _scheme(oid: str, parameters: list[Element]) -> Scheme:
    if oid in (oids.SEED_CBC_WITH_SHA1, oids.SEED_CBC) or oid in PKCS12_FORMS:
        salt, iterations = parameters[0].children(der.SEQUENCE)
        form: Kdf = "pkcs12" if oid in PKCS12_FORMS else "pbkdf1"
        return Scheme(form, oid, salt.octets(), _positive(iterations))
    if oid != oids.PBES2:
        raise CertificateError("unsupported_algorithm", oid=oid)
    function, cipher = parameters[0].children(der.SEQUENCE)
    cipher_oid, iv = cipher.children(der.SEQUENCE)
    if cipher_oid.oid() not in CIPHERS:
        raise CertificateError("unsupported_algorithm", oid=cipher_oid.oid())
    scheme = _derivation(function, cipher_oid.oid(), iv.octets())
    if len(scheme.iv) != scheme.cipher.block_bytes:
        raise DerError("length of the IV")
    if scheme.key_length not in (None, scheme.cipher.key_bytes):
        raise DerError("length of the key")
    return scheme


def _derivation(function: Element, cipher_oid: str, iv: bytes) -> Scheme:
    oid, parameters = function.children(der.SEQUENCE)
    fields = parameters.children(der.SEQUENCE)
    salt = fields.pop(0)
    if oid.oid() == oids.SCRYPT:
        n, r, p = map(_positive, fields[:3])
        length = _positive(fields[3]) if fields[3:] else None
        return Scheme(
            "scrypt",
            cipher_oid,
            salt.octets(),
            n,
            iv,
            key_length=length,
            scrypt_r=r,
            scrypt_p=p,
        )
    if oid.oid() != oids.PBKDF2:
        raise CertificateError("unsupported_algorithm", oid=oid.oid())
    iterations = _positive(fields.pop(0))
    length = _positive(fields.pop(0)) if fields and fields[0].tag == der.INTEGER else None
    prf = fields[0].children(der.SEQUENCE)[0].oid() if fields else oids.HMAC_SHA1
    if prf not in oids.PRFS:
        raise CertificateError("unsupported_algorithm", oid=prf)
    return Scheme(
        "pbkdf2",
        cipher_oid,
        salt.octets(),
        iterations,
        iv,
        prf=prf,
        prf_written=bool(fields),
        key_length=length,
    )


def _positive(element: Element) -> int:
    value = element.integer()
    if value < 1:
        raise DerError("not positive")
    return value
