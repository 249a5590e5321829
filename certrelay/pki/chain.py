"""Who signed a certificate: signatures, and the way up to an authority.

Source: RFC 5280 §6, without policies and name constraints, which Korean chains do not use
against their own customers.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal

from certrelay.frozen import frozen
from certrelay.pki import oids
from certrelay.pki.certificate import Certificate, read_name

_MAX_LENGTH: Final = 8
"""Certificates in a chain; Korean ones have three."""

Outcome = Literal["ok", "no_issuer", "bad_signature", "unsupported_algorithm", "issuer_not_valid"]


@frozen
class Chain:
    """How far up a certificate's chain goes, and why no further."""

    outcome: Outcome
    certificates: tuple[Certificate, ...]
    """From the certificate up to the last authority that holds."""


def build(
    certificate: Certificate,
    own: Iterable[Certificate],
    trusted: tuple[Certificate, ...],
    now: datetime,
) -> Chain:
    """Find the way up.

    Args:
        certificate: Whose chain it is.
        own: Authorities that lie beside the certificate; they prove no trust.
        trusted: Authorities that the person gave.  If there are any the chain must reach
            one of them; otherwise it must end in an authority that signs itself.
        now: An authority must be valid then, or at the end of a certificate that is over.
    """
    anchors = {authority.der for authority in trusted}
    known = (*trusted, *own)
    moment = min(now, certificate.not_after) if certificate.not_after else now
    path = [certificate]
    while len(path) < _MAX_LENGTH:
        outcome, issuer = _issuer(path[-1], known, moment)
        if issuer is None:
            return Chain(outcome, tuple(path))
        if issuer.der == path[-1].der:
            return Chain("no_issuer" if anchors else "ok", tuple(path))
        path.append(issuer)
        if issuer.der in anchors:
            return Chain("ok", tuple(path))
    return Chain("no_issuer", tuple(path))


def _issuer(
    certificate: Certificate, known: tuple[Certificate, ...], moment: datetime
) -> tuple[Outcome, Certificate | None]:
    outcome: Outcome = "no_issuer"
    for candidate in known:
        if not _may_have_issued(candidate, certificate):
            continue
        signed = is_signed_by(certificate, candidate)
        if signed is None:
            outcome = "unsupported_algorithm"
        elif not signed:
            outcome = "bad_signature"
        elif not _is_valid(candidate, moment):
            outcome = "issuer_not_valid"
        else:
            return "ok", candidate
    return outcome, None


def _may_have_issued(authority: Certificate, certificate: Certificate) -> bool:
    """Compare names and key identifiers, and see that the candidate is an authority."""
    wanted = certificate.extensions.authority_key_id
    own = authority.extensions.subject_key_id
    if wanted and own and wanted != own:
        return False
    return authority.extensions.ca and same_name(authority, certificate.issuer_der)


def same_name(authority: Certificate, issuer_der: bytes) -> bool:
    """Tell whether an issuer's name, as encoded, is an authority's; case does not count.

    Korean authorities write ``KR`` and ``kr``, PrintableString and UTF8String, as it comes.
    """
    if authority.subject_der == issuer_der:
        return True
    theirs = read_name(issuer_der)
    return theirs != () and _folded(theirs) == _folded(authority.subject_rdns)


def _folded(rdns: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(attribute, " ".join(value.split()).casefold()) for attribute, value in rdns]


def _is_valid(authority: Certificate, moment: datetime) -> bool:
    before, after = authority.not_before, authority.not_after
    return before is not None and after is not None and before <= moment <= after


def is_signed_by(certificate: Certificate, authority: Certificate) -> bool | None:
    """Check a certificate's signature; ``None`` if its kind cannot be checked here."""
    return signature_holds(
        authority, certificate.signature_oid, certificate.signature, certificate.tbs
    )


def signature_holds(
    authority: Certificate, signature_oid: str, signature: bytes, content: bytes
) -> bool | None:
    """Check an authority's signature over bytes; ``None`` if it cannot be checked here."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    name = oids.RSA_SIGNATURES.get(signature_oid) or oids.EC_SIGNATURES.get(signature_oid)
    if name is None:
        return None
    digest: hashes.HashAlgorithm = getattr(hashes, name)()
    try:
        key = serialization.load_der_public_key(authority.public_key_info)
        if isinstance(key, rsa.RSAPublicKey) and signature_oid in oids.RSA_SIGNATURES:
            key.verify(signature, content, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and signature_oid in oids.EC_SIGNATURES:
            key.verify(signature, content, ec.ECDSA(digest))
        else:
            return None
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return None
    return True
