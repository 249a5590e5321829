"""X.509 certificates, read as far as they can be read.

Real certificates have faults: an extension that is not DER, a name in another encoding than
it says, a kind of key that no library knows.  Such a certificate can still be shown and
moved; only what is no certificate at all is refused.

Source: RFC 5280 §4; for the VID KISA's identification profile (docs/protocol.md §7).
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from certrelay.errors import CertificateError
from certrelay.frozen import frozen
from certrelay.pki import der, naming, oids
from certrelay.pki.der import DerError, Element
from certrelay.pki.encodings import CERTIFICATE_LABELS, unwrap, unwrap_all
from certrelay.pki.naming import Rdns

_Value = TypeVar("_Value")
_MAX_SERIAL_BYTES: Final = 64
"""Bytes of a serial number: the standard allows 20, and Python shows no endless integer."""
_V3_EXTENSIONS: Final = der.context(3)
_URI: Final = 0x86


@frozen
class Vid:
    """The identity value of a Korean certificate: a hash over number and random."""

    digest_oid: str
    value: bytes


@frozen
class Extensions:
    """What the extensions tell; a field stays empty if its extension is missing or broken."""

    policies: tuple[str, ...] = ()
    key_usage: int | None = None
    """The bits of KeyUsage as a number, digitalSignature (bit 0) being 0x80 of byte 0."""
    ca: bool = False
    vid: Vid | None = None
    real_name: str | None = None
    subject_key_id: bytes | None = None
    authority_key_id: bytes | None = None
    crl_points: bytes = b""
    """Where its revocation lists are, unread: to see whether a partial list is the right one."""
    crl_urls: tuple[str, ...] = ()
    """The same as addresses: http and ldap occur."""
    ocsp_urls: tuple[str, ...] = ()
    """Where its status can be asked."""
    issuer_urls: tuple[str, ...] = ()
    """Where its issuer's certificate is."""
    ocsp_signing: bool = False
    """Whether its key may sign answers about the status of its issuer's certificates."""


@frozen(repr=False)
class Certificate:
    """A certificate.  All texts in it are a stranger's: show them through `printable`."""

    der: bytes
    tbs: bytes
    serial: int
    subject_rdns: Rdns
    issuer_rdns: Rdns
    subject_der: bytes
    issuer_der: bytes
    not_before: datetime | None
    not_after: datetime | None
    public_key_info: bytes
    signature_oid: str
    signature_parameters: bytes
    """The parameters of the signature's algorithm as encoded; RSA-PSS needs them."""
    signature: bytes
    extensions: Extensions
    faults: tuple[str, ...]
    """What could not be read: names of fields, ``extension <OID>``, ``text``."""

    @classmethod
    def parse(cls, encoded: bytes) -> "Certificate":
        """Read a certificate.

        Args:
            encoded: One certificate in DER and nothing after it.

        Raises:
            CertificateError: ``bad_certificate`` if it is none.
        """
        try:
            return _parse(encoded)
        except der.FAULTS:
            raise CertificateError("bad_certificate") from None

    @classmethod
    def read(cls, content: bytes) -> "Certificate":
        """Read a certificate file: DER, PEM or base64, with bytes after it or without.

        Raises:
            CertificateError: ``bad_certificate`` if it holds none.
        """
        try:
            return _parse(unwrap(content, CERTIFICATE_LABELS).der)
        except der.FAULTS:
            raise CertificateError("bad_certificate") from None

    @property
    def cn(self) -> str:
        """The subject's common name; the whole name where it has none."""
        return _first(self.subject_rdns, "cn") or self.subject

    @property
    def issuer_cn(self) -> str:
        """The issuer's common name; the whole name where it has none."""
        return _first(self.issuer_rdns, "cn") or self.issuer

    @property
    def subject(self) -> str:
        """The subject's name, leaf first: ``cn=…,ou=…,o=…,c=kr``."""
        return naming.written(self.subject_rdns)

    @property
    def issuer(self) -> str:
        """The issuer's name, leaf first."""
        return naming.written(self.issuer_rdns)

    @property
    def ca(self) -> str:
        """The folder of the issuing authority: yessign, SignKorea, KICA, …; a safe name."""
        return naming.ca_folder(self.issuer_rdns)

    @property
    def policy_oid(self) -> str | None:
        """The first certificate policy."""
        return next(iter(self.extensions.policies), None)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The faults that matter: a name in another encoding than it says is read all the same."""
        return tuple(fault for fault in self.faults if fault != "text")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 hex digits."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def signs(self) -> bool:
        """Whether its key may sign; a km certificate's may only exchange keys."""
        usage = self.extensions.key_usage
        return usage is None or bool(usage & 0xC0)

    def __repr__(self) -> str:
        return f"Certificate({self.fingerprint[:16]})"


def parse_chain(content: bytes) -> tuple[Certificate, ...]:
    """Read a file of certificates: ``CaPubs`` (a SEQUENCE OF Certificate), one or more in PEM,
    or one bare certificate.

    Raises:
        CertificateError: ``bad_certificate`` if it is none of these.
    """
    try:
        blocks = unwrap_all(content)
        return tuple(found for block in blocks for found in _members(block.der))
    except der.FAULTS:
        raise CertificateError("bad_certificate") from None


def _members(encoded: bytes) -> Iterator[Certificate]:
    members = Element.parse(encoded).children(der.SEQUENCE)
    if len(members) == 3 and members[2].tag == der.BIT_STRING:
        yield Certificate.parse(encoded)
    else:
        yield from (Certificate.parse(member.encoded) for member in members)


def read_name(encoded: bytes) -> Rdns:
    """Read a distinguished name; empty if it cannot be read."""
    try:
        return _name(Element.parse(encoded), [])
    except der.FAULTS:
        return ()


def _first(rdns: Rdns, wanted: str) -> str:
    return next((value for attribute, value in rdns if attribute == wanted and value), "")


def _parse(encoded: bytes) -> Certificate:
    tbs, algorithm, signature = Element.parse(encoded).children(der.SEQUENCE)
    fields = tbs.children(der.SEQUENCE)
    if fields and fields[0].tag == der.context(0):
        fields = fields[1:]
    if len(fields) < 6:
        raise DerError("too few fields")
    serial, _, issuer, validity, subject, key = fields[:6]
    if len(serial.content) > _MAX_SERIAL_BYTES:
        raise DerError("serial number")
    for element in (issuer, validity, subject, key):
        element.expect(der.SEQUENCE)
    faults: list[str] = []
    times = _tolerant("validity", faults, lambda: _validity(validity)) or (None, None)
    return Certificate(
        der=encoded,
        tbs=tbs.encoded,
        serial=serial.integer(),
        subject_rdns=_tolerant("subject", faults, lambda: _name(subject, faults)) or (),
        issuer_rdns=_tolerant("issuer", faults, lambda: _name(issuer, faults)) or (),
        subject_der=subject.encoded,
        issuer_der=issuer.encoded,
        not_before=times[0],
        not_after=times[1],
        public_key_info=key.encoded,
        signature_oid=algorithm.children(der.SEQUENCE)[0].oid(),
        signature_parameters=b"".join(p.encoded for p in algorithm.children()[1:]),
        signature=_tolerant("signature", faults, signature.bits) or b"",
        extensions=_extensions(fields[6:], faults),
        faults=tuple(dict.fromkeys(faults)),
    )


def _tolerant(what: str, faults: list[str], read: Callable[[], _Value]) -> _Value | None:
    try:
        return read()
    except der.FAULTS:
        faults.append(what)
        return None


def _validity(element: Element) -> tuple[datetime, datetime]:
    before, after = element.children()
    return before.time(), after.time()


def _name(element: Element, faults: list[str]) -> Rdns:
    pairs, clean = _name_in(element.encoded)
    if not clean:
        faults.append("text")
    if pairs is None:
        raise DerError("name")
    return pairs


@lru_cache(maxsize=64)
def _name_in(encoded: bytes) -> tuple[Rdns | None, bool]:
    """Read a name, ``None`` if it is none, and tell whether the texts that were read are clean.

    An authority's stands in all of its certificates, a person's in both of his: of a thousand
    certificates it is a third of the work.
    """
    pairs: list[tuple[str, str]] = []
    all_clean = True
    try:
        for rdn in reversed(Element.parse(encoded).children(der.SEQUENCE)):
            for pair in rdn.children(der.SET):
                attribute, value = pair.children(der.SEQUENCE)
                text, clean = value.text()
                all_clean &= clean
                dotted = attribute.oid()
                pairs.append((oids.ATTRIBUTES.get(dotted, dotted), text))
    except der.FAULTS:
        return None, all_clean
    return tuple(pairs), all_clean


def _extensions(fields: list[Element], faults: list[str]) -> Extensions:
    found: dict[str, bytes] = {}
    for field in fields:
        if field.tag != _V3_EXTENSIONS:
            continue
        try:
            (listing,) = field.children()
            for extension in listing.children(der.SEQUENCE):
                oid, *_, value = extension.children(der.SEQUENCE)
                found.setdefault(oid.oid(), value.octets())
        except der.FAULTS:
            faults.append("extensions")

    def read(oid: str, reader: Callable[[Element], _Value]) -> _Value | None:
        raw = found.get(oid)
        if raw is None:
            return None
        return _tolerant(f"extension {oid}", faults, lambda: reader(Element.parse(raw)))

    identity = read(oids.SUBJECT_ALT_NAME, _identity) or (None, None)
    return Extensions(
        policies=read(oids.CERTIFICATE_POLICIES, _policies) or (),
        key_usage=read(oids.KEY_USAGE, _key_usage),
        ca=read(oids.BASIC_CONSTRAINTS, _is_ca) or False,
        vid=identity[0],
        real_name=identity[1],
        subject_key_id=read(oids.SUBJECT_KEY_ID, Element.octets),
        authority_key_id=read(oids.AUTHORITY_KEY_ID, _authority_key_id),
        crl_points=found.get(oids.CRL_POINTS, b""),
        crl_urls=read(oids.CRL_POINTS, _point_urls) or (),
        ocsp_urls=read(oids.AUTHORITY_INFO, _access(oids.OCSP_ACCESS)) or (),
        issuer_urls=read(oids.AUTHORITY_INFO, _access(oids.ISSUER_ACCESS)) or (),
        ocsp_signing=read(oids.EXTENDED_KEY_USAGE, _may_sign_status) or False,
    )


def _point_urls(element: Element) -> tuple[str, ...]:
    """The addresses of CRLDistributionPoints: in each ``[0]``, a fullName ``[0]``."""
    urls = []
    for point in element.children(der.SEQUENCE):
        for field in point.children(der.SEQUENCE):
            if field.tag == der.context(0):
                for name in field.children():
                    urls += _urls(name.children()) if name.tag == der.context(0) else []
    return tuple(urls)


def _access(method: str) -> Callable[[Element], tuple[str, ...]]:
    """A reader of AuthorityInfoAccess: the addresses of one method."""

    def read(element: Element) -> tuple[str, ...]:
        urls = []
        for description in element.children(der.SEQUENCE):
            oid, location = description.children(der.SEQUENCE)
            if oid.oid() == method:
                urls += _urls([location])
        return tuple(urls)

    return read


def _urls(names: list[Element]) -> list[str]:
    return [name.content.decode("latin-1") for name in names if name.tag == _URI]


def _may_sign_status(element: Element) -> bool:
    return any(oid.oid() == oids.OCSP_SIGNING for oid in element.children(der.SEQUENCE))


def _policies(element: Element) -> tuple[str, ...]:
    return tuple(
        policy.children(der.SEQUENCE)[0].oid() for policy in element.children(der.SEQUENCE)
    )


def _key_usage(element: Element) -> int:
    content = element.expect(der.BIT_STRING).content
    if not content:
        raise DerError("key usage")
    return content[1] if len(content) > 1 else 0


def _is_ca(element: Element) -> bool:
    fields = element.children(der.SEQUENCE)
    return bool(fields) and fields[0].tag == der.BOOLEAN and any(fields[0].content)


def _authority_key_id(element: Element) -> bytes | None:
    fields = element.children(der.SEQUENCE)
    return next((field.content for field in fields if field.tag == 0x80), None)


def _identity(element: Element) -> tuple[Vid | None, str | None]:
    """Read KISA's IdentifyData: the real name, and the hash over number and random."""
    for general in element.children(der.SEQUENCE):
        if general.tag != der.context(0):
            continue
        oid, value = general.children()
        if oid.oid() != oids.IDENTIFY_DATA:
            continue
        (data,) = value.children(der.context(0))
        name, *rest = data.children(der.SEQUENCE)
        return _vid(rest[0]) if rest else None, name.text()[0]
    return None, None


def _vid(user_info: Element) -> Vid | None:
    for attribute in user_info.children(der.SEQUENCE):
        oid, value = attribute.children(der.SEQUENCE)
        if oid.oid() != oids.VID:
            continue
        algorithm, digest = value.children(der.SEQUENCE)
        digest_oid = algorithm.children(der.SEQUENCE)[0].oid()
        if digest.tag == der.context(0):
            (digest,) = digest.children()
        return Vid(digest_oid, digest.octets())
    return None
