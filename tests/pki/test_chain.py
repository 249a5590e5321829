from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric import padding as padding_of
from cryptography.x509.oid import NameOID

from certrelay.frozen import replace
from certrelay.pki import chain, der
from certrelay.pki.certificate import Certificate
from certrelay.testkit import ca
from tests.certificates import END, NOW, START, authority, key, person, root

SIGN = person().sign.certificate
CA, ROOT = authority().certificate, root().certificate
OTHER_ROOT = ca.Authority(NOW, "KISA", key=key(97)).certificate


def test_a_chain_goes_up_to_a_root() -> None:
    found = chain.build(SIGN, [ROOT, CA], (), NOW)
    assert (found.outcome, found.certificates) == ("ok", (SIGN, CA, ROOT))


@pytest.mark.parametrize("trusted", [(CA,), (ROOT,), (ROOT, CA)])
def test_a_chain_that_reaches_what_the_person_trusts_is_good(
    trusted: tuple[Certificate, ...],
) -> None:
    assert chain.build(SIGN, [CA], trusted, NOW).outcome == "ok"


def test_a_chain_without_its_middle_or_its_end_is_not_good() -> None:
    assert chain.build(SIGN, [ROOT], (), NOW).outcome == "no_issuer"
    assert chain.build(SIGN, [CA], (), NOW).outcome == "no_issuer"
    assert chain.build(SIGN, [], (), NOW).outcome == "no_issuer"
    assert chain.build(SIGN, [CA, ROOT], (OTHER_ROOT,), NOW).outcome == "no_issuer"


def test_an_authority_of_the_same_name_and_another_key_has_not_signed() -> None:
    forger = ca.Authority(NOW, key=key(96), above=root()).certificate
    nameless = Certificate.parse(without_key_id(forger))
    assert nameless.subject_der == CA.subject_der
    assert chain.build(SIGN, [nameless, ROOT], (), NOW).outcome == "bad_signature"
    assert chain.build(SIGN, [forger, ROOT], (), NOW).outcome == "no_issuer"


def without_key_id(certificate: Certificate) -> bytes:
    """Rename the extension that holds the key's identifier, so that it is not compared."""
    own = der.oid("2.5.29.14")
    return certificate.der.replace(own, der.oid("2.5.29.99"))


def test_a_certificate_of_a_person_issues_nothing() -> None:
    child = person(8).sign.certificate
    fake = ca.Authority(NOW)
    fake._name = ca._name(SIGN.cn, ("TEST", "personal4IB"), "yessign")  # type: ignore[misc]
    issued = fake.issue(ca.Owner(), START, END, km=False, sign_key=key(1)).sign.certificate
    assert chain.build(issued, [SIGN, CA, ROOT], (), NOW).outcome == "no_issuer"
    assert chain.build(child, [SIGN, CA, ROOT], (), NOW).outcome == "ok"


def test_names_are_compared_without_case_and_kind_of_string() -> None:
    name = der.sequence(
        *[
            der.set_of([der.sequence(der.oid(oid), der.printable(value))])
            for oid, value in [
                ("2.5.4.6", "KR"),
                ("2.5.4.10", "YesSign"),
                ("2.5.4.11", "TEST"),
                ("2.5.4.11", "AccreditedCA"),
                ("2.5.4.3", "certrelay  test ca"),
            ]
        ]
    )
    assert chain.same_name(CA, name)
    assert not chain.same_name(ROOT, name)
    assert not chain.same_name(CA, der.null())


def test_an_authority_must_be_valid_while_the_certificate_is() -> None:
    later = NOW + timedelta(days=365 * 20)
    assert chain.build(SIGN, [CA, ROOT], (), later).outcome == "ok", "it was over before"
    long = authority().issue(
        ca.Owner(), START, later + timedelta(days=1), km=False, sign_key=key(1)
    )
    assert chain.build(long.sign.certificate, [CA, ROOT], (), later).outcome == "issuer_not_valid"


def test_elliptic_signatures_are_checked() -> None:
    high = ca.Authority(NOW, key=ec.generate_private_key(ec.SECP256R1()))
    issued = high.issue(ca.Owner(), START, END, km=False, sign_key=key(1)).sign.certificate
    assert chain.build(issued, [high.certificate], (), NOW).outcome == "ok"
    assert chain.is_signed_by(SIGN, high.certificate) is None, "another kind of signature"


def test_an_unknown_kind_of_signature_is_not_called_false() -> None:
    outer = [field.encoded for field in der.Element.parse(SIGN.der).children()]
    algorithm = der.sequence(der.oid("1.2.410.200004.1.8"), der.null())
    certificate = Certificate.parse(der.sequence(outer[0], algorithm, outer[2]))
    assert chain.build(certificate, [CA, ROOT], (), NOW).outcome == "unsupported_algorithm"
    assert chain.is_signed_by(certificate, CA) is None


def test_authorities_that_sign_each_other_are_no_endless_way() -> None:
    one = ca.Authority(NOW, "A", key=key(90))
    other = ca.Authority(NOW, "B", key=key(91), above=one)
    loop = ca.Authority(NOW, "A", key=key(90), above=other)
    loop._name = one._name  # type: ignore[misc]
    issued = one.issue(ca.Owner(), START, END, km=False, sign_key=key(1)).sign.certificate
    found = chain.build(issued, [loop.certificate, other.certificate], (), NOW)
    assert found.outcome == "no_issuer"
    assert len(found.certificates) <= 8


# Signatures of every kind that authorities may use one day.


def issued_by(
    private: "Signing", *, padding: padding_of.PSS | None = None, digest: str = "SHA256"
) -> tuple[Certificate, Certificate]:
    """An authority with that key, and a certificate that it has signed."""
    rest = {"rsa_padding": padding} if padding else {}
    algorithm = None if isinstance(private, EDWARDS) else getattr(hashes, digest)()

    def build(subject: str, public: Any, *, is_ca: bool) -> Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")]))
            .serial_number(5)
            .not_valid_before(START)
            .not_valid_after(END)
            .public_key(public)
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        )
        signed = builder.sign(private, algorithm, **rest)  # type: ignore[arg-type]
        return Certificate.parse(signed.public_bytes(serialization.Encoding.DER))

    return build("CA", private.public_key(), is_ca=True), build(
        "somebody", key(1).public_key(), is_ca=False
    )


EDWARDS = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)
Signing = ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey | rsa.RSAPrivateKey


def pss(digest: hashes.HashAlgorithm, salt: int) -> padding_of.PSS:
    return padding_of.PSS(padding_of.MGF1(digest), salt)


@pytest.mark.parametrize(
    ("authority_key", "padding", "digest"),
    [
        (ed25519.Ed25519PrivateKey.generate(), None, "SHA256"),
        (ed448.Ed448PrivateKey.generate(), None, "SHA256"),
        (key(94), pss(hashes.SHA256(), 32), "SHA256"),
        (key(94), pss(hashes.SHA256(), 20), "SHA256"),
        (key(94), pss(hashes.SHA384(), 48), "SHA384"),
    ],
    ids=["Ed25519", "Ed448", "PSS", "PSS, short salt", "PSS, SHA-384"],
)
def test_edwards_curves_and_pss_are_checked(
    authority_key: Signing, padding: padding_of.PSS | None, digest: str
) -> None:
    above, certificate = issued_by(authority_key, padding=padding, digest=digest)
    assert chain.is_signed_by(certificate, above) is True
    forged = replace(certificate, signature=bytes(len(certificate.signature)))
    assert chain.is_signed_by(forged, above) is False
    assert chain.is_signed_by(certificate, ROOT) in (None, False)


def test_pss_with_parameters_that_make_no_sense_is_not_called_false() -> None:
    above, certificate = issued_by(key(94), padding=pss(hashes.SHA256(), 32))
    unknown_hash = der.sequence(der.explicit(0, der.sequence(der.oid("1.2.3"))))
    for parameters in (b"", b"junk", unknown_hash):
        odd = replace(certificate, signature_parameters=parameters)
        assert chain.is_signed_by(odd, above) is None
