"""X.509 certificates, read as far as they can be read.

Real certificates have faults: an extension that is not DER, a name in another encoding than
it says, a kind of key that no library knows.  Such a certificate can still be shown and
moved; only what is no certificate at all is refused.

Source: RFC 5280 §4; for the VID KISA's identification profile (docs/protocol.md §7).
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final

from certrelay.errors import CertificateError
from certrelay.frozen import frozen
from certrelay.pki import der, naming, oids
from certrelay.pki.der import DerError, Element
from certrelay.pki.encodings import CERTIFICATE_LABELS, unwrap, unwrap_all
from certrelay.pki.extensions import Extensions, read_extensions, tolerant
from certrelay.pki.naming import Rdns

_MAX_SERIAL_BYTES: Final = 64
"""Bytes of a serial number: the standard allows 20, and Python shows no endless integer."""


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
    times = tolerant("validity", faults, lambda: _validity(validity)) or (None, None)
    return Certificate(
        der=encoded,
        tbs=tbs.encoded,
        serial=serial.integer(),
        subject_rdns=tolerant("subject", faults, lambda: _name(subject, faults)) or (),
        issuer_rdns=tolerant("issuer", faults, lambda: _name(issuer, faults)) or (),
        subject_der=subject.encoded,
        issuer_der=issuer.encoded,
        not_before=times[0],
        not_after=times[1],
        public_key_info=key.encoded,
        signature_oid=algorithm.children(der.SEQUENCE)[0].oid(),
        signature_parameters=b"".join(p.encoded for p in algorithm.children()[1:]),
        signature=tolerant("signature", faults, signature.bits) or b"",
        extensions=read_extensions(fields[6:], faults),
        faults=tuple(dict.fromkeys(faults)),
    )


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
