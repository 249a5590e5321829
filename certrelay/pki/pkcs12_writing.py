"""Writes PKCS#12 files in the field's style and in the modern one, with the VID kept.

Source: RFC 7292; the field's style after files of Korean authorities.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Final, Literal

from certrelay.frozen import frozen
from certrelay.pki import der, kdf, oids, pbe
from certrelay.pki.certificate import Certificate
from certrelay.pki.pbe import Random
from certrelay.pki.pkcs12 import KeyPair

Style = Literal["field", "modern"]

FIELD_ITERATIONS: Final = 1024
"""What Korean authorities write, and what their programs surely read."""

MODERN_ITERATIONS: Final = 100_000
"""PBKDF2 rounds of the modern style: about 50 ms to open on an ordinary PC."""

_MAC_SALT_BYTES: Final = 8
_MODERN_SALT_BYTES: Final = 16


@frozen
class _Form:
    """What differs between the styles."""

    scheme: Callable[[], pbe.Scheme]
    certificates_sealed: bool
    digest_oid: str
    mac_iterations: int


def write(
    pairs: Sequence[KeyPair],
    chain: Sequence[Certificate],
    password: str,
    random: Random,
    style: Style = "field",
) -> bytes:
    """Write a PKCS#12 file.

    Args:
        pairs: Certificates with their keys, the owner's signing pair first.  Each key is
            written as its own bytes, so that its VID random goes along.
        chain: Further certificates.
        password: Of the new file.
        random: Gives randomness.
        style: ``field``: 3DES and SHA-1, certificates in the open, which every reader takes;
            ``modern``: AES-256, PBKDF2 and a MAC with SHA-256, all encrypted.  docs/security.md
            weighs the two.
    """
    form = _form(style, random)
    named = list(zip(pairs, _names(pairs), strict=True))
    certificates = [_certificate_bag(pair.certificate, name) for pair, name in named]
    certificates += [_certificate_bag(certificate, "", owner=False) for certificate in chain]
    keys = [_key_bag(pair, name, form, password) for pair, name in named]
    if form.certificates_sealed:
        contents = der.sequence(*certificates)
        parts = [sealed_data(form.scheme(), contents, password), plain_data(der.sequence(*keys))]
    else:
        parts = [plain_data(der.sequence(*certificates, *keys))]
    content = der.sequence(*parts)
    mac = written_mac(content, password, random, form.digest_oid, form.mac_iterations)
    return der.sequence(der.integer(3), plain_data(content), mac)


def _form(style: Style, random: Random) -> _Form:
    if style == "field":
        return _Form(
            lambda: pbe.triple_des_pkcs12(random(pbe.SALT_BYTES), FIELD_ITERATIONS),
            certificates_sealed=False,
            digest_oid=oids.SHA1,
            mac_iterations=FIELD_ITERATIONS,
        )
    return _Form(
        lambda: pbe.aes256_pbes2(
            random(_MODERN_SALT_BYTES), random(pbe.IV_BYTES), MODERN_ITERATIONS
        ),
        certificates_sealed=True,
        digest_oid=oids.SHA256,
        mac_iterations=MODERN_ITERATIONS,
    )


def plain_data(content: bytes) -> bytes:
    """Write a ContentInfo of plain data."""
    return der.sequence(der.oid(oids.DATA), der.explicit(0, der.octets(content)))


def sealed_data(scheme: pbe.Scheme, contents: bytes, password: str) -> bytes:
    """Write a ContentInfo of encrypted SafeContents."""
    sealed = pbe.sealed(scheme, contents, password)
    info = der.sequence(der.oid(oids.DATA), scheme.encode(), der.encode(0x80, sealed))
    content = der.sequence(der.integer(0), info)
    return der.sequence(der.oid(oids.ENCRYPTED_DATA), der.explicit(0, content))


def _certificate_bag(certificate: Certificate, name: str, *, owner: bool = True) -> bytes:
    x509 = der.explicit(0, der.octets(certificate.der))
    value = der.sequence(der.oid(oids.X509_CERTIFICATE), x509)
    attributes = _attributes(certificate, name) if owner else []
    return der.sequence(der.oid(oids.CERT_BAG), der.explicit(0, value), *attributes)


def _names(pairs: Sequence[KeyPair]) -> list[str]:
    """A name for each pair, none twice: Java's key store goes by them, in lower case, and a
    second pair of the same name replaces the first there."""
    names: list[str] = []
    for pair in pairs:
        base = name = pair.friendly_name or pair.certificate.cn
        number = 1
        while name.casefold() in (other.casefold() for other in names):
            number += 1
            mark = (
                f"{number}" if pair.certificate.signs else "km" if number == 2 else f"km {number}"
            )
            name = f"{base} ({mark})"
        names.append(name)
    return names


def _key_bag(pair: KeyPair, name: str, form: _Form, password: str) -> bytes:
    value = pbe.encrypt(form.scheme(), pair.key.der, password)
    attributes = _attributes(pair.certificate, name)
    return der.sequence(der.oid(oids.SHROUDED_KEY_BAG), der.explicit(0, value), *attributes)


def _attributes(certificate: Certificate, name: str) -> list[bytes]:
    """The mark that joins a certificate and its key, and the name that programs show."""
    mark = hashlib.sha1(certificate.der, usedforsecurity=False).digest()
    found = [_attribute(oids.LOCAL_KEY_ID, der.octets(mark))]
    if name:
        text = der.encode(der.BMP_STRING, name.encode("utf-16-be", "replace"))
        found.append(_attribute(oids.FRIENDLY_NAME, text))
    return [der.set_of(found)]


def _attribute(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.set_of([value]))


def written_mac(
    content: bytes, password: str, random: Random, digest_oid: str, iterations: int
) -> bytes:
    """Write the MacData over an AuthenticatedSafe."""
    salt = random(_MAC_SALT_BYTES)
    name = oids.DIGESTS[digest_oid]
    key = kdf.pkcs12(
        next(kdf.wide_password_bytes(password)),
        salt,
        iterations,
        purpose=3,
        size=hashlib.new(name, usedforsecurity=False).digest_size,
        digest=name,
    )
    algorithm = der.sequence(der.oid(digest_oid), der.null())
    info = der.sequence(algorithm, der.octets(hmac.digest(key, content, name)))
    return der.sequence(info, der.octets(salt), der.integer(iterations))
