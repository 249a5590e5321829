import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certrelay.bundle import Item
from certrelay.errors import CertificateError, PasswordError
from certrelay.limits import MAX_FILE_BYTES
from certrelay.pki import check, npki, oids, pbe, pkcs12, pkcs12_writing, rewrap
from certrelay.pki.certificate import Certificate
from certrelay.pki.pbe import Scheme
from certrelay.pki.pkcs12 import KeyPair
from certrelay.pki.pkcs12_writing import Style
from certrelay.testkit.ca import SCHEMES, Owner, new_key
from tests.certificates import (
    END,
    KOREAN_PASSWORD,
    PASSWORD,
    START,
    authority,
    person,
    stranger,
)
from tests.openssl import LEGACY, openssl

ISSUED = person()
NEW = "Anders-2026#"
STYLES: list[Style] = ["field", "modern"]


def keys(item: Item, password: str) -> list[bytes]:
    return [
        npki.open_key(content, password).der
        for role in ("signPri", "kmPri")
        if (content := item.get(role)) is not None
    ]


def plain_keys() -> list[bytes]:
    assert ISSUED.km
    return [ISSUED.sign.key.der, ISSUED.km.key.der]


def scheme_of(item: Item) -> Scheme:
    return Scheme.parse(pbe.parse(item.get("signPri") or b"")[0])


@pytest.mark.parametrize("form", SCHEMES)
@pytest.mark.parametrize("new", [NEW, KOREAN_PASSWORD])
def test_a_new_password_keeps_certificates_keys_and_form(form: str, new: str) -> None:
    item = ISSUED.npki(PASSWORD, form, ca_pubs=True)
    changed = rewrap.change_password(item, PASSWORD, new, os.urandom)
    assert keys(changed, new) == plain_keys()
    for role in ("signCert", "kmCert", "caPubs"):
        assert changed.get(role) == item.get(role)
    before, after = scheme_of(item), scheme_of(changed)
    assert (after.oid, after.kdf, after.prf) == (before.oid, before.kdf, before.prf)
    assert after.salt != before.salt
    assert not before.iv or after.iv != before.iv
    with pytest.raises(PasswordError):
        check.inspect_with_password(changed, PASSWORD)
    back = rewrap.change_password(changed, new, PASSWORD, os.urandom)
    assert keys(back, PASSWORD) == plain_keys()


def test_few_rounds_become_more_and_a_better_form_can_be_asked_for() -> None:
    weak = pbe.encrypt(pbe.seed_pbes1(bytes(8), 100), ISSUED.sign.key.der, PASSWORD)
    item = Item.of("npki", {"signCert": ISSUED.sign.certificate.der, "signPri": weak})
    same = rewrap.change_password(item, PASSWORD, NEW, os.urandom)
    assert (scheme_of(same).kdf, scheme_of(same).iterations) == ("pbkdf1", 2048)
    better = rewrap.change_password(item, PASSWORD, NEW, os.urandom, better=True)
    assert scheme_of(better).oid == oids.AES256_CBC
    assert keys(better, NEW) == [ISSUED.sign.key.der]


def test_a_wrong_old_password_changes_nothing() -> None:
    for item in (ISSUED.npki(PASSWORD), ISSUED.pkcs12(PASSWORD)):
        for old in ("wrong", NEW):
            with pytest.raises(PasswordError):
                rewrap.change_password(item, old, NEW, os.urandom)


def test_a_change_that_stopped_between_the_two_keys_can_be_repeated() -> None:
    old, new = ISSUED.npki(PASSWORD), ISSUED.npki(NEW)
    for mixed in (("signPri", old), ("signPri", new)):
        other = new if mixed[1] is old else old
        files = {file.role: file.content for file in other.files}
        files["signPri"] = mixed[1].get("signPri") or b""
        done = rewrap.change_password(Item.of("npki", files), PASSWORD, NEW, os.urandom)
        assert keys(done, NEW) == plain_keys()


def test_a_km_key_of_a_third_password_is_named() -> None:
    files = {file.role: file.content for file in ISSUED.npki(PASSWORD).files}
    files["kmPri"] = ISSUED.npki("third").get("kmPri") or b""
    for change in (rewrap.change_password, rewrap.to_pkcs12):
        with pytest.raises(PasswordError) as caught:
            change(Item.of("npki", files), PASSWORD, NEW, os.urandom)
        assert caught.value.code == "wrong_km_password"


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("better", [False, True])
def test_a_pkcs12_file_gets_a_new_password(style: Style, better: bool) -> None:
    item = ISSUED.pkcs12(PASSWORD, style, chain=True, km=True)
    changed = rewrap.change_password(item, PASSWORD, NEW, os.urandom, better=better)
    before = pkcs12.open_file(item.files[0].content, PASSWORD)
    after = pkcs12.open_file(changed.files[0].content, NEW)
    assert after == before
    with pytest.raises(PasswordError):
        pkcs12.open_file(changed.files[0].content, PASSWORD)
    sealed = pkcs12.outline(changed.files[0].content).certificates_sealed
    assert sealed == (style == "modern" or better)


OPENSSL_FORMS: dict[str, list[str]] = {
    "legacy": ["-legacy"],
    "no mac": ["-nomac"],
    "seed": ["-certpbe", "SEED-CBC", "-keypbe", "SEED-CBC", *LEGACY],
    "aria": ["-certpbe", "ARIA-256-CBC", "-keypbe", "ARIA-128-CBC"],
    "rc2 for the key": ["-certpbe", "NONE", "-keypbe", "PBE-SHA1-RC2-40", *LEGACY],
}


@pytest.mark.parametrize("form", OPENSSL_FORMS)
def test_a_pkcs12_file_of_another_program_gets_a_new_password(form: str, tmp_path: Path) -> None:
    certificates, key, path = tmp_path / "c.pem", tmp_path / "k.der", tmp_path / "x.p12"
    (tmp_path / "c.der").write_bytes(ISSUED.sign.certificate.der)
    key.write_bytes(ISSUED.sign.key.der)
    text = openssl("x509", "-inform", "DER", "-in", tmp_path / "c.der")
    text += openssl("pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in", key)
    certificates.write_bytes(text)
    export = ("pkcs12", "-export", "-in", certificates, "-out", path, "-name", "a name")
    openssl(*export, "-passout", "stdin", *OPENSSL_FORMS[form], secret=PASSWORD)
    item = Item.of("pkcs12", {"pkcs12": path.read_bytes()})
    changed = rewrap.change_password(item, PASSWORD, NEW, os.urandom)
    after = pkcs12.open_file(changed.files[0].content, NEW)
    assert after == pkcs12.open_file(item.files[0].content, PASSWORD)
    assert after.pairs[0].friendly_name == "a name"
    path.write_bytes(changed.files[0].content)
    shown = openssl("pkcs12", "-in", path, "-nodes", "-passin", "stdin", *LEGACY, secret=NEW)
    assert b"BEGIN PRIVATE KEY" in shown


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", SCHEMES)
def test_there_and_back_gives_the_same_plain_keys(style: Style, form: str) -> None:
    item = ISSUED.npki(PASSWORD, form, ca_pubs=True)
    there = rewrap.to_pkcs12(item, PASSWORD, NEW, os.urandom, style)
    (back,) = rewrap.to_npki(there, NEW, PASSWORD, os.urandom, SCHEMES[form](os.urandom))
    assert keys(back, PASSWORD) == plain_keys()
    assert npki.open_key(back.get("signPri") or b"", PASSWORD).vid_random is not None
    for role in ("signCert", "kmCert", "caPubs"):
        assert back.get(role) == item.get(role)
    assert scheme_of(back).oid == scheme_of(item).oid


def test_the_km_pair_stays_behind_when_asked() -> None:
    there = rewrap.to_pkcs12(ISSUED.npki(PASSWORD), PASSWORD, NEW, os.urandom, "field", km=False)
    (back,) = rewrap.to_npki(there, NEW, NEW, os.urandom)
    assert [file.role for file in back.files] == ["signCert", "signPri"]
    assert scheme_of(back).oid == oids.SEED_CBC, "what banks write today"


def test_a_file_with_two_owners_becomes_two_items() -> None:
    pairs = [pair for one in (ISSUED, stranger()) for pair in (one.sign, one.km) if pair]
    from certrelay.pki import pkcs12_writing

    encoded = pkcs12_writing.write(pairs, [], PASSWORD, os.urandom, "field")
    items = rewrap.to_npki(Item.of("pkcs12", {"pkcs12": encoded}), PASSWORD, NEW, os.urandom)
    assert [check.inspect_with_password(item, NEW).km_error for item in items] == [None, None]
    assert [item.get("signCert") for item in items] == [
        ISSUED.sign.certificate.der,
        stranger().sign.certificate.der,
    ]
    assert items[1].get("kmCert") == pairs[3].certificate.der


@pytest.mark.parametrize("change", [rewrap.to_pkcs12, rewrap.change_password])
def test_what_is_broken_is_refused_before_anything_is_made(
    change: Callable[[Item, str, str, Callable[[int], bytes]], Item],
) -> None:
    broken = Item.of("npki", {"signCert": b"junk", "signPri": b"junk"})
    with pytest.raises(CertificateError):
        change(broken, PASSWORD, NEW, os.urandom)


passwords = st.text(
    st.one_of(
        st.characters(min_codepoint=33, max_codepoint=126),
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.sampled_from("🔑😀é\u1112\u0301"),
    ),
    min_size=1,
    max_size=64,
)


@given(
    st.sampled_from(sorted(SCHEMES)),
    passwords,
    st.binary(min_size=64, max_size=64),
    st.integers(1, 3000),
)
@settings(max_examples=60)
def test_any_password_salt_and_count_is_written_and_read(
    form: str, password: str, randomness: bytes, iterations: int
) -> None:
    given_scheme = SCHEMES[form](lambda size: randomness[:size])
    scheme = Scheme(
        given_scheme.kdf,
        given_scheme.oid,
        randomness[: 1 + iterations % 40],
        iterations,
        given_scheme.iv,
        given_scheme.prf,
        given_scheme.prf_written,
    )
    encrypted = pbe.encrypt(scheme, ISSUED.sign.key.der, password)
    assert npki.open_key(encrypted, password).der == ISSUED.sign.key.der
    item = Item.of("npki", {"signCert": ISSUED.sign.certificate.der, "signPri": encrypted})
    there = rewrap.to_pkcs12(item, password, password, os.urandom, "field")
    assert pkcs12.open_file(there.files[0].content, password).pairs[0].key == ISSUED.sign.key


@pytest.mark.parametrize("bits", [1024, 2048, 3072, 4096])
def test_keys_of_every_usual_size_go_there_and_back(bits: int) -> None:
    issued = authority().issue(Owner(), START, END, km=False, sign_key=new_key(bits))
    item = issued.npki(KOREAN_PASSWORD)
    assert check.inspect_with_password(item, KOREAN_PASSWORD).verified
    there = rewrap.to_pkcs12(item, KOREAN_PASSWORD, NEW, os.urandom, "field")
    assert len(there.files[0].content) < MAX_FILE_BYTES
    (back,) = rewrap.to_npki(there, NEW, PASSWORD, os.urandom)
    assert keys(back, PASSWORD) == [issued.sign.key.der]


def test_a_km_pair_whose_subject_is_spelt_otherwise_goes_along() -> None:
    """Authorities write C=KR in one certificate of a person and c=kr in the other."""
    sign, km = person().sign, person().km
    assert km is not None
    subject = km.certificate.subject_der
    encoded = km.certificate.der.replace(subject, subject.replace(b"kr", b"KR"))
    assert encoded != km.certificate.der
    pairs = [sign, KeyPair(Certificate.parse(encoded), km.key, "")]
    content = pkcs12_writing.write(pairs, (), PASSWORD, os.urandom, "field")
    item = Item.of("pkcs12", {"pkcs12": content})
    summary = check.inspect(item)
    assert summary.km_certificate is not None
    assert summary.km_certificate.der == encoded
    (made,) = rewrap.to_npki(item, PASSWORD, PASSWORD, os.urandom)
    assert made.get("kmCert") == encoded
    assert npki.open_key(made.get("kmPri") or b"", PASSWORD).der == km.key.der
