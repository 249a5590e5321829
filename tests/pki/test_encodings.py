"""Files as they lie on disks: with bytes after them, in PEM, in base64, after a mark."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from certrelay.bundle import Item
from certrelay.errors import CertificateError
from certrelay.pki import check, der, encodings, pbe, pkcs12, rewrap
from certrelay.pki.certificate import Certificate, parse_chain
from certrelay.pki.revocation import RevocationList
from tests.certificates import NOW, PASSWORD, authority, person, root
from tests.openssl import openssl
from tests.pki.make_files import PATH, TAIL, pem

CASES: list[dict[str, Any]] = json.loads(PATH.read_text("utf-8"))
ITEM = person().npki(PASSWORD)


def item_of(case: dict[str, Any]) -> Item:
    return Item.of(case["kind"], {role: bytes.fromhex(c) for role, c in case["files"].items()})


def with_tails(item: Item) -> Item:
    return Item.of(item.kind, {file.role: file.content + TAIL for file in item.files})


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_every_form_is_read_and_opened(case: dict[str, Any]) -> None:
    summary = check.inspect_with_password(item_of(case), case["password"])
    assert (str(summary.serial), summary.cn, summary.verified) == (case["serial"], case["cn"], True)


def test_bytes_after_a_file_change_nothing_about_the_certificate() -> None:
    plain = check.inspect_with_password(ITEM, PASSWORD)
    tailed = check.inspect_with_password(with_tails(ITEM), PASSWORD)
    assert tailed.certificate == plain.certificate
    assert tailed.km_certificate == plain.km_certificate
    assert tailed.place == plain.place
    assert tailed.verified


def test_what_is_written_anew_has_no_tail_and_the_rest_keeps_it() -> None:
    item = with_tails(ITEM)
    changed = rewrap.change_password(item, PASSWORD, "New-pw1234!", os.urandom)
    assert changed.get("signCert") == item.get("signCert")
    written = changed.get("signPri") or b""
    assert encodings.unwrap(written).tail == 0
    made = rewrap.to_pkcs12(item, PASSWORD, PASSWORD, os.urandom)
    assert encodings.unwrap(made.files[0].content).tail == 0
    opened = pkcs12.open_file(made.files[0].content, PASSWORD)
    assert opened.pairs[0].certificate.der == ITEM.get("signCert")


@pytest.mark.parametrize("tail", [b"\r\n", TAIL, bytes(512), b"\x30"])
def test_openssl_reads_files_with_a_tail_too(tail: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, command in (
        (ITEM.get("signCert") or b"", ["x509", "-inform", "DER", "-noout"]),
        (person().pkcs12(PASSWORD, "modern").files[0].content, ["pkcs12", "-noout"]),
    ):
        path.write_bytes(content + tail)
        secret = ["-passin", "stdin"] if command[0] == "pkcs12" else []
        openssl(*command, "-in", path, *secret, secret=PASSWORD)


def test_a_tail_is_counted() -> None:
    certificate = ITEM.get("signCert") or b""
    assert encodings.unwrap(certificate).tail == 0
    assert encodings.unwrap(certificate + TAIL).tail == 46
    assert encodings.unwrap(pem("CERTIFICATE", certificate)).form == "pem"


def test_authorities_are_read_from_every_form() -> None:
    ca, above = authority().certificate, root().certificate
    both = pem("CERTIFICATE", ca.der) + b"words between\n" + pem("CERTIFICATE", above.der)
    for content in (both, der.sequence(ca.der, above.der), der.sequence(ca.der, above.der) + TAIL):
        assert parse_chain(content) == (ca, above)
    assert parse_chain(ca.der + b"\n") == (ca,)


def test_a_revocation_list_is_read_from_every_form() -> None:
    encoded = authority().revocations([5], NOW)
    for content in (encoded, encoded + TAIL, pem("X509 CRL", encoded)):
        assert set(RevocationList.parse(content).revoked) == {5}


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x30",
        b"\x30\x82\x05",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        b"TUlJQgAAAAAAAAAAAAA",
        b"\xff\xfe\x30",
        TAIL,
        (ITEM.get("signCert") or b"")[:-1],
    ],
)
def test_what_holds_no_element_is_refused(junk: bytes) -> None:
    with pytest.raises(CertificateError):
        Certificate.read(junk)
    with pytest.raises(CertificateError):
        pbe.parse(junk)
    with pytest.raises(CertificateError):
        pkcs12.outline(junk)


def test_a_certificate_inside_another_file_is_exactly_one_element() -> None:
    with pytest.raises(CertificateError):
        Certificate.parse((ITEM.get("signCert") or b"") + b"\0")
