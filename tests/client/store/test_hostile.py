"""What a hostile peer may put into a certificate, and what a hostile folder may hold."""

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certrelay.bundle import Item
from certrelay.client.store.reading import FILE_NAMES, find, read_item
from certrelay.client.store.store import Store
from certrelay.errors import CertificateError, CertRelayError
from certrelay.pki import der, npki
from certrelay.pki.check import inspect, inspect_with_password
from certrelay.safe_text import is_hidden
from certrelay.texts import LANGUAGES, Texts
from tests.certificates import PASSWORD, person

ITEM = person().npki(PASSWORD)
SIGN = person().sign.certificate

NAMES = {
    "a path upwards": "../../../../etc/passwd",
    "a path": "/etc/cron.d/x",
    "windows' path": "..\\..\\Windows\\System32\\x",
    "a drive": "C:\\autoexec.bat",
    "a stream": "x:hidden",
    "a device": "CON",
    "a device with an ending": "nul.txt",
    "only dots": "...",
    "a trailing dot": "x.",
    "a trailing blank": "x ",
    "a hidden file": ".bashrc",
    "nothing": "",
    "a NUL": "x\0y",
    "an escape": "\x1b[2J\x1b]0;owned\x07",
    "a turned direction": "abc\u202egpj.exe",
    "invisible marks": "\u200b\u2060\ufeff\u3164",
    "300 bytes": "가" * 100,
    "60,000 bytes": "x" * 55_000,
    "many commas": "a,ou=b,o=c/../d",
    "decomposed": unicodedata.normalize("NFD", "홍길동"),
    "quotes and wildcards": "*?\"<>|'`$(id);&",
    "a line of our own": "\nSaved: /etc/passwd",
}


def named(subject: str, issuer: str = "yessign") -> Item:
    """The test certificate with another subject and issuer; its signature is broken."""
    outer = der.Element.parse(SIGN.der).children()
    fields = [field.encoded for field in outer[0].children()]
    fields[3] = name(("2.5.4.10", issuer))
    fields[5] = name(("2.5.4.3", subject))
    certificate = der.sequence(der.sequence(*fields), outer[1].encoded, outer[2].encoded)
    contents = {file.role: file.content for file in ITEM.files}
    return Item.of("npki", contents | {"signCert": certificate})


def name(*pairs: tuple[str, str]) -> bytes:
    return der.sequence(
        *[der.set_of([der.sequence(der.oid(oid), der.utf8(text))]) for oid, text in pairs]
    )


def stored_inside(root: Path, item: Item) -> Path:
    """Store an item; see that it lies exactly three safe names below the root."""
    saved = Store(root / "NPKI").save(item, inspect(item).place)
    assert [path.name for path in root.iterdir()] == ["NPKI"]
    parts = saved.path.relative_to(root / "NPKI").parts
    assert len(parts) == 3
    assert parts[1] == "USER"
    assert saved.path.resolve().is_relative_to((root / "NPKI").resolve())
    for part in parts:
        assert not any(is_hidden(character) for character in part)
        assert not re.search(r'[<>:"/\\|?*]', part)
        assert part[-1] not in ". "
        assert len(part.encode()) <= 200
    assert read_item(saved.path) == item
    return saved.path


@pytest.mark.attack(17)
@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES.keys())
def test_a_hostile_name_stays_in_the_store(tmp_path: Path, text: str) -> None:
    stored_inside(tmp_path, named(text))


@pytest.mark.attack(17)
@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES.keys())
def test_a_hostile_authority_stays_in_the_store(tmp_path: Path, text: str) -> None:
    stored_inside(tmp_path, named("cn", text))


@pytest.mark.attack(17)
@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=60)
def test_any_name_stays_in_the_store(
    tmp_path_factory: pytest.TempPathFactory, subject: str, issuer: str
) -> None:
    subject, issuer = (text.encode("utf-8", "replace").decode() for text in (subject, issuer))
    stored_inside(tmp_path_factory.mktemp("store"), named(subject, issuer))


def test_two_hostile_names_that_clean_to_one_do_not_replace_each_other(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first, other = named("a/b"), named("a:b")
    place = inspect(first).place
    assert inspect(other).place == place
    store.save(first, place)
    assert store.name_is_taken(other, place)
    saved = store.save(other, place, beside=True)
    assert read_item(saved.path) == other


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    for file in ITEM.files:
        (path / FILE_NAMES[file.role]).write_bytes(file.content)
    return path


def deep(levels: int) -> bytes:
    content = b""
    for _ in range(levels):
        content = der.encode(der.SEQUENCE, content)
    return content


def endless() -> bytes:
    algorithm = der.sequence(
        der.oid("1.2.410.200004.1.15"), der.sequence(der.octets(bytes(8)), der.integer(2**31))
    )
    return der.sequence(algorithm, der.octets(bytes(32)))


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "cut off": ("signCert.der", SIGN.der[:500], "bad_certificate"),
    "empty": ("signCert.der", b"", "bad_certificate"),
    "huge": ("signPri.key", bytes(70_000), "too_large_file"),
    "nested to the limit": ("signCert.der", deep(16_000), "bad_certificate"),
    "nested without end": ("signPri.key", b"\x30\x80" * 30_000, "bad_key_file"),
    "a wrong tag": ("signCert.der", b"\x31" + SIGN.der[1:], "bad_certificate"),
    "a text file": ("signPri.key", b"-----BEGIN ENCRYPTED PRIVATE KEY-----", "bad_key_file"),
    "a length of 2^63": ("signCert.der", b"\x30\x88\x7f" + b"\xff" * 7, "bad_certificate"),
}


@pytest.mark.parametrize(("file", "content", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_named_in_one_clear_sentence(
    tmp_path: Path, file: str, content: bytes, code: str
) -> None:
    path = folder(tmp_path / "yessign" / "USER" / "cn=x")
    (path / file).write_bytes(content)
    (entry,) = find(tmp_path)
    assert entry.error is not None
    assert entry.error.code == code
    for language in LANGUAGES:
        texts = Texts(language)
        assert texts.error(entry.error)
        assert texts.hint(entry.error)
        assert "{" not in texts.error(entry.error) + texts.hint(entry.error)


def test_endless_iterations_are_listed_and_refused_when_opened(tmp_path: Path) -> None:
    path = folder(tmp_path / "yessign" / "USER" / "cn=x")
    (path / "signPri.key").write_bytes(endless())
    (entry,) = find(tmp_path)
    assert entry.item is not None
    assert entry.summary is not None, "it can still be moved"
    with pytest.raises(CertificateError) as caught:
        inspect_with_password(entry.item, PASSWORD)
    assert caught.value.code == "too_many_iterations"


def swap_for_link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def swap_for_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def swap_for_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def swap_for_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices in folders are POSIX")
@pytest.mark.parametrize("swap", [swap_for_link, swap_for_pipe, swap_for_folder, swap_for_device])
@pytest.mark.parametrize("file", ["signCert.der", "signPri.key", "kmPri.key"])
def test_what_is_no_plain_file_is_refused_at_once(
    tmp_path: Path, swap: Callable[[Path], None], file: str
) -> None:
    path = folder(tmp_path / "yessign" / "USER" / "cn=x")
    swap(path / file)
    (entry,) = find(tmp_path)
    assert entry.error is not None
    assert entry.error.code == "not_a_plain_file"
    assert entry.error.details["path"] == str(path / file)


@pytest.mark.attack(31)
@given(st.binary(max_size=300), st.sampled_from(sorted(FILE_NAMES)))
@settings(max_examples=200)
def test_any_bytes_in_any_file_end_in_our_own_errors(junk: bytes, role: str) -> None:
    contents = {file.role: file.content for file in ITEM.files} | {role: junk}
    item = Item.of("npki", contents)
    try:
        inspect_with_password(item, PASSWORD)
    except CertRelayError:
        assert role != "caPubs", "its own folder's authorities never stop a certificate"


def test_a_wrong_password_and_a_broken_key_sound_alike_to_nobody_else() -> None:
    """The check is local: what it says is an error value, and no message carries it."""
    with pytest.raises(CertRelayError) as caught:
        npki.open_key(ITEM.get("signPri") or b"", "wrong")
    assert caught.value.details == {}
    assert "wrong" not in str(caught.value).replace("wrong_password", "")
