"""PKCS#12 files: what can be read without the password, and what the password opens.

Long because what is read without the password and with it are the same bags.

The field's style keeps certificate and key bag in plain ``data`` and only the key itself
encrypted; other programs encrypt the certificates too.  Both are read, with the bags'
attributes and with the key's own bytes, because the VID random stands in there and loaders
of common libraries drop it.

Source: RFC 7292; RFC 9579 for MACs over PBKDF2.
"""

import hmac
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from certrelay.errors import CertificateError, PasswordError
from certrelay.frozen import frozen
from certrelay.limits import MAX_KDF_WORK
from certrelay.pki import der, kdf, oids, pbe
from certrelay.pki.certificate import Certificate
from certrelay.pki.der import DerError, Element
from certrelay.pki.encodings import unwrap
from certrelay.pki.npki import open_key
from certrelay.pki.pbe import Scheme
from certrelay.pki.private_key import PrivateKey

_MAX_NESTING: Final = 4
"""Levels of bags in bags: nobody writes more than one."""


@frozen
class Bag:
    """One bag: its kind, its value, and the two attributes that programs write."""

    oid: str
    value: Element
    friendly_name: str = ""
    local_key_id: bytes = b""


@frozen
class Outline:
    """A file as far as it can be read without its password."""

    certificates: tuple[Certificate, ...]
    """The certificates that lie open, the owner's first."""
    certificates_sealed: bool
    """Whether something but the keys is encrypted: certificates, as a rule."""
    protected: bool = True
    """Whether no key lies in the open; if one does, no password is needed to use it."""
    key_names: tuple[str, ...] = ()
    """What the file calls its keys where that can be read without the password."""


@frozen
class KeyPair:
    """A certificate with its key."""

    certificate: Certificate
    key: PrivateKey
    friendly_name: str


@frozen
class OpenedPkcs12:
    """A file that its password has opened."""

    pairs: tuple[KeyPair, ...]
    """At least one; the one that signs first."""
    chain: tuple[Certificate, ...]
    """The other certificates: those of authorities, and older ones of the same keys."""


def outline(encoded: bytes) -> Outline:
    """Read what lies open, and see that the file is a PKCS#12 file throughout.

    Raises:
        CertificateError: ``bad_pkcs12``.
    """
    try:
        content, _ = content_and_mac(encoded)
        bags, encrypted = _plain_bags(content)
        certificates = _certificates(bags)
        keys = [bag for bag in bags if bag.oid in (oids.KEY_BAG, oids.SHROUDED_KEY_BAG)]
        for bag in keys:
            _check_key(bag)
    except (*der.FAULTS, CertificateError):
        raise CertificateError("bad_pkcs12") from None
    if not encrypted:
        _check_complete(bool(keys), bool(certificates))
    ids = {bag.local_key_id for bag in keys} - {b""}
    certificates.sort(
        key=lambda it: (
            it[0].extensions.ca,
            it[1].local_key_id not in ids,
            not it[0].signs,
            _age(it[0]),
        )
    )
    return Outline(
        tuple(c for c, _ in certificates),
        bool(encrypted),
        all(bag.oid == oids.SHROUDED_KEY_BAG for bag in keys),
        tuple(bag.friendly_name for bag in keys if bag.friendly_name),
    )


def open_file(encoded: bytes, password: str, *, plain_keys: bool = False) -> OpenedPkcs12:
    """Open a file.

    Args:
        encoded: The file.
        password: Of the file.
        plain_keys: Take keys that lie in the open too.  Only a change that encrypts them may
            ask for that: everywhere else no password "opens" what none protects.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: ``bad_pkcs12``; ``key_not_encrypted``; ``key_mismatch`` if the keys
            fit none of the certificates; ``unsupported_algorithm``;
            ``too_many_iterations``.
    """
    seen = outline(encoded)
    if not seen.protected and not plain_keys:
        raise CertificateError("key_not_encrypted")
    try:
        content, mac = content_and_mac(encoded)
        bags, encrypted = _plain_bags(content)
        if not seen.protected and not encrypted:
            mac = None  # it protects nothing: whoever holds the file holds the key
        _check_work([_mac_rounds(mac), *(_work(info.children()[1]) for info in encrypted)])
        if mac is not None and not _mac_is_right(mac, content, password):
            raise PasswordError("wrong_password")
        for sealed in encrypted:
            bags += _sealed_bags(sealed, password)
        return _opened(bags, password)
    except der.FAULTS:
        raise CertificateError("bad_pkcs12") from None


def algorithms(encoded: bytes) -> list[Element]:
    """The AlgorithmIdentifier of each encrypted part that can be seen without the password.

    Raises:
        DerError: If it is no such file.
    """
    bags, encrypted = _plain_bags(content_and_mac(encoded)[0])
    shrouded = [bag for bag in bags if bag.oid == oids.SHROUDED_KEY_BAG]
    keys = [bag.value.children(der.SEQUENCE)[0] for bag in shrouded]
    return [*(info.children()[1] for info in encrypted), *keys]


def content_and_mac(encoded: bytes) -> tuple[bytes, Element | None]:
    """Read a file's outermost shell: the AuthenticatedSafe's bytes, and the MacData."""
    version, auth_safe, *mac = Element.parse(unwrap(encoded).der).children(der.SEQUENCE)
    if version.integer() != 3 or len(mac) > 1:
        raise DerError("version")
    return data_content(auth_safe), mac[0] if mac else None


def data_content(content_info: Element) -> bytes:
    """The bytes inside a ContentInfo of plain data."""
    oid, content = content_info.children(der.SEQUENCE)
    if oid.oid() != oids.DATA:
        raise DerError("not data")
    (octets,) = content.children(der.context(0))
    return octets.octets()


def _plain_bags(content: bytes) -> tuple[list[Bag], list[Element]]:
    """Give the bags that lie open, and the EncryptedContentInfo of each encrypted part."""
    bags: list[Bag] = []
    encrypted: list[Element] = []
    for part in Element.parse(content).children(der.SEQUENCE):
        oid, inner = part.children(der.SEQUENCE)
        if oid.oid() == oids.ENCRYPTED_DATA:
            encrypted.append(encrypted_info(inner))
        else:
            bags += _bags(Element.parse(data_content(part)))
    return bags, encrypted


def encrypted_info(content: Element) -> Element:
    """The EncryptedContentInfo inside the content of an EncryptedData."""
    (data,) = content.children(der.context(0))
    return data.children(der.SEQUENCE)[1].expect(der.SEQUENCE)


def _bags(contents: Element, depth: int = 0) -> Iterator[Bag]:
    if depth == _MAX_NESTING:
        raise DerError("bags nested too deep")
    for bag in contents.children(der.SEQUENCE):
        oid, wrapped, *attributes = bag.children(der.SEQUENCE)
        (value,) = wrapped.children(der.context(0))
        if oid.oid() == oids.SAFE_CONTENTS_BAG:
            yield from _bags(value, depth + 1)
        else:
            yield Bag(oid.oid(), value, *_attributes(attributes))


def _attributes(fields: list[Element]) -> tuple[str, bytes]:
    name, local_id = "", b""
    for attribute in fields[0].children(der.SET) if fields else ():
        oid, values = attribute.children(der.SEQUENCE)
        for value in values.children(der.SET)[:1]:
            if oid.oid() == oids.FRIENDLY_NAME:
                name, _ = value.text()
            elif oid.oid() == oids.LOCAL_KEY_ID:
                local_id = value.octets()
    return name, local_id


def _certificates(bags: list[Bag]) -> list[tuple[Certificate, Bag]]:
    """Read the certificates; one that is none is passed over while others can be read."""
    found: list[tuple[Certificate, Bag]] = []
    broken = False
    for bag in bags:
        if bag.oid != oids.CERT_BAG:
            continue
        kind, wrapped = bag.value.children(der.SEQUENCE)
        if kind.oid() != oids.X509_CERTIFICATE:
            continue
        (octets,) = wrapped.children(der.context(0))
        try:
            found.append((Certificate.parse(octets.octets()), bag))
        except CertificateError:
            broken = True
    if broken and not found:
        raise DerError("no certificate can be read")
    return found


def _check_work(work: Iterable[int]) -> None:
    """See that all parts together ask for no more than one may: there can be thousands."""
    if sum(work) > MAX_KDF_WORK:
        raise CertificateError("too_many_iterations", limit=MAX_KDF_WORK)


def _work(algorithm: Element) -> int:
    return Scheme.parse(algorithm).work


def _mac_rounds(mac: Element | None) -> int:
    """The rounds of a MAC; those of one over PBKDF2 stand elsewhere and are checked there."""
    fields = [] if mac is None else mac.children(der.SEQUENCE)
    return fields[2].integer() if len(fields) > 2 else 1


def _mac_is_right(mac: Element, content: bytes, password: str) -> bool:
    info, salt, *_ = mac.children(der.SEQUENCE)
    algorithm, digest = info.children(der.SEQUENCE)
    oid, *parameters = algorithm.children(der.SEQUENCE)
    stated = digest.octets()
    if oid.oid() == oids.PBMAC1:
        return _pbmac1_is_right(parameters[0], stated, content, password)
    name = oids.DIGESTS.get(oid.oid())
    if name is None:
        raise CertificateError("unsupported_algorithm", oid=oid.oid())
    count = _mac_rounds(mac)
    for candidate in kdf.wide_password_bytes(password):
        key = kdf.pkcs12(candidate, salt.octets(), count, purpose=3, size=len(stated), digest=name)
        if hmac.compare_digest(hmac.digest(key, content, name), stated):
            return True
    return False


def _pbmac1_is_right(parameters: Element, stated: bytes, content: bytes, password: str) -> bool:
    function, scheme = parameters.children(der.SEQUENCE)
    oid, derivation = function.children(der.SEQUENCE)
    salt, rounds, size, *prf = derivation.children(der.SEQUENCE)
    prf_oid = prf[0].children(der.SEQUENCE)[0].oid() if prf else oids.HMAC_SHA1
    mac_oid = scheme.children(der.SEQUENCE)[0].oid()
    if oid.oid() != oids.PBKDF2 or not {prf_oid, mac_oid} <= set(oids.PRFS):
        raise CertificateError("unsupported_algorithm", oid=mac_oid)
    if not 1 <= size.integer() <= 128:
        raise DerError("length of the key")
    for candidate in kdf.password_bytes(password):
        key = kdf.pbkdf2(
            oids.PRFS[prf_oid], candidate, salt.octets(), rounds.integer(), size.integer()
        )
        if hmac.compare_digest(hmac.digest(key, content, oids.PRFS[mac_oid]), stated):
            return True
    return False


def _sealed_bags(info: Element, password: str) -> list[Bag]:
    _, contents = unsealed(info, password)
    return list(_bags(contents))


def unsealed(info: Element, password: str) -> tuple[Scheme, Element]:
    """Decrypt an EncryptedContentInfo; give how it was encrypted, and its SafeContents.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: As `certrelay.pki.pbe.Scheme.parse`.
    """
    _, algorithm, sealed = info.children(der.SEQUENCE)
    scheme = Scheme.parse(algorithm)
    for plain in pbe.opened(scheme, sealed.implicit_octets(), password):
        try:
            contents = Element.parse(plain)
            list(_bags(contents))
        except der.FAULTS:
            continue
        return scheme, contents
    raise PasswordError("wrong_password")


def _opened(bags: list[Bag], password: str) -> OpenedPkcs12:
    certificates = _certificates(bags)
    _check_work(
        _work(pbe.parse(bag.value.encoded)[0]) for bag in bags if bag.oid == oids.SHROUDED_KEY_BAG
    )
    keys = [(key, bag) for bag in bags if (key := _key(bag, password)) is not None]
    _check_complete(bool(keys), bool(certificates))
    pairs = []
    for key, bag in keys:
        match = _owner(key, bag, certificates)
        if match is not None:
            pairs.append(KeyPair(match[0], key, bag.friendly_name or match[1].friendly_name))
    if not pairs:
        raise CertificateError("key_mismatch")
    pairs.sort(key=lambda pair: not pair.certificate.signs)
    owned = {pair.certificate.der for pair in pairs}
    chain = tuple(c for c, _ in certificates if c.der not in owned)
    return OpenedPkcs12(tuple(pairs), chain)


def _check_complete(has_keys: bool, has_certificates: bool) -> None:
    if has_keys and has_certificates:
        return
    if has_keys or has_certificates:
        raise CertificateError("bad_pkcs12", found="no_certificate" if has_keys else "no_key")
    raise CertificateError("bad_pkcs12")


def _check_key(bag: Bag) -> None:
    if bag.oid == oids.SHROUDED_KEY_BAG:
        pbe.parse(bag.value.encoded)
    else:
        PrivateKey.parse(bag.value.encoded)


def _key(bag: Bag, password: str) -> PrivateKey | None:
    if bag.oid == oids.SHROUDED_KEY_BAG:
        return open_key(bag.value.encoded, password)
    if bag.oid == oids.KEY_BAG:
        return PrivateKey.parse(bag.value.encoded)
    return None


def _owner(
    key: PrivateKey, bag: Bag, certificates: list[tuple[Certificate, Bag]]
) -> tuple[Certificate, Bag] | None:
    """Find the certificate of a key: by the key itself, or by its mark if that fails.

    A renewed certificate may have the key of the old one.  Then the mark decides (Java and
    OpenSSL go by it too), else the one that is valid now, else the one that ends last.
    """
    fitting, unknown = [], []
    for certificate, of in certificates:
        fits = key.fits(certificate.public_key_info)
        if fits:
            fitting.append((certificate, of))
        elif fits is None and not certificate.extensions.ca:
            unknown.append((certificate, of))
    likely = fitting or unknown
    marked = [
        pair for pair in likely if bag.local_key_id and pair[1].local_key_id == bag.local_key_id
    ]
    if len(likely) < 2:
        return next(iter(likely), None)
    return min(marked or likely, key=lambda pair: _age(pair[0]))


def _age(certificate: Certificate) -> tuple[bool, float]:
    """Sorts what is valid now before what is not, then what ends later first."""
    before, after = certificate.not_before, certificate.not_after
    if before is None or after is None:
        return True, 0.0
    return not before <= _now() <= after, -after.timestamp()


def _now() -> datetime:
    return datetime.now(UTC)
