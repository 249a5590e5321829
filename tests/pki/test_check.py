import hashlib
import os

import pytest

from certrelay.bundle import Item
from certrelay.errors import CertificateError, PasswordError
from certrelay.frozen import replace
from certrelay.pki import check, der, naming, pbe, pkcs12_writing
from certrelay.pki.pkcs12_writing import Style
from certrelay.testkit.ca import SCHEMES
from tests.certificates import END, PASSWORD, authority, person, stranger

ISSUED = person()
ITEM = ISSUED.npki(PASSWORD, ca_pubs=True)


def changed(**contents: bytes | None) -> Item:
    files = {file.role: file.content for file in ITEM.files} | contents
    return Item.of("npki", {role: content for role, content in files.items() if content})


def test_a_pair_shows_what_a_person_must_see_before_saving() -> None:
    summary = check.inspect(ITEM)
    assert summary.cn == "홍길동()0099041202601010000001"
    assert (summary.issuer, summary.ca) == ("certrelay Test CA", "yessign")
    assert (summary.serial, summary.not_after) == (1_000_002, END)
    assert summary.policy_oid == "1.2.410.200005.1.1.4"
    assert summary.km_certificate is not None
    assert (summary.verified, summary.reason) == (False, "no_password")
    assert summary.place == (
        "yessign",
        "USER",
        "cn=홍길동()0099041202601010000001,ou=TEST,ou=personal4IB,o=yessign,c=kr",
    )


@pytest.mark.parametrize("km", [False, True])
def test_a_files_km_certificate_is_seen_where_it_lies_open(km: bool) -> None:
    summary = check.inspect(ISSUED.pkcs12(PASSWORD, "field", km=km))
    assert summary.certificate == ISSUED.sign.certificate
    assert ISSUED.km is not None
    assert summary.km_certificate == (ISSUED.km.certificate if km else None)


@pytest.mark.parametrize("form", SCHEMES)
def test_the_password_verifies_a_pair(form: str) -> None:
    summary = check.inspect_with_password(ISSUED.npki(PASSWORD, form), PASSWORD)
    assert (summary.verified, summary.reason, summary.km_error) == (True, None, None)
    assert summary.key is not None
    with pytest.raises(PasswordError):
        check.inspect_with_password(ITEM, "wrong")


@pytest.mark.attack(31)
@pytest.mark.parametrize(
    ("item", "code"),
    [
        (changed(signCert=None), "missing_sign_cert"),
        (changed(signPri=None), "missing_sign_key"),
        (changed(kmCert=None), "missing_km_part"),
        (changed(kmPri=None), "missing_km_part"),
        (changed(signCert=b"junk"), "bad_certificate"),
        (changed(kmCert=b"junk"), "bad_certificate"),
        (changed(signPri=b"junk"), "bad_key_file"),
        (changed(kmPri=b"junk"), "bad_key_file"),
        (changed(signPri=ISSUED.sign.key.der), "bad_key_file"),
        (Item.of("pkcs12", {"pkcs12": b"junk"}), "bad_pkcs12"),
        (Item.of("pkcs12", {}), "bad_pkcs12"),
    ],
)
def test_an_item_that_is_not_whole_is_refused_with_its_reason(item: Item, code: str) -> None:
    with pytest.raises(CertificateError) as caught:
        check.inspect(item)
    assert caught.value.code == code


@pytest.mark.attack(31)
@pytest.mark.attack(31)
def test_a_key_of_another_certificate_is_never_verified() -> None:
    item = changed(signPri=stranger().npki(PASSWORD).get("signPri"))
    assert not check.inspect(item).verified
    with pytest.raises(CertificateError) as caught:
        check.inspect_with_password(item, PASSWORD)
    assert caught.value.code == "key_mismatch"


@pytest.mark.attack(31)
def test_a_km_key_that_does_not_fit_is_told_and_stops_nothing() -> None:
    swapped = changed(kmPri=stranger().npki(PASSWORD).get("kmPri"))
    assert check.inspect_with_password(swapped, PASSWORD).km_error == "key_mismatch"
    other = changed(kmPri=ISSUED.npki("another").get("kmPri"))
    summary = check.inspect_with_password(other, PASSWORD)
    assert (summary.verified, summary.km_error) == (True, "wrong_password")


def test_a_pkcs12_file_in_the_fields_style_is_named_after_its_owner() -> None:
    item = ISSUED.pkcs12(PASSWORD, "field")
    summary = check.inspect(item)
    assert summary.certificate == ISSUED.sign.certificate
    assert summary.reason == "no_password"
    assert summary.place == (
        "PKCS12",
        "홍길동_yessign_2027-01-01.p12",
    )
    assert check.inspect_with_password(item, PASSWORD).verified


def test_a_pkcs12_file_that_shows_nothing_is_named_by_its_key_and_its_digest() -> None:
    item = ISSUED.pkcs12(PASSWORD, "modern")
    summary = check.inspect(item)
    assert (summary.certificate, summary.cn, summary.not_after) == (None, None, None)
    assert summary.reason == "certificate_sealed"
    digest = hashlib.sha256(item.files[0].content).hexdigest()
    assert summary.place == ("PKCS12", f"홍길동_{digest[:8]}.p12")
    opened = check.inspect_with_password(item, PASSWORD)
    assert opened.verified
    assert opened.place == check.inspect(ISSUED.pkcs12(PASSWORD, "field")).place


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("홍길동", "홍길동"),
        ("te-0f3c5d1e-2c2a", None),
        ("{0F3C5D1E-2C2A-4B11-9C1C-0123456789AB}", None),
        ("6bc162da ", None),
        ("dad's card", "dad's card"),
    ],
)
def test_a_sealed_file_is_called_as_it_calls_its_key_unless_that_is_a_number(
    name: str, shown: str | None
) -> None:
    pair = replace(ISSUED.sign, friendly_name=name)
    content = pkcs12_writing.write([pair], (), PASSWORD, os.urandom, "modern")
    summary = check.inspect(Item.of("pkcs12", {"pkcs12": content}))
    assert (summary.certificate, summary.name) == (None, shown)


def test_every_place_is_one_that_a_store_takes() -> None:
    for item in (ITEM, ISSUED.pkcs12(PASSWORD, "field"), ISSUED.pkcs12(PASSWORD, "modern")):
        assert naming.is_place(check.inspect(item).place)


def test_the_authorities_of_a_folder_are_read_where_they_can_be() -> None:
    assert check.inspect(ITEM).authorities == (authority().certificate,)
    assert check.inspect(changed(caPubs=None)).authorities == ()
    assert check.inspect(changed(caPubs=b"junk")).authorities == ()
    assert check.inspect(changed(caPubs=der.sequence())).authorities == ()


@pytest.mark.parametrize("style", ["field", "modern"])
def test_the_authorities_and_the_km_certificate_of_a_pkcs12_file_are_told(style: Style) -> None:
    item = ISSUED.pkcs12(PASSWORD, style, chain=True, km=True)
    summary = check.inspect_with_password(item, PASSWORD)
    assert summary.authorities == (authority().certificate,)
    alone = check.inspect(ISSUED.pkcs12(PASSWORD, style, chain=True)).authorities
    assert alone == ((authority().certificate,) if style == "field" else ())
    assert ISSUED.km
    assert summary.km_certificate == ISSUED.km.certificate


@pytest.mark.attack(31)
def test_a_key_that_cannot_be_compared_is_unverified_and_passes() -> None:
    algorithm = der.sequence(der.oid("1.2.410.200004.1.1"), der.null())
    outer = der.Element.parse(ISSUED.sign.certificate.der).children()
    fields = [field.encoded for field in outer[0].children()]
    fields[6] = der.sequence(algorithm, der.bits(b"\x02\x01\x05"))
    certificate = der.sequence(der.sequence(*fields), outer[1].encoded, outer[2].encoded)
    key = der.sequence(der.integer(0), algorithm, der.octets(b"\x02\x01\x05"))
    sealed = pbe.encrypt(pbe.seed_pbes1(bytes(8)), key, PASSWORD)
    item = changed(signCert=certificate, signPri=sealed)
    summary = check.inspect_with_password(item, PASSWORD)
    assert (summary.verified, summary.reason) == (False, "key_cannot_be_compared")


def test_a_faulty_certificate_is_shown_and_unverified_with_its_reason() -> None:
    content = ISSUED.sign.certificate.der
    octets = content.index(b"\x04", content.index(bytes.fromhex("0603551d20")) + 5)
    broken = content[: octets + 2] + b"\x31" + content[octets + 3 :]
    item = changed(signCert=broken)
    assert check.inspect(item).cn == check.inspect(ITEM).cn
    summary = check.inspect_with_password(item, PASSWORD)
    assert (summary.verified, summary.reason) == (False, "certificate_faulty")
