"""What others find in the PKCS#12 files that are written: Java, NSS, OpenSSL.

A sign pair and a km pair have one name and one subject in Korea.  A reader that goes by
names must find both, and the sign pair above all.
"""

import os
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.pki import der, oids, pbe, pkcs12, pkcs12_writing, rewrap
from certrelay.pki.certificate import Certificate
from certrelay.pki.pkcs12_writing import Style
from certrelay.testkit.ca import Owner
from tests import java, nss
from tests.certificates import (
    END,
    KOREAN_PASSWORD,
    NOW,
    PASSWORD,
    START,
    authority,
    key,
    person,
)
from tests.openssl import LEGACY, openssl
from tests.pki.test_pkcs12 import bag, certificate_bag, wrapped

ISSUED = person()
STYLES: list[Style] = ["field", "modern"]
SIGN = ISSUED.sign.certificate.serial
KM = SIGN + 1


def written(style: Style, password: str, *, km: bool) -> bytes:
    """What `certrelay convert` writes of a pair with authorities."""
    item = ISSUED.npki(password, ca_pubs=True)
    made = rewrap.to_pkcs12(item, password, password, os.urandom, style, km=km)
    return made.files[0].content


@pytest.mark.parametrize("km", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_java_lists_every_pair(style: Style, km: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.p12"
    path.write_bytes(written(style, PASSWORD, km=km))
    found = java.entries(path, PASSWORD)
    assert sorted(found.values()) == ([SIGN, KM] if km else [SIGN])
    assert found[ISSUED.sign.certificate.cn] == SIGN, "the sign pair has the owner's name"


@pytest.mark.parametrize("km", [False, True])
@pytest.mark.parametrize("password", [PASSWORD, KOREAN_PASSWORD])
@pytest.mark.parametrize("style", STYLES)
def test_nss_imports_every_pair(style: Style, password: str, km: bool) -> None:
    assert nss.keys_after_import(written(style, password, km=km), password) == 1 + km


@pytest.mark.parametrize("km", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_openssl_lists_every_pair(style: Style, km: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.p12"
    path.write_bytes(written(style, PASSWORD, km=km))
    shown = openssl("pkcs12", "-in", path, "-nodes", "-passin", "stdin", *LEGACY, secret=PASSWORD)
    assert shown.count(b"BEGIN PRIVATE KEY") == 1 + km
    alone = openssl(
        *("pkcs12", "-in", path, "-clcerts", "-nokeys", "-passin", "stdin", *LEGACY),
        secret=PASSWORD,
    )
    (tmp_path / "first.pem").write_bytes(alone)
    serial = openssl("x509", "-in", tmp_path / "first.pem", "-noout", "-serial").decode()
    assert int(serial.strip().partition("=")[2], 16) == SIGN, "the sign pair comes first"


@pytest.mark.parametrize("style", STYLES)
def test_no_two_pairs_have_one_name(style: Style) -> None:
    opened = pkcs12.open_file(written(style, PASSWORD, km=True), PASSWORD)
    cn = ISSUED.sign.certificate.cn
    assert [pair.friendly_name for pair in opened.pairs] == [cn, f"{cn} (km)"]
    again = pkcs12_writing.write((*opened.pairs, *opened.pairs), (), PASSWORD, os.urandom, style)
    names = [pair.friendly_name for pair in pkcs12.open_file(again, PASSWORD).pairs]
    assert len({name.casefold() for name in names}) == 4


def test_a_better_password_change_separates_names_that_were_one(tmp_path: Path) -> None:
    item = ISSUED.pkcs12(PASSWORD, "field", km=True)
    changed = rewrap.change_password(item, PASSWORD, "New-pw1234!", os.urandom, better=True)
    path = tmp_path / "x.p12"
    path.write_bytes(changed.files[0].content)
    assert sorted(java.entries(path, "New-pw1234!").values()) == [SIGN, KM]


# A renewed certificate under the same key.


def renewed(mark_of: int | None) -> tuple[bytes, Certificate, Certificate]:
    """A file with an old and a new certificate of one key; give it with both.

    Args:
        mark_of: The certificate whose localKeyId is the key's, 0 or 1; ``None`` marks none.
    """
    first = authority().issue(
        Owner(number=3), START.replace(year=2023), END.replace(year=2025), sign_key=key(3)
    )
    second = authority().issue(Owner(number=4), START, END, sign_key=key(3))
    certificates = [first.sign.certificate, second.sign.certificate]
    mark = der.set_of(
        [der.sequence(der.oid(oids.LOCAL_KEY_ID), der.set_of([der.octets(b"the key")]))]
    )
    parts = [
        der.sequence(
            *(field.encoded for field in der.Element.parse(certificate_bag(each.der)).children()),
            *([mark] if number == mark_of else []),
        )
        for number, each in enumerate(certificates)
    ]
    sealed = pbe.encrypt(pbe.triple_des_pkcs12(bytes(8)), second.sign.key.der, PASSWORD)
    key_bag = der.sequence(
        *(f.encoded for f in der.Element.parse(bag(oids.SHROUDED_KEY_BAG, sealed)).children()),
        *([] if mark_of is None else [mark]),
    )
    return wrapped(*parts, key_bag), certificates[0], certificates[1]


@pytest.mark.parametrize(("mark_of", "wanted"), [(1, 1), (0, 0), (None, 1)])
def test_one_of_two_certificates_of_a_key_is_the_owners_everywhere(
    mark_of: int | None, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded, *both = renewed(mark_of)
    monkeypatch.setattr(pkcs12, "_now", lambda: NOW)
    assert pkcs12.outline(encoded).certificates[0] == both[wanted]
    opened = pkcs12.open_file(encoded, PASSWORD)
    assert [pair.certificate for pair in opened.pairs] == [both[wanted]]
    assert opened.chain == (both[1 - wanted],), "nothing is lost"


def test_the_one_that_is_valid_now_comes_before_the_one_that_ends_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded, old, new = renewed(None)
    monkeypatch.setattr(pkcs12, "_now", lambda: START.replace(year=2024))
    assert pkcs12.open_file(encoded, PASSWORD).pairs[0].certificate == old
    monkeypatch.setattr(pkcs12, "_now", lambda: END.replace(year=2040))
    assert pkcs12.open_file(encoded, PASSWORD).pairs[0].certificate == new


def test_an_old_certificate_of_the_key_is_no_authority() -> None:
    encoded, _, new = renewed(1)
    item = rewrap.to_npki(pkcs12_item(encoded), PASSWORD, PASSWORD, os.urandom)[0]
    assert item.get("signCert") == new.der
    assert item.get("caPubs") is None


def pkcs12_item(content: bytes) -> Item:
    return Item.of("pkcs12", {"pkcs12": content})


def test_java_gives_the_same_answer(tmp_path: Path) -> None:
    encoded, _, new = renewed(1)
    opened = pkcs12.open_file(encoded, PASSWORD)
    path = tmp_path / "x.p12"
    path.write_bytes(pkcs12_writing.write(opened.pairs, opened.chain, PASSWORD, os.urandom))
    assert list(java.entries(path, PASSWORD).values()) == [new.serial]
