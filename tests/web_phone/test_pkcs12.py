"""The page opens PKCS#12 files as Python opens them: the same owner, the same refusals."""

import hashlib
import hmac
import random
from pathlib import Path
from typing import Any

from certrelay.errors import CertRelayError
from certrelay.limits import MAX_KDF_ITERATIONS
from certrelay.pki import der, oids, pbe, pkcs12
from certrelay.pki.pkcs12_writing import Style
from tests.certificates import KOREAN_PASSWORD, PASSWORD, person, stranger
from tests.openssl import openssl
from tests.pki.test_pkcs12 import (
    FIELD,
    ISSUED,
    KEY,
    NESTED,
    OPENSSL_FORMS,
    SIGN,
    as_ber,
    bag,
    certificate_bag,
    content,
    long_mac,
    rounds_of,
    wrapped,
)
from tests.pki.test_readers import renewed
from tests.web_phone.node import evaluate

NOW = 1_780_272_000_000
"""1 June 2026 in milliseconds, when the test certificates are valid."""

OPENED = f"""Promise.all(data.map(([file, password]) => said(async () => {{
  const {{certificate, isCompared, isPlain}} =
    await m.openPkcs12(bytes(file), password, {NOW});
  return {{serial: certificate.serial, isCompared, isPlain}};
}})))"""

RIGHT = {"serial": str(SIGN.certificate.serial), "isCompared": True, "isPlain": False}


def in_page(*files: tuple[bytes, str]) -> list[Any]:
    data = [[encoded.hex(), password] for encoded, password in files]
    found: list[Any] = evaluate({"m": "pki/pkcs12.js"}, OPENED, data)
    return found


def in_python(encoded: bytes, password: str) -> Any:
    try:
        opened = pkcs12.open_file(encoded, password)
    except CertRelayError as error:
        return error.code
    return {
        "serial": str(opened.pairs[0].certificate.serial),
        "isCompared": opened.pairs[0].key.fits(opened.pairs[0].certificate.public_key_info) is True,
        "isPlain": False,
    }


def test_what_this_program_writes_opens_with_its_password_only() -> None:
    styles: list[Style] = ["field", "modern"]
    cases = [
        (content(ISSUED.pkcs12(password, style, chain=True, km=True)), password)
        for style in styles
        for password in (PASSWORD, KOREAN_PASSWORD, "", "🔑")
    ]
    assert in_page(*cases) == [RIGHT] * len(cases)
    wrong = [(encoded, password + "x") for encoded, password in cases]
    assert in_page(*wrong) == ["wrong_password"] * len(wrong)


def test_what_openssl_writes_opens(tmp_path: Path) -> None:
    cases = [
        (written_by_openssl(form, password, tmp_path), password)
        for form in OPENSSL_FORMS
        for password in (PASSWORD, KOREAN_PASSWORD)
    ]
    found = in_page(*cases)
    aria = ["unsupported_algorithm" if form == "aria" else RIGHT for form in OPENSSL_FORMS]
    assert found == [each for each in aria for _ in range(2)]
    wrong = in_page(*[(encoded, "wrong") for encoded, _ in cases])
    assert set(wrong) == {"wrong_password", "unsupported_algorithm"}


def written_by_openssl(form: str, password: str, folder: Path) -> bytes:
    text, path = folder / "c.pem", folder / "x.p12"
    pairs = [("c.der", SIGN.certificate.der), ("a.der", ISSUED.authority.der)]
    for name, encoded in (*pairs, ("k.der", SIGN.key.der)):
        (folder / name).write_bytes(encoded)
    pems = [openssl("x509", "-inform", "DER", "-in", folder / name) for name, _ in pairs]
    key = openssl("pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in", folder / "k.der")
    text.write_bytes(b"".join([*pems, key]))
    export = ("pkcs12", "-export", "-in", text, "-out", path, "-passout", "stdin")
    openssl(*export, *OPENSSL_FORMS[form], secret=password)
    return path.read_bytes()


def test_files_of_indefinite_lengths_and_without_a_mac_open() -> None:
    streamed = as_ber(der.Element.parse(FIELD))
    fields = [field.encoded for field in der.Element.parse(FIELD).children()]
    assert in_page((streamed, PASSWORD), (der.sequence(*fields[:2]), PASSWORD)) == [RIGHT] * 2
    assert in_page((der.sequence(*fields[:2]), "wrong")) == ["wrong_password"]


def test_a_mac_over_pbkdf2_is_checked() -> None:
    fields = der.Element.parse(FIELD).children()
    inside = pkcs12.data_content(fields[1])
    names = {name: der.sequence(der.oid(oid), der.null()) for oid, name in oids.PRFS.items()}
    key = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"saltsalt", 300, 32)
    salt = der.octets(b"saltsalt")
    derivation = der.sequence(salt, der.integer(300), der.integer(32), names["sha256"])
    function = der.sequence(der.oid(oids.PBKDF2), derivation)
    algorithm = der.sequence(der.oid(oids.PBMAC1), der.sequence(function, names["sha512"]))
    info = der.sequence(algorithm, der.octets(hmac.digest(key, inside, "sha512")))
    mac = der.sequence(info, der.octets(b"ignored!"), der.integer(1))
    encoded = der.sequence(fields[0].encoded, fields[1].encoded, mac)
    assert in_page((encoded, PASSWORD), (encoded, "wrong")) == [RIGHT, "wrong_password"]


def test_a_key_that_lies_open_is_said_to() -> None:
    inner = der.sequence(certificate_bag(SIGN.certificate.der), bag(oids.KEY_BAG, SIGN.key.der))
    encoded = wrapped(bag(oids.SAFE_CONTENTS_BAG, inner))
    assert in_page((encoded, "any")) == [RIGHT | {"isPlain": True}]


def test_of_several_certificates_of_one_key_one_is_the_owners() -> None:
    old, other = certificate_bag(SIGN.certificate.der), stranger().sign
    encoded = wrapped(certificate_bag(other.certificate.der), old, KEY)
    assert in_page((encoded, PASSWORD)) == [RIGHT]
    key = bag(oids.SHROUDED_KEY_BAG, pbe.encrypt(pbe.seed_pbes1(bytes(8)), other.key.der, PASSWORD))
    assert in_page((wrapped(old, key), PASSWORD)) == ["key_mismatch"]


def test_of_a_renewed_certificate_and_the_old_one_the_mark_decides_as_in_python() -> None:
    files = [renewed(mark)[0] for mark in (0, 1, None)]
    seen = [str(pkcs12.outline(file).certificates[0].serial) for file in files]
    opened = [in_python(file, PASSWORD)["serial"] for file in files]
    assert seen == opened
    assert len(set(seen)) == 2
    code = f"data.map((file) => m.outline(bytes(file), {NOW}).owner.serial)"
    assert evaluate({"m": "pki/pkcs12.js"}, code, [file.hex() for file in files]) == seen
    assert [each["serial"] for each in in_page(*((file, PASSWORD) for file in files))] == seen


def test_junk_and_endless_work_are_refused_as_python_refuses_them() -> None:
    fields = [field.encoded for field in der.Element.parse(FIELD).children()]
    mac = der.Element.parse(fields[2]).children()
    endless = der.sequence(mac[0].encoded, mac[1].encoded, der.integer(MAX_KDF_ITERATIONS + 1))
    many = [bag(oids.SHROUDED_KEY_BAG, rounds_of(MAX_KDF_ITERATIONS // 10))] * 11
    few = [bag(oids.SHROUDED_KEY_BAG, rounds_of(MAX_KDF_ITERATIONS // 4))] * 3
    cases = [
        b"",
        b"PK\x03\x04",
        der.sequence(),
        FIELD[:-1],
        SIGN.certificate.der,
        wrapped(),
        wrapped(KEY),
        wrapped(certificate_bag(SIGN.certificate.der)),
        wrapped(certificate_bag(b"broken"), KEY),
        wrapped(certificate_bag(b"broken"), certificate_bag(SIGN.certificate.der), KEY),
        wrapped(NESTED, KEY),
        der.sequence(der.integer(2), *fields[1:]),
        der.sequence(*fields[:2], endless),
        der.sequence(*fields[:2], long_mac()),
        wrapped(certificate_bag(SIGN.certificate.der), *many),
        wrapped(certificate_bag(SIGN.certificate.der), *few),
    ]
    expected = [in_python(encoded, PASSWORD) for encoded in cases]
    assert in_page(*[(encoded, PASSWORD) for encoded in cases]) == expected
    assert set(map(str, expected)) == {"bad_pkcs12", "too_many_iterations", str(RIGHT)}


def test_a_changed_byte_opens_in_both_or_in_neither() -> None:
    dice, cases = random.Random(1), []
    bare = der.sequence(*[field.encoded for field in der.Element.parse(FIELD).children()[:2]])
    for _ in range(120):
        changed = bytearray(bare)
        changed[dice.randrange(len(changed))] = dice.randrange(256)
        cases.append((bytes(changed), PASSWORD))
    expected = [in_python(*case) for case in cases]
    found = in_page(*cases)
    refused = [
        (isinstance(mine, str), isinstance(its, str))
        for mine, its in zip(expected, found, strict=True)
    ]
    assert {(True, True), (False, False)} == set(refused)
    assert [each for each in found if not isinstance(each, str)] == [
        each for each in expected if not isinstance(each, str)
    ]


def test_each_owner_is_found() -> None:
    others = [person(3), person(4)]
    cases = [(content(each.pkcs12(PASSWORD)), PASSWORD) for each in others]
    serials = [str(each.sign.certificate.serial) for each in others]
    assert [each["serial"] for each in in_page(*cases)] == serials
