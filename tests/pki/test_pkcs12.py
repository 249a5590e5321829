import hashlib
import hmac
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12 as other
from hypothesis import given, settings
from hypothesis import strategies as st

from certrelay.bundle import Item
from certrelay.errors import CertificateError, PasswordError
from certrelay.limits import MAX_KDF_ITERATIONS
from certrelay.pki import der, oids, pbe, pkcs12, pkcs12_writing
from certrelay.pki.pkcs12_writing import Style
from tests.certificates import KOREAN_PASSWORD, PASSWORD, person, stranger
from tests.openssl import LEGACY, openssl

ISSUED = person()
STYLES: list[Style] = ["field", "modern"]


def content(item: Item) -> bytes:
    return item.files[0].content


FIELD = content(ISSUED.pkcs12(PASSWORD, "field", chain=True, km=True))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("password", [PASSWORD, KOREAN_PASSWORD, "", "🔑"])
def test_a_file_opens_to_the_same_certificates_and_keys(style: Style, password: str) -> None:
    encoded = content(ISSUED.pkcs12(password, style, chain=True, km=True))
    opened = pkcs12.open_file(encoded, password)
    assert [pair.key.der for pair in opened.pairs] == [
        pair.key.der for pair in (ISSUED.sign, ISSUED.km) if pair
    ]
    assert opened.pairs[0].certificate == ISSUED.sign.certificate
    assert opened.pairs[0].key.vid_random is not None
    assert opened.pairs[0].friendly_name == "홍길동"
    assert opened.chain == (ISSUED.authority,)
    with pytest.raises(PasswordError):
        pkcs12.open_file(encoded, password + "x")


def test_the_fields_style_shows_its_certificate_without_a_password() -> None:
    outline = pkcs12.outline(FIELD)
    assert outline.certificates[0] == ISSUED.sign.certificate
    assert outline.certificates[-1] == ISSUED.authority
    assert not outline.certificates_sealed


def test_the_modern_style_shows_nothing_without_a_password() -> None:
    outline = pkcs12.outline(content(ISSUED.pkcs12(PASSWORD, "modern")))
    assert outline.certificates == ()
    assert outline.certificates_sealed


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("password", [PASSWORD, KOREAN_PASSWORD])
def test_openssl_opens_what_is_written_and_finds_the_vid(
    style: Style, password: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.p12"
    path.write_bytes(content(ISSUED.pkcs12(password, style, chain=True)))
    shown = openssl(
        "pkcs12", "-in", path, "-nodes", "-passin", "stdin", *LEGACY, secret=password
    ).decode(errors="replace")
    random = ISSUED.sign.key.vid_random or b""
    assert f"{oids.VID_RANDOM}: {random.hex(' ').upper()}" in shown
    assert shown.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("style", STYLES)
def test_the_common_library_opens_what_is_written(style: Style) -> None:
    encoded = content(ISSUED.pkcs12(PASSWORD, style, chain=True))
    loaded = other.load_pkcs12(encoded, PASSWORD.encode())
    assert loaded.cert is not None
    assert loaded.cert.certificate.serial_number == ISSUED.sign.certificate.serial
    assert loaded.cert.friendly_name == "홍길동".encode()
    assert len(loaded.additional_certs) == 1


def test_a_file_without_a_mac_opens() -> None:
    fields = der.Element.parse(FIELD).children()
    bare = der.sequence(*[field.encoded for field in fields[:2]])
    assert pkcs12.open_file(bare, PASSWORD).pairs[0].key.der == ISSUED.sign.key.der
    with pytest.raises(PasswordError):
        pkcs12.open_file(bare, "wrong")


def test_a_changed_content_is_caught_by_the_mac() -> None:
    at = FIELD.index(b"TEST")
    with pytest.raises(PasswordError):
        pkcs12.open_file(FIELD[:at] + b"T" + b"\x00" + FIELD[at + 2 :], PASSWORD)


def test_keys_of_other_certificates_are_a_mismatch() -> None:
    swapped = pkcs12.KeyPair(ISSUED.sign.certificate, stranger().sign.key, "")
    encoded = pkcs12_writing.write([swapped], [], PASSWORD, bytes, "field")
    with pytest.raises(CertificateError) as caught:
        pkcs12.open_file(encoded, PASSWORD)
    assert caught.value.code == "key_mismatch"


def wrapped(*bags: bytes) -> bytes:
    inner = der.octets(der.sequence(*bags))
    part = der.sequence(der.oid(oids.DATA), der.explicit(0, inner))
    safe = der.octets(der.sequence(part))
    return der.sequence(der.integer(3), der.sequence(der.oid(oids.DATA), der.explicit(0, safe)))


def bag(oid: str, value: bytes) -> bytes:
    return der.sequence(der.oid(oid), der.explicit(0, value))


def certificate_bag(encoded: bytes) -> bytes:
    x509 = der.explicit(0, der.octets(encoded))
    return bag(oids.CERT_BAG, der.sequence(der.oid(oids.X509_CERTIFICATE), x509))


SIGN = ISSUED.sign
KEY = bag(oids.SHROUDED_KEY_BAG, pbe.encrypt(pbe.seed_pbes1(bytes(8)), SIGN.key.der, PASSWORD))


def test_an_open_key_and_bags_in_bags_are_read() -> None:
    inner = der.sequence(certificate_bag(SIGN.certificate.der), bag(oids.KEY_BAG, SIGN.key.der))
    encoded = wrapped(bag(oids.SAFE_CONTENTS_BAG, inner))
    opened = pkcs12.open_file(encoded, "", plain_keys=True)
    assert opened.pairs[0].key.vid_random == SIGN.key.vid_random
    with pytest.raises(CertificateError) as caught:
        pkcs12.open_file(encoded, "any")
    assert caught.value.code == "key_not_encrypted"


def test_a_broken_certificate_beside_a_good_one_is_passed_over() -> None:
    encoded = wrapped(certificate_bag(b"broken"), certificate_bag(SIGN.certificate.der), KEY)
    assert pkcs12.outline(encoded).certificates == (SIGN.certificate,)
    assert pkcs12.open_file(encoded, PASSWORD).pairs[0].certificate == SIGN.certificate


NESTED = certificate_bag(SIGN.certificate.der)
for _ in range(6):
    NESTED = bag(oids.SAFE_CONTENTS_BAG, der.sequence(NESTED))


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"PK\x03\x04",
        der.sequence(),
        FIELD[:-1],
        SIGN.certificate.der,
        wrapped(),
        wrapped(KEY),
        wrapped(certificate_bag(SIGN.certificate.der)),
        wrapped(certificate_bag(b"broken"), KEY),
        wrapped(NESTED, KEY),
        der.sequence(der.integer(2), *[f.encoded for f in der.Element.parse(FIELD).children()[1:]]),
    ],
)
def test_what_is_no_pkcs12_file_is_refused(junk: bytes) -> None:
    with pytest.raises(CertificateError) as caught:
        pkcs12.outline(junk)
    assert caught.value.code == "bad_pkcs12"
    with pytest.raises(CertificateError) as caught:
        pkcs12.open_file(junk, PASSWORD)
    assert caught.value.code == "bad_pkcs12"


@given(st.integers(0, len(FIELD) - 1), st.integers(0, 255))
@settings(max_examples=300)
def test_a_changed_byte_gives_a_file_or_our_error(at: int, byte: int) -> None:
    changed = FIELD[:at] + bytes([byte]) + FIELD[at + 1 :]
    try:
        pkcs12.outline(changed)
        pkcs12.open_file(changed, PASSWORD)
    except (CertificateError, PasswordError):
        pass


def test_the_mark_that_joins_certificate_and_key_is_the_usual_one() -> None:
    assert hashlib.sha1(SIGN.certificate.der).digest() in FIELD


OPENSSL_FORMS = {
    "legacy": ["-legacy"],
    "rc2-128 and 2-key 3des": [
        *["-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-2DES", *LEGACY],
        *["-macalg", "sha1"],
    ],
    "rc2 for the key": ["-certpbe", "NONE", "-keypbe", "PBE-SHA1-RC2-40", *LEGACY],
    "3des": ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
    "aes-256": [],
    "aes-128, mac of 512 bits": [
        *["-certpbe", "AES-128-CBC", "-keypbe", "AES-128-CBC", "-macalg", "sha512"]
    ],
    "no mac": ["-nomac"],
    "seed": ["-certpbe", "SEED-CBC", "-keypbe", "SEED-CBC", *LEGACY],
    "aria": ["-certpbe", "ARIA-256-CBC", "-keypbe", "ARIA-128-CBC"],
    "certificates open": ["-certpbe", "NONE"],
}


@pytest.mark.parametrize("form", OPENSSL_FORMS)
@pytest.mark.parametrize("password", [PASSWORD, KOREAN_PASSWORD])
def test_what_openssl_writes_opens(form: str, password: str, tmp_path: Path) -> None:
    certificates, key, path = tmp_path / "c.pem", tmp_path / "k.der", tmp_path / "x.p12"
    key.write_bytes(SIGN.key.der)
    (tmp_path / "c.der").write_bytes(SIGN.certificate.der)
    (tmp_path / "a.der").write_bytes(ISSUED.authority.der)
    text = b"".join(
        openssl("x509", "-inform", "DER", "-in", tmp_path / name) for name in ("c.der", "a.der")
    )
    key_text = openssl("pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in", key)
    certificates.write_bytes(text + key_text)
    export = ("pkcs12", "-export", "-in", certificates, "-out", path, "-name", "홍길동")
    openssl(*export, "-passout", "stdin", *OPENSSL_FORMS[form], secret=password)
    encoded = path.read_bytes()
    opened = pkcs12.open_file(encoded, password)
    assert opened.pairs[0].certificate == SIGN.certificate
    assert opened.pairs[0].friendly_name == "홍길동"
    assert opened.pairs[0].key.fits(SIGN.certificate.public_key_info)
    assert opened.chain == (ISSUED.authority,)
    with pytest.raises(PasswordError):
        pkcs12.open_file(encoded, password + "x")


def as_ber(element: der.Element) -> bytes:
    """Write an element as programs do that stream: indefinite lengths, strings in pieces."""
    if element.tag & 0x20:
        inner = b"".join(as_ber(child) for child in element.children())
        return bytes([element.tag, 0x80]) + inner + b"\0\0"
    if element.tag == der.OCTET_STRING and len(element.content) > 20:
        half = len(element.content) // 2
        pieces = der.octets(element.content[:half]) + der.octets(element.content[half:])
        return b"\x24\x80" + pieces + b"\0\0"
    return element.encoded


@pytest.mark.parametrize("style", STYLES)
def test_a_file_of_indefinite_lengths_opens(style: Style) -> None:
    """Java and older browsers write such files; the MAC is over what is inside the strings."""
    encoded = content(ISSUED.pkcs12(PASSWORD, style, chain=True))
    streamed = as_ber(der.Element.parse(encoded))
    assert streamed != encoded
    assert pkcs12.open_file(streamed, PASSWORD) == pkcs12.open_file(encoded, PASSWORD)


@pytest.mark.parametrize(("prf", "mac"), [("sha256", "sha256"), ("sha1", "sha512")])
def test_a_mac_over_pbkdf2_is_checked(prf: str, mac: str) -> None:
    fields = der.Element.parse(FIELD).children()
    inside = pkcs12.data_content(fields[1])
    names = {name: der.sequence(der.oid(oid), der.null()) for oid, name in oids.PRFS.items()}
    key = hashlib.pbkdf2_hmac(prf, PASSWORD.encode(), b"saltsalt", 300, 32)
    written = [] if prf == "sha1" else [names[prf]]
    derivation = der.sequence(der.octets(b"saltsalt"), der.integer(300), der.integer(32), *written)
    function = der.sequence(der.oid(oids.PBKDF2), derivation)
    algorithm = der.sequence(der.oid(oids.PBMAC1), der.sequence(function, names[mac]))
    info = der.sequence(algorithm, der.octets(hmac.digest(key, inside, mac)))
    data = der.sequence(info, der.octets(b"ignored!"), der.integer(1))
    encoded = der.sequence(fields[0].encoded, fields[1].encoded, data)
    assert pkcs12.open_file(encoded, PASSWORD).pairs[0].certificate == SIGN.certificate
    with pytest.raises(PasswordError):
        pkcs12.open_file(encoded, "wrong")


def rounds_of(count: int) -> bytes:
    return der.sequence(pbe.triple_des_pkcs12(bytes(8), count).encode(), der.octets(bytes(8)))


@pytest.mark.attack(76)
def test_many_parts_that_each_ask_for_much_by_scrypt_are_refused() -> None:
    scheme = pbe.Scheme(
        "scrypt", oids.AES256_CBC, bytes(8), 2, bytes(16), scrypt_r=90_000, scrypt_p=16
    )
    sealed = der.sequence(scheme.encode(), der.octets(bytes(16)))
    encoded = wrapped(
        certificate_bag(SIGN.certificate.der), *[bag(oids.SHROUDED_KEY_BAG, sealed)] * 4
    )
    with pytest.raises(CertificateError) as caught:
        pkcs12.open_file(encoded, PASSWORD)
    assert caught.value.code == "too_many_iterations"


@pytest.mark.attack(76)
def test_many_parts_together_may_ask_for_no_more_work_than_one() -> None:
    many = [bag(oids.SHROUDED_KEY_BAG, rounds_of(MAX_KDF_ITERATIONS // 10))] * 11
    encoded = wrapped(certificate_bag(SIGN.certificate.der), *many)
    with pytest.raises(CertificateError) as caught:
        pkcs12.open_file(encoded, PASSWORD)
    assert caught.value.code == "too_many_iterations"


def long_mac() -> bytes:
    """A MAC whose length makes thousands of derivations of its rounds."""
    algorithm = der.sequence(der.oid(oids.SHA256), der.null())
    info = der.sequence(algorithm, der.octets(bytes(32_000)))
    return der.sequence(info, der.octets(bytes(8)), der.integer(100_000))


@pytest.mark.attack(76)
def test_a_mac_that_is_longer_than_its_hash_is_work_too() -> None:
    fields = [field.encoded for field in der.Element.parse(FIELD).children()]
    with pytest.raises(CertificateError) as caught:
        pkcs12.open_file(der.sequence(*fields[:2], long_mac()), PASSWORD)
    assert caught.value.code == "too_many_iterations"


@pytest.mark.attack(76)
def test_endless_rounds_of_a_mac_are_refused() -> None:
    fields = [field.encoded for field in der.Element.parse(FIELD).children()]
    mac = der.Element.parse(fields[2]).children()
    fields[2] = der.sequence(mac[0].encoded, mac[1].encoded, der.integer(MAX_KDF_ITERATIONS + 1))
    with pytest.raises(CertificateError) as caught:
        pkcs12.open_file(der.sequence(*fields), PASSWORD)
    assert caught.value.code == "too_many_iterations"
