from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.errors import CertificateError
from certrelay.pki import der
from certrelay.pki.revocation import RevocationList, judge
from certrelay.testkit import ca
from tests.certificates import NOW, authority, key, person, root

SIGN = person().sign.certificate
KNOWN = [authority().certificate, root().certificate]
DAY = timedelta(days=1)


def crl(*serials: int, suspended: tuple[int, ...] = (), point: str | None = None) -> RevocationList:
    encoded = authority().revocations(serials, NOW, suspended=suspended, point=point)
    return RevocationList.parse(encoded)


def test_a_list_is_read() -> None:
    found = crl(1, 2, suspended=(3,))
    assert {serial: held for serial, (_, held) in found.revoked.items()} == {
        1: False,
        2: False,
        3: True,
    }
    assert found.this_update == NOW
    assert found.next_update == NOW + 7 * DAY


def test_a_certificate_is_good_revoked_or_suspended() -> None:
    assert judge(crl(), SIGN, KNOWN, NOW) == "ok"
    assert judge(crl(SIGN.serial + 1), SIGN, KNOWN, NOW) == "ok"
    assert judge(crl(SIGN.serial), SIGN, KNOWN, NOW) == "revoked"
    assert judge(crl(suspended=(SIGN.serial,)), SIGN, KNOWN, NOW) == "suspended"


def test_an_old_list_still_revokes_and_no_longer_clears() -> None:
    later = NOW + 8 * DAY
    assert judge(crl(), SIGN, KNOWN, later) == "outdated"
    assert judge(crl(SIGN.serial), SIGN, KNOWN, later) == "revoked"


def test_the_list_of_another_authority_says_nothing() -> None:
    other = ca.Authority(NOW, "KICA", key=key(90)).revocations([SIGN.serial], NOW)
    assert judge(RevocationList.parse(other), SIGN, KNOWN, NOW) == "other_issuer"


def test_a_list_that_the_authority_did_not_sign_says_nothing() -> None:
    forged = ca.Authority(NOW, key=key(90), above=root()).revocations([SIGN.serial], NOW)
    assert judge(RevocationList.parse(forged), SIGN, KNOWN, NOW) == "unsigned"
    assert judge(crl(), SIGN, [], NOW) == "unsigned"


def test_a_part_clears_only_the_certificates_that_name_it() -> None:
    assert judge(crl(point=ca.CRL_POINT), SIGN, KNOWN, NOW) == "ok"
    elsewhere = "ldap://ca.invalid:389/ou=dp2p2,ou=AccreditedCA,o=test,c=kr"
    assert judge(crl(point=elsewhere), SIGN, KNOWN, NOW) == "partial"
    assert judge(crl(SIGN.serial, point=elsewhere), SIGN, KNOWN, NOW) == "revoked"


def test_a_long_list_is_read_whole() -> None:
    assert len(crl(*range(10_000, 16_000)).revoked) == 6000


WHOLE = authority().revocations([1, 2], NOW, suspended=[3], point=ca.CRL_POINT)


@pytest.mark.parametrize("junk", [b"", b"\x30\x00", WHOLE[:-1], SIGN.der])
def test_what_is_no_list_is_refused(junk: bytes) -> None:
    with pytest.raises(CertificateError) as caught:
        RevocationList.parse(junk)
    assert caught.value.code == "bad_crl"


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_a_list_or_our_error(at: int, byte: int) -> None:
    changed = WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]
    try:
        found = RevocationList.parse(changed)
    except CertificateError:
        return
    if changed != WHOLE:
        assert judge(found, SIGN, KNOWN, NOW) in ("unsigned", "other_issuer", "ok")


def test_a_list_without_entries_has_none() -> None:
    assert crl().revoked == {}
    assert der.Element.parse(authority().revocations([], NOW)).children()
