"""Keys that no password protects: said plainly, opened by no password, encrypted by a change."""

import os
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.errors import CertificateError, PasswordError
from certrelay.pki import check, der, oids, pbe, pkcs12, pkcs12_writing, rewrap
from certrelay.pki.verification import Evidence, verify_item
from tests import java
from tests.certificates import NOW, PASSWORD, person, stranger
from tests.openssl import LEGACY, openssl
from tests.pki.make_files import pem
from tests.pki.test_pkcs12 import bag, certificate_bag

ISSUED = person()
assert ISSUED.km is not None
KM_KEY = ISSUED.km.key
NEW = "New-pw1234!"


def file_of(*, mac: bool, sealed_certificate: bool = False) -> Item:
    """A file whose key lies in an open bag, as ``openssl pkcs12 -keypbe NONE`` writes it."""
    certificate = certificate_bag(ISSUED.sign.certificate.der)
    key = bag(oids.KEY_BAG, ISSUED.sign.key.der)
    if sealed_certificate:
        scheme = pbe.triple_des_pkcs12(bytes(8))
        parts = [
            pkcs12_writing.sealed_data(scheme, der.sequence(certificate), PASSWORD),
            pkcs12_writing.plain_data(der.sequence(key)),
        ]
    else:
        parts = [pkcs12_writing.plain_data(der.sequence(certificate, key))]
    content = der.sequence(*parts)
    macs = [pkcs12_writing.written_mac(content, PASSWORD, os.urandom, oids.SHA1, 1)] if mac else []
    whole = der.sequence(der.integer(3), pkcs12_writing.plain_data(content), *macs)
    return Item.of("pkcs12", {"pkcs12": whole})


def pair_of(*plain: str, form: str = "der") -> Item:
    """A pair of pairs of which some key files are plain PKCS#8, as ``openssl`` writes them."""
    files = {file.role: file.content for file in ISSUED.npki(PASSWORD).files}
    keys = {"signPri": ISSUED.sign.key.der, "kmPri": KM_KEY.der}
    for role in plain:
        files[role] = keys[role] if form == "der" else pem("PRIVATE KEY", keys[role])
    return Item.of("npki", files)


@pytest.mark.parametrize("form", ["der", "pem"])
@pytest.mark.parametrize("plain", [("signPri",), ("kmPri",), ("signPri", "kmPri")])
def test_a_pair_with_a_plain_key_is_read_here_and_refused_on_arrival(
    plain: tuple[str, ...], form: str
) -> None:
    item = pair_of(*plain, form=form)
    summary = check.inspect(item, plain_keys=True)
    assert (summary.protected, summary.cn) == (False, ISSUED.sign.certificate.cn)
    with pytest.raises(CertificateError, match="bad_key_file"):
        check.inspect(item)
    with pytest.raises(CertificateError, match="key_not_encrypted"):
        check.inspect_with_password(item, PASSWORD)
    found = verify_item(item, PASSWORD, Evidence(NOW)).answer("password")
    assert (found.answer, found.reason) == ("fails", "key_not_encrypted")


@pytest.mark.parametrize("better", [True, False])
@pytest.mark.parametrize("plain", [("signPri",), ("kmPri",), ("signPri", "kmPri")])
def test_plain_key_files_are_encrypted_by_a_new_password(
    plain: tuple[str, ...], better: bool
) -> None:
    item = pair_of(*plain)
    with pytest.raises(PasswordError):  # the other key file is under a password
        rewrap.change_password(pair_of(plain[0]), "wrong", NEW, os.urandom)
    changed = rewrap.change_password(item, PASSWORD, NEW, os.urandom, better=better)
    summary = check.inspect_with_password(changed, NEW)
    assert (summary.protected, summary.verified, summary.km_error) == (True, True, None)
    assert summary.key is not None
    assert summary.key.der == ISSUED.sign.key.der  # with its VID random
    assert changed.get("signCert") == item.get("signCert")


def test_a_pkcs12_file_made_of_plain_key_files_is_encrypted() -> None:
    made = rewrap.to_pkcs12(pair_of("signPri", "kmPri"), "", NEW, os.urandom)
    opened = pkcs12.open_file(made.files[0].content, NEW)
    assert [pair.key.der for pair in opened.pairs] == [
        ISSUED.sign.key.der,
        KM_KEY.der,
    ]


def test_a_strangers_plain_key_is_not_taken_for_the_certificates() -> None:
    files = {file.role: file.content for file in pair_of("signPri").files}
    item = Item.of("npki", files | {"signPri": stranger().sign.key.der})
    with pytest.raises(CertificateError, match="key_mismatch"):
        check.inspect_with_password(item, "", plain_keys=True)


@pytest.mark.parametrize("mac", [True, False])
@pytest.mark.parametrize("password", [PASSWORD, "anything", ""])
def test_no_password_opens_what_none_protects(mac: bool, password: str) -> None:
    item = file_of(mac=mac)
    assert not check.inspect(item).protected
    assert check.inspect(item).cn == ISSUED.sign.certificate.cn
    with pytest.raises(CertificateError) as caught:
        check.inspect_with_password(item, password)
    assert caught.value.code == "key_not_encrypted"
    found = verify_item(item, password, Evidence(NOW))
    assert found.answer("password").answer == "fails"
    assert found.answer("password").reason == "key_not_encrypted"
    assert not found.holds


@pytest.mark.parametrize("better", [True, False])
@pytest.mark.parametrize("mac", [True, False])
def test_a_new_password_encrypts_the_key(mac: bool, better: bool, tmp_path: Path) -> None:
    changed = rewrap.change_password(file_of(mac=mac), "", NEW, os.urandom, better=better)
    summary = check.inspect_with_password(changed, NEW)
    assert (summary.protected, summary.verified) == (True, True)
    assert summary.key is not None
    assert summary.key.der == ISSUED.sign.key.der
    assert ISSUED.sign.key.der not in changed.files[0].content
    with pytest.raises(PasswordError):
        check.inspect_with_password(changed, "")
    path = tmp_path / "x.p12"
    path.write_bytes(changed.files[0].content)
    openssl("pkcs12", "-in", path, "-noout", "-passin", "stdin", *LEGACY, secret=NEW)
    if better:  # all else stays as it was, and this file has no marks for Java
        assert list(java.entries(path, NEW).values()) == [ISSUED.sign.certificate.serial]


def test_a_pair_made_of_it_is_encrypted() -> None:
    (made,) = rewrap.to_npki(file_of(mac=True), "", NEW, os.urandom)
    assert check.inspect_with_password(made, NEW).verified
    with pytest.raises(PasswordError):
        check.inspect_with_password(made, "")


def test_encrypted_certificates_beside_an_open_key_still_need_their_password() -> None:
    item = file_of(mac=True, sealed_certificate=True)
    summary = check.inspect(item)
    assert (summary.protected, summary.certificate) == (False, None)
    with pytest.raises(PasswordError):
        rewrap.change_password(item, "", NEW, os.urandom)
    changed = rewrap.change_password(item, PASSWORD, NEW, os.urandom)
    assert check.inspect_with_password(changed, NEW).verified


def test_an_encrypted_file_is_protected() -> None:
    item = ISSUED.pkcs12(PASSWORD, "modern")
    assert check.inspect(item).protected
    assert pkcs12.outline(item.files[0].content).protected
