"""Certificate revocation lists, given as files.

Source: RFC 5280 §5.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from certrelay.errors import CertificateError
from certrelay.frozen import frozen
from certrelay.pki import chain, der, oids
from certrelay.pki.certificate import Certificate
from certrelay.pki.der import Element
from certrelay.pki.encodings import unwrap

_MAX_REVOKED: Final = 500_000
"""Entries that are read: a list of `MAX_CRL_BYTES` has no more."""
_HOLD: Final = 6
_ENUMERATED: Final = 0x0A
_USERS_ONLY: Final = 0x81

Outcome = Literal["ok", "revoked", "suspended", "other_issuer", "outdated", "unsigned", "partial"]
"""The last four: the list is another authority's, too old, not provably the authority's, or
covers only a part that need not be this certificate's."""


@frozen(repr=False)
class RevocationList:
    """A list as read; whether its signature holds is another question."""

    issuer_der: bytes
    this_update: datetime
    next_update: datetime | None
    revoked: dict[int, tuple[datetime, bool]]
    """By serial number: since when, and whether it is only suspended (효력정지)."""
    point: bytes
    """The name of the part it covers, as encoded; empty if it covers all."""
    delta: bool
    tbs: bytes
    signature_oid: str
    signature_parameters: bytes
    signature: bytes

    @classmethod
    def parse(cls, encoded: bytes) -> "RevocationList":
        """Read a list: DER or PEM, with bytes after it or without.

        Raises:
            CertificateError: ``bad_crl``.
        """
        try:
            return _parse(unwrap(encoded).der)
        except der.FAULTS:
            raise CertificateError("bad_crl") from None


def judge(
    crl: RevocationList,
    certificate: Certificate,
    authorities: Iterable[Certificate],
    now: datetime,
) -> Outcome:
    """Tell what a list says of a certificate.

    A certificate that the list names counts as revoked even if the list is old; one that it
    does not name counts as good only if the list is the right one and fresh.
    """
    above = [a for a in authorities if chain.same_name(a, certificate.issuer_der)]
    if crl.issuer_der != certificate.issuer_der and not any(
        chain.same_name(authority, crl.issuer_der) for authority in above
    ):
        return "other_issuer"
    if not any(
        chain.signature_holds(
            authority, crl.signature_oid, crl.signature, crl.tbs, crl.signature_parameters
        )
        for authority in above
    ):
        return "unsigned"
    if (found := crl.revoked.get(certificate.serial)) is not None:
        return "suspended" if found[1] else "revoked"
    if crl.next_update is None or now > crl.next_update:
        return "outdated"
    if crl.delta or (crl.point and crl.point not in certificate.extensions.crl_points):
        return "partial"
    return "ok"


def _parse(encoded: bytes) -> RevocationList:
    tbs, algorithm, signature = Element.parse(encoded).children(der.SEQUENCE)
    fields = tbs.children(der.SEQUENCE)
    if fields[0].tag == der.INTEGER:
        del fields[0]
    _, issuer, this_update, *rest = fields
    next_update = None
    if rest and rest[0].tag in (der.UTC_TIME, der.GENERALIZED_TIME):
        next_update = rest.pop(0).time()
    entries = rest.pop(0).children(most=_MAX_REVOKED) if rest and rest[0].tag == 0x30 else []
    extensions = _extensions(rest[0].children()[0]) if rest else {}
    return RevocationList(
        issuer_der=issuer.expect(der.SEQUENCE).encoded,
        this_update=this_update.time(),
        next_update=next_update,
        revoked=dict(map(_entry, entries)),
        point=_point(extensions.get(oids.ISSUING_POINT)),
        delta=oids.DELTA_CRL in extensions,
        tbs=tbs.encoded,
        signature_oid=algorithm.children(der.SEQUENCE)[0].oid(),
        signature_parameters=b"".join(p.encoded for p in algorithm.children()[1:]),
        signature=signature.bits(),
    )


def _entry(entry: Element) -> tuple[int, tuple[datetime, bool]]:
    serial, since, *more = entry.children(der.SEQUENCE)
    reason = _extensions(more[0]).get(oids.CRL_REASON) if more else None
    held = reason is not None and Element.parse(reason).expect(_ENUMERATED).content == bytes(
        [_HOLD]
    )
    return serial.integer(), (since.time(), held)


def _extensions(listing: Element) -> dict[str, bytes]:
    found = {}
    for extension in listing.children(der.SEQUENCE):
        oid, *_, value = extension.children(der.SEQUENCE)
        found[oid.oid()] = value.octets()
    return found


def _point(extension: bytes | None) -> bytes:
    """The names inside ``distributionPoint [0] fullName [0]``, if the part is only told by
    them and perhaps by "users' certificates only"; else the whole, which fits none."""
    if extension is None:
        return b""
    content = Element.parse(extension)
    fields = content.children(der.SEQUENCE)
    if fields and {field.tag for field in fields} <= {der.context(0), _USERS_ONLY}:
        names = fields[0].children()[0]
        if names.tag == der.context(0):
            return names.content
    return content.encoded
