"""What an item is, and whether it is what it claims: on arrival, in a list, before sending.

Without a password only the structure can be seen; that is marked unverified (미확인), and
so is a key of a kind that cannot be compared.  Nothing that can still be moved is refused.

Source: docs/protocol.md §7; docs/security.md, attack 31.
"""

import hashlib
import re
from datetime import datetime
from typing import Final, Literal

from certrelay.bundle import Item
from certrelay.errors import CertificateError, CertRelayError
from certrelay.frozen import frozen, replace
from certrelay.pki import chain, naming, npki, pbe, pkcs12, validity
from certrelay.pki.certificate import Certificate, parse_chain
from certrelay.pki.naming import Place
from certrelay.pki.private_key import PrivateKey

Reason = Literal[
    "no_password", "key_cannot_be_compared", "certificate_sealed", "certificate_faulty"
]
"""Why an item is unverified."""


_MADE_UP: Final = re.compile(
    r"(?:[a-z]{1,3}-|PvkTmp:)?\{?[0-9a-f]{4,}(?:-[0-9a-f]{2,}){0,6}\}?", re.I
)
"""Names such as ``te-0f3c5d1e-2c2a`` or ``{0F3C5D1E-…}``."""


@frozen
class Summary:
    """What an item shows of itself.  Its texts are a stranger's."""

    kind: str
    certificate: Certificate | None
    """``None`` for a PKCS#12 file whose certificates are encrypted."""
    km_certificate: Certificate | None
    place: Place
    """Where a store keeps it."""
    authorities: tuple[Certificate, ...]
    """Certificates of authorities that lie beside it: CaPubs, or a PKCS#12 file's chain."""
    verified: bool
    """Whether the password has opened the key, the key fits the certificate, and all of the
    certificate can be read."""
    reason: Reason | None
    """Why not, if not."""
    protected: bool = True
    """Whether a password protects every key: a file may hold one in the open."""
    name: str | None = None
    """What to call it: the common name, or what a sealed file calls its key; a stranger's text
    too."""
    key: PrivateKey | None = None
    """The opened key, where a password was given."""
    km_error: str | None = None
    """Why the km key is not verified though the sign key is: an error's code."""

    @property
    def cn(self) -> str | None:
        """The common name."""
        return self.certificate.cn if self.certificate else None

    @property
    def issuer(self) -> str | None:
        """The issuer's common name."""
        return self.certificate.issuer_cn if self.certificate else None

    @property
    def ca(self) -> str | None:
        """The folder of the issuing authority."""
        return self.certificate.ca if self.certificate else None

    @property
    def serial(self) -> int | None:
        """The serial number."""
        return self.certificate.serial if self.certificate else None

    @property
    def not_after(self) -> datetime | None:
        """The end of validity, in UTC."""
        return self.certificate.not_after if self.certificate else None

    @property
    def policy_oid(self) -> str | None:
        """The first certificate policy."""
        return self.certificate.policy_oid if self.certificate else None


def inspect(item: Item, *, plain_keys: bool = False) -> Summary:
    """See what an item is, without its password.

    Args:
        item: What arrived, or was read.
        plain_keys: Take key files that no password protects too, for what lies on this
            computer and can be given a password.  None arrives so.

    Raises:
        CertificateError: ``bad_certificate``, ``bad_key_file``, ``bad_pkcs12``,
            ``missing_sign_cert``, ``missing_sign_key``, ``missing_km_part``.
    """
    if item.kind == "npki":
        return _inspect_npki(item, plain_keys=plain_keys)
    content = item.get("pkcs12")
    if content is None:
        raise CertificateError("bad_pkcs12")
    outline = pkcs12.outline(content)
    certificate = next(iter(outline.certificates), None)
    return Summary(
        kind=item.kind,
        certificate=certificate,
        km_certificate=_km_of(outline.certificates),
        place=_pkcs12_place(certificate, content, _name_for_people(outline.key_names) or ""),
        authorities=_issuing(outline.certificates[1:]),
        verified=False,
        reason="no_password" if certificate else "certificate_sealed",
        protected=outline.protected,
        name=certificate.cn if certificate else _name_for_people(outline.key_names),
    )


def inspect_with_password(
    item: Item, password: str, *, plain_keys: bool = False, km_password: str | None = None
) -> Summary:
    """See what an item is, and that the password opens its key and the key fits.

    The km key is tried with the same password; what is wrong with it is told in
    ``km_error``, since the sign pair is the one that matters.

    Args:
        item: What was read.
        password: Of its keys.
        plain_keys: Take keys that no password protects too: only a change that encrypts them
            may ask for that.
        km_password: Of the km key, where it has one of its own.

    Raises:
        PasswordError: ``wrong_password``.
        CertificateError: ``key_mismatch``, ``key_not_encrypted``, ``unsupported_algorithm``,
            ``too_many_iterations``, and as `inspect`.
    """
    seen = inspect(item, plain_keys=True)
    if not seen.protected and not plain_keys:
        raise CertificateError("key_not_encrypted")
    if item.kind == "pkcs12":
        content = item.get("pkcs12") or b""
        opened = pkcs12.open_file(content, password, plain_keys=plain_keys)
        return _verified_pkcs12(seen, opened, content)
    assert seen.certificate is not None
    sign_key = item.get("signPri") or b""
    key = npki.check_password(seen.certificate, sign_key, password, plain_keys=plain_keys)
    km_key = item.get("kmPri")
    if seen.km_certificate is None or km_key is None:
        return _verified(seen, key, None)
    km_error = _km_error(seen.km_certificate, km_key, password, plain_keys=plain_keys)
    if km_error == "wrong_password" and km_password is not None:
        km_error = _km_error(seen.km_certificate, km_key, km_password, plain_keys=plain_keys)
    return _verified(seen, key, km_error)


def _km_error(
    certificate: Certificate, key: bytes, password: str, *, plain_keys: bool
) -> str | None:
    try:
        npki.check_password(certificate, key, password, plain_keys=plain_keys)
    except CertRelayError as error:
        return error.code
    return None


def _verified_pkcs12(seen: Summary, opened: pkcs12.OpenedPkcs12, content: bytes) -> Summary:
    first, *others = opened.pairs
    return _verified(
        replace(
            seen,
            certificate=first.certificate,
            name=first.certificate.cn,
            km_certificate=next((p.certificate for p in others if not p.certificate.signs), None),
            place=_pkcs12_place(first.certificate, content),
            authorities=_issuing(opened.chain),
        ),
        first.key,
        None,
    )


def _km_of(certificates: tuple[Certificate, ...]) -> Certificate | None:
    """The km certificate beside the first one, which signs: the other of the same owner."""
    for other in certificates[1:]:
        is_km = not other.signs and not other.extensions.ca
        if is_km and chain.same_name(other, certificates[0].subject_der):
            return other
    return None


def _issuing(certificates: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """Those of authorities: a file may hold an older certificate of the same key too."""
    return tuple(each for each in certificates if each.extensions.ca)


def _name_for_people(names: tuple[str, ...]) -> str | None:
    """What a sealed file calls its key, unless that is a number that Windows made up."""
    return next((name for name in names if not _MADE_UP.fullmatch(name.strip())), None)


def _verified(seen: Summary, key: PrivateKey, km_error: str | None) -> Summary:
    assert seen.certificate is not None
    reason: Reason | None = None
    if key.fits(seen.certificate.public_key_info) is None:
        reason = "key_cannot_be_compared"
    elif seen.certificate.unreadable:
        reason = "certificate_faulty"
    return replace(seen, verified=reason is None, reason=reason, key=key, km_error=km_error)


def _inspect_npki(item: Item, *, plain_keys: bool) -> Summary:
    sign_certificate, sign_key = item.get("signCert"), item.get("signPri")
    km_certificate, km_key = item.get("kmCert"), item.get("kmPri")
    if sign_certificate is None:
        raise CertificateError("missing_sign_cert")
    if sign_key is None:
        raise CertificateError("missing_sign_key")
    if (km_certificate is None) != (km_key is None):
        raise CertificateError("missing_km_part")
    certificate = Certificate.read(sign_certificate)
    protected = True
    for key in (sign_key, km_key):
        if key is None:
            continue
        if plain_keys and npki.plain_key(key) is not None:
            protected = False
        else:
            pbe.parse(key)
    return Summary(
        kind=item.kind,
        certificate=certificate,
        km_certificate=Certificate.read(km_certificate) if km_certificate else None,
        place=naming.npki_place(
            certificate.subject_rdns, certificate.issuer_rdns, certificate.fingerprint
        ),
        authorities=_authorities(item),
        verified=False,
        reason="no_password",
        protected=protected,
        name=certificate.cn,
    )


def _authorities(item: Item) -> tuple[Certificate, ...]:
    """The certificates of ``caPubs``: none if it is missing or cannot be read."""
    content = item.get("caPubs")
    if content is None:
        return ()
    try:
        return parse_chain(content)
    except CertificateError:
        return ()


def _pkcs12_place(certificate: Certificate | None, content: bytes, key_name: str = "") -> Place:
    digest = hashlib.sha256(content).hexdigest()[:16]
    if certificate is None:
        return naming.pkcs12_place(naming.sealed_stem(key_name, digest))
    day = None if certificate.not_after is None else validity.last_day(certificate.not_after)
    return naming.pkcs12_place(
        naming.file_stem(certificate.cn, certificate.issuer_rdns, day, digest)
    )
