import hashlib
import re
from datetime import UTC, datetime

import pytest
from asn1crypto import core, x509
from hypothesis import given
from hypothesis import strategies as st

from certrelay.errors import CertificateError
from certrelay.pki import der, oids, vid
from certrelay.pki.certificate import Certificate, parse_chain
from certrelay.testkit.ca import TEST_IDN
from tests.certificates import END, START, authority, person

SIGN = person().sign.certificate


def rebuilt(change: dict[int, bytes]) -> bytes:
    """The certificate with fields of its inner part replaced (0 is the version)."""
    outer = der.Element.parse(SIGN.der).children()
    fields = [field.encoded for field in outer[0].children()]
    for at, new in change.items():
        fields[at] = new
    return der.sequence(der.sequence(*fields), outer[1].encoded, outer[2].encoded)


def test_a_korean_certificate_tells_all_that_a_person_wants_to_know() -> None:
    assert SIGN.cn == "홍길동()0099041202601010000001"
    assert SIGN.subject == (
        "cn=홍길동()0099041202601010000001,ou=TEST,ou=personal4IB,o=yessign,c=kr"
    )
    assert SIGN.issuer == "cn=certrelay Test CA,ou=AccreditedCA,ou=TEST,o=yessign,c=kr"
    assert (SIGN.issuer_cn, SIGN.ca) == ("certrelay Test CA", "yessign")
    assert (SIGN.not_before, SIGN.not_after) == (START, END)
    assert SIGN.serial == 1_000_002
    assert SIGN.policy_oid == "1.2.410.200005.1.1.4"
    assert SIGN.extensions.real_name == "홍길동"
    assert SIGN.signs
    assert SIGN.faults == ()


def test_a_km_certificate_does_not_sign() -> None:
    km = person().km
    assert km
    assert not km.certificate.signs
    assert km.certificate.subject == SIGN.subject


def test_an_authority_is_known_as_one() -> None:
    assert authority().certificate.extensions.ca
    assert not SIGN.extensions.ca


def test_asn1crypto_reads_the_same() -> None:
    other = x509.Certificate.load(SIGN.der)
    assert other.serial_number == SIGN.serial
    assert other.sha256.hex() == SIGN.fingerprint
    assert other.not_valid_after == SIGN.not_after
    assert other.public_key.dump() == SIGN.public_key_info
    assert other["tbs_certificate"].dump() == SIGN.tbs
    assert other.subject.native["common_name"] == SIGN.cn
    assert other.key_identifier == SIGN.extensions.subject_key_id


def test_the_identity_value_matches_its_number_and_no_other() -> None:
    random = person().sign.key.vid_random
    assert random
    assert vid.matches(SIGN, TEST_IDN, random) is True
    assert vid.matches(SIGN, "1234567891", random) is False
    assert vid.matches(SIGN, TEST_IDN, bytes(20)) is False
    assert vid.matches(SIGN, "홍길동", random) is False
    assert vid.matches(authority().certificate, TEST_IDN, random) is None


def test_an_identity_value_of_an_unknown_hash_cannot_be_compared() -> None:
    unknown = SIGN.der.replace(der.oid(oids.SHA256), der.oid("2.16.840.1.101.3.4.2.99"))
    certificate = Certificate.parse(unknown)
    assert certificate.extensions.vid is not None
    assert vid.matches(certificate, TEST_IDN, bytes(20)) is None


def test_the_identity_value_is_the_hash_that_the_profile_says() -> None:
    inner = core.Sequence.dump(IdentityInput({"idn": "1234567890", "random": b"R" * 20}))
    twice = hashlib.sha256(hashlib.sha256(inner).digest()).digest()
    assert vid.value("1234567890", b"R" * 20) == twice


class IdentityInput(core.Sequence):  # type: ignore[misc]
    _fields = [("idn", core.PrintableString), ("random", core.OctetBitString)]  # noqa: RUF012


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"0",
        b"\x30\x00",
        b"\x30\x80",
        SIGN.der[:-1],
        SIGN.der + b"\0",
        SIGN.der[:40],
        b"x" * 99,
    ],
)
def test_what_is_no_certificate_is_refused(junk: bytes) -> None:
    with pytest.raises(CertificateError) as caught:
        Certificate.parse(junk)
    assert caught.value.code == "bad_certificate"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({4: der.sequence()}, "validity"),
        ({4: der.sequence(der.null(), der.null())}, "validity"),
        ({5: der.sequence(der.null())}, "subject"),
        ({3: der.sequence(der.sequence())}, "issuer"),
        ({7: der.explicit(3, der.null())}, "extensions"),
        ({7: der.explicit(3)}, "extensions"),
    ],
)
def test_a_fault_in_one_field_leaves_the_others_readable(
    change: dict[int, bytes], fault: str
) -> None:
    certificate = Certificate.parse(rebuilt(change))
    assert fault in certificate.faults
    assert certificate.serial == SIGN.serial
    assert certificate.public_key_info == SIGN.public_key_info
    assert certificate.cn is not None
    assert certificate.ca


def test_one_broken_extension_is_named_and_the_others_are_read() -> None:
    policies = bytes.fromhex("0603551d20")
    at = SIGN.der.index(policies)
    octets = SIGN.der.index(b"\x04", at + 5)
    broken = SIGN.der[: octets + 2] + b"\x31" + SIGN.der[octets + 3 :]
    certificate = Certificate.parse(broken)
    assert certificate.faults == ("extension 2.5.29.32",)
    assert certificate.policy_oid is None
    assert certificate.extensions.vid == SIGN.extensions.vid


def test_a_name_in_cp949_is_read_and_marked() -> None:
    value = der.encode(der.UTF8_STRING, "홍길동".encode("cp949"))
    name = der.sequence(der.set_of([der.sequence(der.oid("2.5.4.3"), value)]))
    certificate = Certificate.parse(rebuilt({5: name}))
    assert (certificate.cn, certificate.faults) == ("홍길동", ("text",))


def test_a_serial_number_too_long_to_show_is_refused() -> None:
    with pytest.raises(CertificateError):
        Certificate.parse(rebuilt({1: der.integer(1 << 8000)}))
    largest = (1 << 8 * 64 - 1) - 1
    assert Certificate.parse(rebuilt({1: der.integer(largest)})).serial == largest
    with pytest.raises(CertificateError):
        Certificate.parse(rebuilt({1: der.integer(largest + 1)}))


@given(st.integers(0, len(SIGN.der) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_a_certificate_or_our_error(at: int, byte: int) -> None:
    changed = SIGN.der[:at] + bytes([byte]) + SIGN.der[at + 1 :]
    try:
        certificate = Certificate.parse(changed)
    except CertificateError:
        return
    assert certificate.der == changed
    assert isinstance(certificate.cn + certificate.issuer + certificate.ca, str)
    for moment in (certificate.not_before, certificate.not_after):
        assert moment is None or moment.tzinfo is UTC
    assert isinstance(certificate.not_after, datetime | None)


def test_a_chain_is_read_as_a_sequence_and_as_one_certificate() -> None:
    above = authority().certificate
    assert parse_chain(der.sequence(above.der, SIGN.der)) == (above, SIGN)
    assert parse_chain(above.der) == (above,)
    with pytest.raises(CertificateError):
        parse_chain(b"CaPubs")


def test_a_certificate_shows_no_text_of_a_stranger_in_a_log() -> None:
    assert re.fullmatch(r"Certificate\([0-9a-f]{16}\)", repr(SIGN))
