"""The management commands, run as a script runs them: verify, passwd, convert, delete, list."""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from certrelay.bundle import Item
from certrelay.client.store.reading import read_item
from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.pki import npki, pkcs12
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import inspect
from certrelay.testkit.ca import TEST_IDN, Authority, Owner
from certrelay.texts import Texts
from tests.certificates import PASSWORD, key
from tests.flows.programs import ROOT, environment

NEW = "Newpw!8274xz"


def run(*arguments: str | Path, given: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "client_pc", *map(str, arguments)],
        input=given,
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def events(*arguments: str | Path, given: str = "") -> tuple[int, list[dict[str, Any]]]:
    status, out, _ = run(*arguments, "--json", given=given)
    return status, [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "NPKI"


def now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def issued(days_left: int = 200, name: str = "홍길동", number: int = 1) -> Item:
    """A certificate that is good, or over, on the day on which the test runs."""
    today = now()
    authority = Authority(today - timedelta(days=400), key=key(99))
    end = today + timedelta(days=days_left)
    made = authority.issue(
        Owner(name, number), end - timedelta(days=365), end, sign_key=key(1), km_key=key(51)
    )
    return made.npki(PASSWORD, ca_pubs=True)


def put(store: Path, item: Item) -> Path:
    return Store(store).save(item, inspect(item).place).path


# --- verify ---


def test_a_sound_certificate_holds_in_every_point(store: Path) -> None:
    put(store, issued())
    status, told = events("verify", "1", "--store", store, "--idn", given=f"{PASSWORD}\n{TEST_IDN}")
    assert status == ExitStatus.OK
    answers = {event["question"]: event["answer"] for event in told if event["event"] == "finding"}
    assert set(answers) >= {"structure", "password", "key", "km", "vid", "identity", "validity"}
    assert {answer for question, answer in answers.items() if question != "revocation"} == {"holds"}
    assert told[-1]["event"] == "verified"
    assert told[-1]["holds"] is True


def test_an_expired_certificate_that_is_sound_otherwise_says_exactly_that(store: Path) -> None:
    put(store, issued(days_left=-3))
    status, told = events("verify", "1", "--store", store, given=PASSWORD)
    assert status == ExitStatus.CERTIFICATE
    assert told[-2]["only_expired"] is True
    assert told[-1]["code"] == "expired_but_sound"


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        ("wrong", "wrong_password", ExitStatus.PASSWORD),
        ("", "no_password", ExitStatus.PASSWORD),
        (f"{PASSWORD}\n9999999999", "not_sound", ExitStatus.CERTIFICATE),
    ],
)
def test_what_does_not_hold_is_no_success(
    store: Path, given: str, code: str, status: ExitStatus
) -> None:
    put(store, issued())
    ended, told = events("verify", "1", "--store", store, "--idn", given=given + "\n\n")
    assert (ended, told[-1]["code"]) == (status, code)


def test_without_a_password_a_fault_is_still_named_first(store: Path) -> None:
    put(store, issued(days_left=-3))
    status, told = events("verify", "1", "--store", store, given="\n")
    assert (status, told[-1]["code"]) == (ExitStatus.CERTIFICATE, "expired_but_sound")


def test_a_file_that_is_not_there_is_no_name_of_a_certificate(store: Path) -> None:
    put(store, issued())
    status, _, err = run("show", "none.p12", "--store", store, "--lang", "en")
    assert status == ExitStatus.CERTIFICATE
    assert "none.p12" in err
    assert "cannot be read" in err


def test_a_folder_and_a_file_can_be_named_by_their_path(store: Path) -> None:
    folder = put(store, issued())
    for target in (folder, folder / "signCert.der"):
        status, _, _ = run("verify", target, given=f"{PASSWORD}\n")
        assert status == ExitStatus.OK


# --- passwd ---


def test_a_new_password_keeps_certificate_key_and_vid(store: Path) -> None:
    folder = put(store, issued())
    before = read_item(folder)
    status, _, err = run("passwd", "1", "--store", store, given=f"{PASSWORD}\n{NEW}\n{NEW}\n")
    assert status == ExitStatus.OK, err
    after = read_item(folder)
    for certificate, sealed in (("signCert", "signPri"), ("kmCert", "kmPri")):
        assert after.get(certificate) == before.get(certificate)
        parsed = Certificate.parse(before.get(certificate) or b"")
        old = npki.check_password(parsed, before.get(sealed) or b"", PASSWORD)
        new = npki.check_password(parsed, after.get(sealed) or b"", NEW)
        assert old.der == new.der
    assert sorted(path.name for path in store.iterdir()) == ["yessign"], "nothing is left over"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (f"{PASSWORD}\nshort\n", "weak_password"),
        (f"{PASSWORD}\n{NEW}\n{NEW}x\n", "passwords_differ"),
        ("wrong\n" * 5, "password_tries"),
    ],
)
def test_a_password_that_cannot_be_taken_changes_nothing(
    store: Path, given: str, code: str
) -> None:
    folder = put(store, issued())
    before = read_item(folder)
    status, told = events("passwd", "1", "--store", store, given=given)
    assert (status, told[-1]["code"]) == (ExitStatus.PASSWORD, code)
    assert read_item(folder) == before


# --- convert ---


@pytest.mark.parametrize("style", ["modern", "field"])
def test_there_and_back_gives_the_same_plain_keys(store: Path, tmp_path: Path, style: str) -> None:
    before = read_item(put(store, issued()))
    arguments = ("convert", "1", "--store", store, "--to", "p12", "--style", style)
    status, out, err = run(*arguments, given=f"{PASSWORD}\n")
    assert status == ExitStatus.OK, err
    file = Path(out.strip())
    assert file.parent == store / "PKCS12"
    other = tmp_path / "other"
    status, out, err = run("convert", file, "--store", other, "--to", "npki", given=PASSWORD)
    assert status == ExitStatus.OK, err
    after = read_item(Path(out.strip()))
    for certificate, sealed in (("signCert", "signPri"), ("kmCert", "kmPri")):
        assert after.get(certificate) == before.get(certificate)
        old = npki.open_key(before.get(sealed) or b"", PASSWORD)
        assert npki.open_key(after.get(sealed) or b"", PASSWORD).der == old.der
    opened = pkcs12.open_file(file.read_bytes(), PASSWORD)
    assert opened.pairs[0].key.vid_random is not None


def test_converting_to_what_it_is_already_says_so(store: Path) -> None:
    put(store, issued())
    status, told = events("convert", "1", "--store", store, "--to", "npki", given=PASSWORD)
    assert (status, told[-1]["code"]) == (ExitStatus.USAGE, "same_kind")


# --- delete ---


def test_delete_names_what_goes_and_asks(store: Path) -> None:
    folder = put(store, issued())
    status, out, err = run("delete", "1", "--store", store, "--lang", "en", given="\n")
    assert (status, out) == (ExitStatus.NOT_CONFIRMED, "")
    for name in ("signCert.der", "signPri.key", "kmCert.der", "kmPri.key", str(folder)):
        assert name in err
    assert folder.exists()
    status, _, _ = run("delete", "1", "--store", store, given="y\n")
    assert status == ExitStatus.OK
    assert not folder.exists()


# --- list and show ---


def test_list_tells_kind_owner_issuer_end_and_state(store: Path) -> None:
    put(store, issued())
    put(store, issued(days_left=-2, name="이몽룡", number=2))
    status, out, _ = run("list", "--store", store, "--lang", "ko")
    assert status == ExitStatus.OK
    head, *rows = out.splitlines()
    assert head.split()[1:] == ["구분", "사용자", "발급자", "만료일", "상태"]
    assert [row.rsplit(maxsplit=1)[-1] for row in rows] == ["만료", "정상"]
    assert all(Texts("ko").say("holder.personal") in row for row in rows)


def test_a_broken_certificate_is_listed_with_what_is_wrong(store: Path) -> None:
    folder = put(store, issued())
    (folder / "signPri.key").unlink()
    status, told = events("list", "--store", store)
    assert status == ExitStatus.OK
    assert told[0]["error"] == "missing_sign_key"
    _, _, err = run("list", "--store", store, "--lang", "en")
    assert "signPri.key" in err


def test_the_same_certificate_in_two_places_is_told(store: Path) -> None:
    folder = put(store, issued())
    shutil.copytree(folder, folder.with_name("a copy"))
    _, told = events("list", "--store", store)
    entries = [event for event in told if event["event"] == "certificate"]
    assert [("same_as" in entry) for entry in entries] == [False, True]


def test_show_takes_a_serial_and_a_part_of_the_name(store: Path) -> None:
    item = issued()
    put(store, item)
    serial = Certificate.parse(item.get("signCert") or b"").serial
    for target in (str(serial), hex(serial), "길동"):
        status, told = events("show", target, "--store", store)
        assert status == ExitStatus.OK
        assert told[0]["serial"] == str(serial)
        assert told[0]["faults"] == []


def test_a_name_with_escape_sequences_never_reaches_the_terminal(store: Path) -> None:
    put(store, issued(name="\x1b[2J\u202e\x07홍"))
    for command in (("list",), ("show", "1")):
        for form in ((), ("--json",)):
            _, out, err = run(*command, "--store", store, *form)
            assert not set("\x1b\u202e\x07") & set(out + err)
