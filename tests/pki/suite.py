"""Holds the program against the PKCS#12 files of a public suite: ``python -m tests.pki.suite``.

The files are those of PyPI's ``cryptography-vectors``: the interoperability files of
`cryptography` and NIST's PKITS.  Each is opened here and by `cryptography` with its password;
serial numbers, dates, names, policies and keys must be the same, and a wrong password must be
refused.  What `cryptography` does not open is counted apart, with what is said of it here.
"""

import importlib.util
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12 as library

from certrelay.errors import CertificateError, CertRelayError, PasswordError
from certrelay.pki import pkcs12
from certrelay.pki.certificate import Certificate

_PASSWORDS = ("password", "cryptography", "")
"""What the suite's files have, in their READMEs' words."""


@dataclass(frozen=True)
class Facts:
    """What both must read the same of a certificate."""

    serial: int
    begins: str
    ends: str
    subject: tuple[str, ...]
    issuer: tuple[str, ...]
    policies: tuple[str, ...]


def ours(certificate: Certificate) -> Facts:
    def names(rdns: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        return tuple(value for _, value in reversed(rdns))

    assert certificate.not_before is not None
    assert certificate.not_after is not None
    return Facts(
        certificate.serial,
        certificate.not_before.isoformat(),
        certificate.not_after.isoformat(),
        names(certificate.subject_rdns),
        names(certificate.issuer_rdns),
        certificate.extensions.policies,
    )


def theirs(certificate: x509.Certificate) -> Facts:
    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
        policies = tuple(each.policy_identifier.dotted_string for each in found.value)
    except x509.ExtensionNotFound:
        policies = ()
    return Facts(
        certificate.serial_number,
        certificate.not_valid_before_utc.isoformat(),
        certificate.not_valid_after_utc.isoformat(),
        tuple(str(each.value) for each in certificate.subject),
        tuple(str(each.value) for each in certificate.issuer),
        policies,
    )


def compare(content: bytes) -> str:
    """Open one file in both; give what became of it in a few words.

    Raises:
        AssertionError: If the two read differently.
    """
    loaded, password = _loaded(content)
    if loaded is None:
        return f"not opened by cryptography; here: {_said(content)}"
    if loaded.key is None or loaded.cert is None:
        _expect(content, password, CertificateError)
        return "without key or certificate: said so"
    try:
        opened = pkcs12.open_file(content, password)
    except CertificateError as error:
        if error.code != "key_not_encrypted":
            raise
        opened = pkcs12.open_file(content, password, plain_keys=True)
    pair = opened.pairs[0]
    assert ours(pair.certificate) == theirs(loaded.cert.certificate)
    mine = serialization.load_der_private_key(pair.key.der, None)
    assert _public(mine.public_key()) == _public(loaded.key.public_key())
    others = {theirs(each.certificate) for each in loaded.additional_certs}
    assert {ours(each) for each in opened.chain} == others
    if pkcs12.outline(content).protected:
        _expect(content, f"{password}?", PasswordError)
    # The key's own name counts here, the certificate's there: a file may give two.
    if (
        loaded.cert.friendly_name is None
        or pair.friendly_name == loaded.cert.friendly_name.decode()
    ):
        return "the same in both"
    return "the same in both but for the name: the key and the certificate have one each"


def _loaded(content: bytes) -> "tuple[library.PKCS12KeyAndCertificates | None, str]":
    for password in _PASSWORDS:
        for secret in {password.encode() or None, password.encode()}:
            try:
                return library.load_pkcs12(content, secret), password
            except (ValueError, TypeError):
                continue
    return None, ""


def _said(content: bytes) -> str:
    for password in _PASSWORDS:
        try:
            pkcs12.open_file(content, password)
        except PasswordError as error:
            said = error.code
        except CertRelayError as error:
            return error.code
        else:
            return "opened"
    return said


def _public(key: object) -> bytes:
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, info)  # type: ignore[attr-defined]
    return encoded


def _expect(content: bytes, password: str, kind: type[CertRelayError]) -> None:
    try:
        pkcs12.open_file(content, password)
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def files() -> list[Path]:
    """The suite's files, in order; none where the package is not installed."""
    found = importlib.util.find_spec("cryptography_vectors")
    if found is None or found.origin is None:
        return []
    return sorted(Path(found.origin).parent.rglob("*.p12"))


def main() -> int:
    """Compare every file; print the counts, and what differs."""
    found = files()
    if not found:
        print("not run: pip install cryptography-vectors (of cryptography's own version)")
        return 1
    counts: Counter[str] = Counter()
    for path in found:
        try:
            counts[compare(path.read_bytes())] += 1
        except (AssertionError, CertRelayError) as error:
            counts["DIFFERENT"] += 1
            print(f"{path.name}: {error!r}")
    for what, count in counts.most_common():
        print(f"{count:4} {what}")
    print(f"{len(found)} files of cryptography-vectors")
    return 1 if counts["DIFFERENT"] else 0


if __name__ == "__main__":
    sys.exit(main())
