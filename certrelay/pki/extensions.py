"""The extensions of a certificate, read as far as they can be read.

Source: RFC 5280 §4.2; for the VID KISA's identification profile (docs/protocol.md §7).
"""

from collections.abc import Callable
from typing import Final, TypeVar

from certrelay.frozen import frozen
from certrelay.pki import der, oids
from certrelay.pki.der import DerError, Element

_Value = TypeVar("_Value")


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


def read_extensions(fields: list[Element], faults: list[str]) -> Extensions:
    """Read the extensions among a certificate's last fields; ``faults`` names what is broken."""
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
        return tolerant(f"extension {oid}", faults, lambda: reader(Element.parse(raw)))

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


def tolerant(what: str, faults: list[str], read: Callable[[], _Value]) -> _Value | None:
    """Read a part; where it cannot be read, ``what`` is added to ``faults``."""
    try:
        return read()
    except der.FAULTS:
        faults.append(what)
        return None


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
