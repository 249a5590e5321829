"""Who signed a certificate: signatures, and the way up to an authority.

Source: RFC 5280 §6, without policies and name constraints, which Korean chains do not use
against their own customers.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from certrelay.frozen import frozen
from certrelay.pki import der, oids
from certrelay.pki.certificate import Certificate, read_name
from certrelay.pki.der import Element

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

_MAX_LENGTH: Final = 8
"""Certificates in a chain; Korean ones have three."""

Outcome = Literal["ok", "no_issuer", "bad_signature", "unsupported_algorithm", "issuer_not_valid"]


@frozen
class Chain:
    """How far up a certificate's chain goes, and why no further."""

    outcome: Outcome
    certificates: tuple[Certificate, ...]
    """From the certificate up to the last authority that holds."""
    proven: bool = True
    """Whether a wrong signature proves a forgery: the key identifiers agree.  An authority that
    changed its key keeps its name, so a name alone proves nothing."""


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
        outcome, issuer, proven = _issuer(path[-1], known, moment)
        if issuer is None:
            return Chain(outcome, tuple(path), proven)
        if issuer.der == path[-1].der:
            return Chain("no_issuer" if anchors else "ok", tuple(path))
        path.append(issuer)
        if issuer.der in anchors:
            return Chain("ok", tuple(path))
    return Chain("no_issuer", tuple(path))


def _issuer(
    certificate: Certificate, known: tuple[Certificate, ...], moment: datetime
) -> tuple[Outcome, Certificate | None, bool]:
    outcome: Outcome = "no_issuer"
    proven = False
    for candidate in known:
        if not _may_have_issued(candidate, certificate):
            continue
        signed = is_signed_by(certificate, candidate)
        if signed is None:
            outcome = "unsupported_algorithm"
        elif not signed:
            outcome = "bad_signature"
            ids = certificate.extensions.authority_key_id, candidate.extensions.subject_key_id
            proven = proven or (None not in ids and ids[0] == ids[1])
        elif not _is_valid(candidate, moment):
            outcome = "issuer_not_valid"
        else:
            return "ok", candidate, True
    return outcome, None, proven


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
        authority,
        certificate.signature_oid,
        certificate.signature,
        certificate.tbs,
        certificate.signature_parameters,
    )


def signature_holds(
    authority: Certificate,
    signature_oid: str,
    signature: bytes,
    content: bytes,
    parameters: bytes = b"",
) -> bool | None:
    """Check an authority's signature over bytes; ``None`` if it cannot be checked here.

    Args:
        authority: Whose key.
        signature_oid: The algorithm.
        signature: The signature.
        content: What is signed.
        parameters: Of the algorithm, as encoded.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

    try:
        key = serialization.load_der_public_key(authority.public_key_info)
        if isinstance(key, rsa.RSAPublicKey) and signature_oid in oids.RSA_SIGNATURES:
            digest = _digest(oids.RSA_SIGNATURES[signature_oid])
            key.verify(signature, content, padding.PKCS1v15(), digest)
        elif isinstance(key, rsa.RSAPublicKey) and signature_oid == oids.RSA_PSS:
            key.verify(signature, content, *_pss(parameters))
        elif isinstance(key, ec.EllipticCurvePublicKey) and signature_oid in oids.EC_SIGNATURES:
            digest = _digest(oids.EC_SIGNATURES[signature_oid])
            key.verify(signature, content, ec.ECDSA(digest))
        elif (isinstance(key, ed25519.Ed25519PublicKey) and signature_oid == oids.ED25519) or (
            isinstance(key, ed448.Ed448PublicKey) and signature_oid == oids.ED448
        ):
            key.verify(signature, content)
        else:
            return None
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, *der.FAULTS, TypeError):
        return None
    return True


def _digest(name: str) -> "hashes.HashAlgorithm":
    from cryptography.hazmat.primitives import hashes

    digest: hashes.HashAlgorithm = getattr(hashes, name)()
    return digest


def _pss(parameters: bytes) -> "tuple[padding.PSS, hashes.HashAlgorithm]":
    """Read RSASSA-PSS-params (RFC 4055 §3.1).

    Raises:
        ValueError: For a hash that is not known here.
    """
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = mask = "SHA1"
    salt_bytes = 20
    for field in Element.parse(parameters).children(der.SEQUENCE):
        (value,) = field.children()
        if field.tag == der.context(0):
            digest = _hash_name(value)
        elif field.tag == der.context(1):
            function, inner = value.children(der.SEQUENCE)
            if function.oid() != oids.MGF1:
                raise der.DerError("mask generation")
            mask = _hash_name(inner)
        elif field.tag == der.context(2):
            salt_bytes = value.integer()
    return padding.PSS(padding.MGF1(_digest(mask)), salt_bytes), _digest(digest)


def _hash_name(algorithm: Element) -> str:
    name = oids.DIGESTS.get(algorithm.children(der.SEQUENCE)[0].oid())
    if name is None:
        raise der.DerError("hash")
    return name.upper()
