"""The certificate status protocol: a question to an authority, and what its answer proves.

The answer counts only if the issuing authority has signed it, or somebody whom that authority
named for it, and if it is about this certificate and fresh.

Source: RFC 6960.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from certrelay.pki import chain, der
from certrelay.pki.certificate import Certificate
from certrelay.pki.der import Element

if TYPE_CHECKING:
    from cryptography.x509.ocsp import OCSPResponse, OCSPSingleResponse

Outcome = Literal["good", "revoked", "suspended", "not_known", "refused", "unsigned", "outdated"]
"""``not_known``: the authority does not know the certificate; ``refused``: it gives no answer;
``unsigned``: nobody who may has signed the answer, or it is about another certificate."""

SKEW: Final = timedelta(minutes=5)
"""How far the clocks of the two may be apart."""


def issuer_of(certificate: Certificate, known: Iterable[Certificate]) -> Certificate | None:
    """Find the authority that has signed a certificate, among those at hand."""
    for candidate in known:
        named = chain.same_name(candidate, certificate.issuer_der)
        if named and chain.is_signed_by(certificate, candidate):
            return candidate
    return None


def request(certificate: Certificate, issuer: Certificate) -> bytes:
    """Write the question about one certificate, in DER.

    Raises:
        ValueError: If the issuer's key cannot be read.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp

    name, key = _hashes(certificate, issuer, "sha1")
    builder = ocsp.OCSPRequestBuilder()
    digest = hashes.SHA1()  # noqa: S303 - it names the issuer, and every responder knows it
    builder = builder.add_certificate_by_hash(name, key, certificate.serial, digest)
    return builder.build().public_bytes(Encoding.DER)


def judge(answer: bytes, certificate: Certificate, issuer: Certificate, now: datetime) -> Outcome:
    """Tell what an answer proves of a certificate."""
    from cryptography.x509 import ocsp

    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
            return "refused"
        single = next((r for r in response.responses if _is_about(r, certificate, issuer)), None)
        if single is None or not _is_signed(response, issuer, now):
            return "unsigned"
    except (*der.FAULTS, NotImplementedError):
        return "unsigned"
    ends = single.next_update_utc
    if single.this_update_utc > now + SKEW or (ends is not None and ends < now - SKEW):
        return "outdated"
    return _status(single)


def _status(single: "OCSPSingleResponse") -> Outcome:
    from cryptography.x509 import ReasonFlags, ocsp

    if single.certificate_status == ocsp.OCSPCertStatus.GOOD:
        return "good"
    if single.certificate_status == ocsp.OCSPCertStatus.UNKNOWN:
        return "not_known"
    held = single.revocation_reason == ReasonFlags.certificate_hold
    return "suspended" if held else "revoked"


def _is_about(single: "OCSPSingleResponse", certificate: Certificate, issuer: Certificate) -> bool:
    name, key = _hashes(certificate, issuer, single.hash_algorithm.name)
    return (single.serial_number, single.issuer_name_hash, single.issuer_key_hash) == (
        certificate.serial,
        name,
        key,
    )


def _hashes(certificate: Certificate, issuer: Certificate, digest: str) -> tuple[bytes, bytes]:
    """What stands for the issuer: hashes over its name and over its key's bits."""
    key = Element.parse(issuer.public_key_info).children(der.SEQUENCE)[1].bits()
    return (
        hashlib.new(digest, certificate.issuer_der, usedforsecurity=False).digest(),
        hashlib.new(digest, key, usedforsecurity=False).digest(),
    )


def _is_signed(response: "OCSPResponse", issuer: Certificate, now: datetime) -> bool:
    oid = response.signature_algorithm_oid.dotted_string
    rest = oid, response.signature, response.tbs_response_bytes
    if chain.signature_holds(issuer, *rest):
        return True
    return any(
        chain.signature_holds(delegate, *rest) for delegate in _delegates(response, issuer, now)
    )


def _delegates(
    response: "OCSPResponse", issuer: Certificate, now: datetime
) -> Iterable[Certificate]:
    """Those certificates in an answer that the authority has named for signing answers."""
    from cryptography.hazmat.primitives.serialization import Encoding

    for loaded in response.certificates:
        certificate = Certificate.parse(loaded.public_bytes(Encoding.DER))
        before, after = certificate.not_before, certificate.not_after
        if before is None or after is None or not before <= now <= after:
            continue
        if certificate.extensions.ocsp_signing and chain.is_signed_by(certificate, issuer):
            yield certificate
