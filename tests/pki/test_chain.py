from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

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
