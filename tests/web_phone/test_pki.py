"""What the page reads in certificate files is what Python reads in them."""

import io
import json
import os
import random
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from certrelay.bundle import Item
from certrelay.errors import CertRelayError
from certrelay.frozen import replace
from certrelay.pki import check, der, kinds, naming, pbe, pkcs12_writing, validity
from certrelay.pki.check import Summary
from certrelay.safe_text import printable
from certrelay.testkit.ca import SCHEMES, Authority, Issued, Owner, new_key
from tests.certificates import person
from tests.pki.make_files import PATH
from tests.web_phone.node import evaluate

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PASSWORD = "비밀번호 Aa1!"
INSPECT = {
    "inspecting": "pki/inspect.js",
    "bundle": "core/bundle.js",
    "opening": "pki/private_key.js",
}
SHOWN = """Promise.all(data.map(({kind, files, password}) => said(async () => {
  const contents = Object.fromEntries(Object.entries(files).map(([r, c]) => [r, bytes(c)]));
  const {certificate: c, place} = inspecting.inspect(bundle.makeItem(kind, contents));
  const checked = kind === "npki" && password !== null
    ? await said(() => opening.checkPassword(c, contents.signPri, password)) : null;
  const shown = c === null ? null
    : {cn: c.cn, issuer: c.issuerCn, serial: c.serial, from: c.notBefore, until: c.notAfter};
  return {shown, place, checked};
})))"""


@pytest.fixture(scope="module")
def issued() -> Issued:
    return issue(Owner("홍길동<img>\u202e", 7))


def issue(owner: Owner) -> Issued:
    authority = Authority(NOW, key=new_key(1024))
    end = NOW + timedelta(days=365)
    return authority.issue(owner, NOW, end, sign_key=new_key(1024), km_key=new_key(1024))


def as_data(item: Item, password: str | None = None) -> dict[str, Any]:
    files = {file.role: file.content.hex() for file in item.files}
    return {"kind": item.kind, "files": files, "password": password}


def in_page(*items: dict[str, Any]) -> list[Any]:
    found: list[Any] = evaluate(INSPECT, SHOWN, list(items))
    return found


def as_seen(summary: Summary) -> dict[str, Any]:
    certificate = summary.certificate
    shown = None
    if certificate is not None:
        assert certificate.not_before is not None
        assert certificate.not_after is not None
        shown = {
            "cn": certificate.cn,
            "issuer": certificate.issuer_cn,
            "serial": str(certificate.serial),
            "from": int(certificate.not_before.timestamp() * 1000),
            "until": int(certificate.not_after.timestamp() * 1000),
        }
    return {"shown": shown, "place": list(summary.place)}


def test_items_are_seen_as_python_sees_them(issued: Issued) -> None:
    items = [
        issued.npki(PASSWORD),
        issued.pkcs12(PASSWORD, style="field"),
        issued.pkcs12(PASSWORD, style="modern"),
    ]
    found = in_page(*(as_data(item) for item in items))
    assert found == [as_seen(check.inspect(item)) | {"checked": None} for item in items]


def test_every_outer_form_of_a_file_is_read_as_python_reads_it() -> None:
    cases = json.loads(PATH.read_text("utf-8"))
    found = in_page(*cases)
    shown = [[each["shown"]["serial"], each["shown"]["cn"]] for each in found]
    assert shown == [[case["serial"], case["cn"]] for case in cases]
    opened = [each["checked"] for each in found]
    assert opened == [True if case["kind"] == "npki" else None for case in cases]


def test_every_common_form_of_key_opens_with_its_password_only(issued: Issued) -> None:
    schemes = sorted(set(SCHEMES) - {"aria256"})
    right = [as_data(issued.npki(PASSWORD, scheme=each), PASSWORD) for each in schemes]
    wrong = [as_data(issued.npki(PASSWORD, scheme=each), PASSWORD + " ") for each in schemes]
    assert [each["checked"] for each in in_page(*right)] == [True] * len(schemes)
    assert [each["checked"] for each in in_page(*wrong)] == ["wrong_password"] * len(schemes)


def test_other_forms_are_named_as_not_checkable(issued: Issued) -> None:
    data = as_data(issued.npki(PASSWORD, scheme="aria256"), PASSWORD)
    assert in_page(data)[0]["checked"] == "unsupported_algorithm"


def test_a_password_in_cp949_opens_the_key(issued: Issued) -> None:
    # Written by a program that took the bytes of the Korean code page.
    scheme = pbe.seed_pbes2(bytes(8), bytes(16))
    sealed = scheme.cipher.encrypt(
        *scheme.key_and_iv(PASSWORD.encode("cp949")), issued.sign.key.der
    )
    data = as_data(issued.npki(PASSWORD), PASSWORD)
    data["files"]["signPri"] = der.sequence(scheme.encode(), der.octets(sealed)).hex()
    assert in_page(data)[0]["checked"] is True


def test_another_certificates_key_is_told(issued: Issued) -> None:
    other = issue(Owner("김철수", 8))
    data = as_data(issued.npki(PASSWORD), PASSWORD)
    data["files"]["signPri"] = as_data(other.npki(PASSWORD))["files"]["signPri"]
    assert in_page(data)[0]["checked"] == "key_mismatch"


def test_broken_files_end_as_errors_of_ours(issued: Issued) -> None:
    generator = random.Random(7)
    whole = as_data(issued.npki(PASSWORD), PASSWORD)
    broken = []
    for _ in range(150):
        role = generator.choice(["signCert", "signPri"])
        content = bytearray.fromhex(whole["files"][role])
        for _ in range(generator.randint(1, 3)):
            content[generator.randrange(min(len(content), 200))] = generator.randrange(256)
        cut = generator.choice([len(content), generator.randrange(len(content))])
        broken.append({**whole, "files": {**whole["files"], role: content[:cut].hex()}})
    for data, found in zip(broken, in_page(*broken), strict=True):
        item = Item.of("npki", {r: bytes.fromhex(c) for r, c in data["files"].items()})
        assert found == error_of(item) or (isinstance(found, dict) and error_of(item) is None)


def error_of(item: Item) -> str | None:
    try:
        check.inspect(item)
    except CertRelayError as error:
        return error.code
    return None


HOSTILE = [
    "",
    ".",
    "..",
    "../../etc",
    "CON",
    "nul .txt",
    "COM¹",
    "a" * 300,
    "홍" * 90,
    "trailing. . ",
    " leading",
    ".hidden",
    "a:b\\c/d|e",
    "\u202egnp.exe",
    "각",
    "é",
    "\ufeffx",
    "𠀋",
    "a\x00b",
    "\u3164",
]


def test_names_are_made_as_python_makes_them() -> None:
    generator = random.Random(3)
    alphabet = "aA0 .,=()홍길각/\\:\u202e\u0301é＿_~-"
    texts = HOSTILE + ["".join(generator.choices(alphabet, k=30)) for _ in range(200)]
    found = evaluate(
        {"naming": "pki/naming.js"}, "data.map((text) => naming.component(text, 'none'))", texts
    )
    assert found == [naming.component(text, "none") for text in texts]
    issuers = [[["o", name], ["c", "kr"]] for name in ("KICA", " yesSign ", "PKCS12", "a/b", "")]
    folders = evaluate(
        {"naming": "pki/naming.js"}, "data.map((issuer) => naming.caFolder(issuer))", issuers
    )
    assert folders == [naming.ca_folder(tuple((a, v) for a, v in each)) for each in issuers]


def test_files_are_named_for_people_as_python_names_them() -> None:
    generator = random.Random(5)
    numbers = ["", "()0020041200806232804005", "(HONG GIL)001234567", "_0000123456", "(1)", "()"]
    owners = [*HOSTILE, "홍길동", "(주)시험상사", "가" * 60, "a" * 39 + " b"]
    cases: list[tuple[str, naming.Rdns, str]] = [
        (owner + number, (("o", generator.choice(["KICA", "yessign", "a/b", ""])),), day)
        for owner in owners
        for number in numbers
        for day in ("2027-11-28", "")
    ]
    found = evaluate(
        {"naming": "pki/naming.js"},
        "data.map(([cn, issuer, day]) => naming.fileStem(cn, issuer, day, 'ff'))",
        cases,
    )
    assert found == [naming.file_stem(cn, issuer, day or None, "ff") for cn, issuer, day in cases]


def test_a_sealed_file_lies_where_python_lays_it(issued: Issued) -> None:
    names = ["홍길동", "te-0f3c5d1e-2c2a", "{0F3C5D1E-2C2A-4B4B}", "", "../x", "cafe"]
    items = []
    for name in names:
        pair = replace(issued.sign, friendly_name=name)
        content = pkcs12_writing.write([pair], [], PASSWORD, os.urandom, "modern")
        items.append(Item.of("pkcs12", {"pkcs12": content}))
    found = [each["place"] for each in in_page(*map(as_data, items))]
    assert found == [list(check.inspect(item).place) for item in items]
    assert found[0][1].startswith("홍길동")
    assert "-" not in found[1][1]


def test_sealed_files_are_named_as_python_names_them() -> None:
    names = [*HOSTILE, "홍길동()0020041200806232804005", "가" * 60, "{1F2A-3B}"]
    found = evaluate(
        {"naming": "pki/naming.js"},
        "data.map((name) => naming.sealedStem(name, '0123456789abcdef'))",
        names,
    )
    assert found == [naming.sealed_stem(name, "0123456789abcdef") for name in names]


def test_strangers_texts_are_shown_as_python_shows_them() -> None:
    texts = [*HOSTILE, "가" * 40, "<img src=x onerror=alert(1)>", "a\u2028b", "x" * 65, "x" * 64]
    found = evaluate(
        {"safe": "core/safe_text.js"}, "data.map((text) => safe.printable(text))", texts
    )
    assert found == [printable(text) for text in texts]


def test_kinds_are_told_as_python_tells_them() -> None:
    prefix = "1.2.410."
    table = [prefix + row[0] for row in kinds._ROWS]
    generator = random.Random(6)
    single = [[oid + more] for oid in table for more in ("", ".7", ".7.1")]
    several = [generator.choices([*table, "1.2.3", "2.5.29.32.0"], k=3) for _ in range(100)]
    cases = [[], ["1.2.3"], [prefix[:-1]], *single, *several]
    found = evaluate(
        {"kinds": "pki/kinds.js"},
        "data.flatMap((policies) => [true, false].map((signs) => kinds.kindOf({policies, signs})))",
        cases,
    )
    expected = []
    for policies in cases:
        for usage in (0x80, 0x20):
            known = replace(
                EXTENSIONS_OF,
                extensions=replace(
                    EXTENSIONS_OF.extensions, policies=tuple(policies), key_usage=usage
                ),
            )
            kind = kinds.kind_of(known)
            expected.append(
                {
                    "use": kind.use,
                    "holder": kind.holder or "",
                    "isDisputed": kind.disputed,
                    "oid": kind.oid or "",
                }
            )
    assert found == expected


EXTENSIONS_OF = person().sign.certificate


def test_policies_and_usage_are_read(issued: Issued) -> None:
    assert issued.km is not None
    pairs = [issued.sign.certificate, issued.km.certificate, issued.authority]
    found = evaluate(
        {"m": "pki/certificate.js"},
        "data.map((raw) => m.parseCertificate(bytes(raw)))"
        ".map(({policies, signs, isCa}) => [policies, signs, isCa])",
        [each.der.hex() for each in pairs],
    )
    assert found == [[list(c.extensions.policies), c.signs, c.extensions.ca] for c in pairs]


def test_validity_is_counted_in_korean_days() -> None:
    ends = [
        NOW + timedelta(days=days, hours=hours) for days in (-1, 0, 29, 31) for hours in (-9, 15)
    ]
    starts = [NOW - timedelta(days=1), NOW + timedelta(days=1), None]
    pairs = [(start, end) for start in starts for end in (*ends, None)]
    data = [
        [None if each is None else int(each.timestamp() * 1000) for each in (*pair, NOW)]
        for pair in pairs
    ]
    modules = {"validity": "pki/validity.js"}
    found = evaluate(modules, "data.map(([a, b, now]) => validity.stateOf(a, b, now))", data)
    assert found == [validity.state(start, end, NOW) for start, end in pairs]
    days = evaluate(modules, "data.map((time) => validity.lastDay(time))", [row[2] for row in data])
    assert set(days) == {validity.last_day(NOW)}


def test_a_zip_of_the_page_opens_anywhere_and_holds_the_same_bytes() -> None:
    content = {"NPKI/yessign/USER/cn=홍길동/signCert.der": os.urandom(1500), "a/b.key": b"\x00"}
    written = evaluate(
        {"zip": "core/zip.js"},
        "hex(zip.writeZip(data.map(([path, raw]) => "
        "({path: path.split('/'), content: bytes(raw)}))))",
        [[path, raw.hex()] for path, raw in content.items()],
    )
    with zipfile.ZipFile(io.BytesIO(bytes.fromhex(written))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == content
