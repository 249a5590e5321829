"""Many certificates on one computer: what a script reads, and what a list or a name means."""

import io
import json
import os
import shutil
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certrelay.bundle import Item
from certrelay.client.manage.stores import Stores
from certrelay.client.manage.trash import Trash
from certrelay.client.path_text import path_of, path_text
from certrelay.client.store.reading import find, read_item
from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.limits import TRASH_DAYS
from certrelay.pki.check import inspect
from certrelay.pki.rewrap import to_pkcs12
from certrelay.testkit.ca import Authority, Owner
from client_pc import cli
from client_pc.batch_list import Wanted
from client_pc.commands import COMMAND_NAMES
from client_pc.habits import usual
from client_pc.parcel import named_pieces
from tests.certificates import PASSWORD, key

NOW = datetime.now(UTC)


def issued(
    days_left: int = 200,
    name: str = "홍길동",
    number: int = 1,
    organisation: str = "yessign",
    start: datetime | None = None,
) -> Item:
    """A pair without km, as an accountant has hundreds."""
    authority = Authority(NOW - timedelta(days=900), organisation, key=key(99))
    end = NOW + timedelta(days=days_left)
    begin = end - timedelta(days=365) if start is None else start
    return authority.issue(Owner(name, number), begin, end, sign_key=key(1), km=False).npki(
        PASSWORD
    )


def put(store: Path, *items: Item) -> list[Path]:
    return [Store(store).save(item, inspect(item).place, beside=True).path for item in items]


def p12_of(item: Item, style: Any = "field") -> bytes:
    made = to_pkcs12(item, PASSWORD, PASSWORD, os.urandom, style)
    return made.get("pkcs12") or b""


def fingerprint(item: Item) -> str:
    certificate = inspect(item).certificate
    assert certificate is not None
    return certificate.fingerprint


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "NPKI"


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What one test has shown or deleted is nothing to the next."""
    monkeypatch.setenv("CERTRELAY_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """A command, and what it told a script."""

    def run(*arguments: str | Path) -> tuple[int, list[dict[str, Any]]]:
        status = cli.main([*map(str, arguments), "--json"])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


# --- data is data ---


def test_a_path_that_is_no_unicode_is_given_back_and_found(tmp_path: Path, run: Any) -> None:
    name = os.fsdecode("홍길동".encode("cp949") + b".p12")
    file = tmp_path / name
    file.write_bytes(p12_of(issued()))
    _, (told, *_) = run("list", "--store", tmp_path)
    assert told["path"].startswith("file:///")
    assert path_of(told["path"]) == file
    status, (shown, *_) = run("show", told["path"])
    assert status == ExitStatus.OK
    assert shown["fingerprint"] == told["fingerprint"]


def test_a_path_in_another_normal_form_stays_as_the_disk_has_it(tmp_path: Path, run: Any) -> None:
    file = tmp_path / unicodedata.normalize("NFD", "홍길동.p12")
    file.write_bytes(p12_of(issued()))
    _, (told, *_) = run("list", "--store", tmp_path)
    assert Path(told["path"]) == file
    assert path_of(path_text(file)) == file


def test_a_name_is_as_it_is_and_codes_stand_for_sentences(store: Path, run: Any) -> None:
    name = unicodedata.normalize("NFD", "한글") + "\u200b"
    put(store, issued(name=name))
    seen = [run("list", "--store", store, "--lang", lang)[1][0] for lang in ("ko", "en")]
    assert seen[0] == seen[1], "data has no language"
    assert seen[0]["owner"] == name
    assert seen[0]["cn"].startswith(name)
    assert (seen[0]["use"], seen[0]["holder"]) == ("bank_card_insurance", "personal")


def test_a_mistake_is_told_as_codes(store: Path, run: Any, tmp_path: Path) -> None:
    put(store, issued(name="김하나"), issued(name="김하늘", number=2))
    _, told = run("show", "김하", "--store", store)
    assert told[-1]["numbers"] == [1, 2]
    _, told = run("lst")
    assert told[-1]["near"] == "list"
    sentences = {"text"}
    assert "\n" in told[-1]["text"]
    assert {key for key, value in told[-1].items() if " " in str(value)} == sentences


def test_every_event_about_a_certificate_names_it(store: Path, run: Any) -> None:
    item = issued(-3)
    (folder,) = put(store, item)
    for command in (("list",), ("show", "1"), ("remind",)):
        _, told = run(*command, "--store", store)
        for event in told:
            if event["event"] != "error":
                assert event["fingerprint"] == fingerprint(item), event
                assert event["path"] == str(folder)


# --- names ---


def test_a_fingerprint_names_a_certificate(store: Path, run: Any) -> None:
    item = issued()
    put(store, item, issued(name="이몽룡", number=2))
    whole = fingerprint(item)
    for target in (whole, whole[:8], whole[:20].upper()):
        status, (told, *_) = run("show", target, "--store", store)
        assert (status, told["fingerprint"]) == (ExitStatus.OK, whole)
    assert run("show", whole[:7], "--store", store)[0] == ExitStatus.USAGE


def test_a_number_means_nothing_once_the_list_has_changed(store: Path, run: Any) -> None:
    put(store, *(issued(name=name, number=n) for n, name in enumerate("가나다라", 1)))
    run("list", "--store", store)
    assert run("delete", "2", "--store", store, "--yes")[0] == ExitStatus.OK
    status, told = run("delete", "3", "--store", store, "--yes")
    assert (status, told[-1]["code"]) == (ExitStatus.USAGE, "list_changed")
    run("list", "--store", store)
    assert run("delete", "3", "--store", store, "--yes")[0] == ExitStatus.OK


def test_a_name_is_found_however_its_letters_are_composed(store: Path, run: Any) -> None:
    put(store, issued(name="한글상사"), issued(name="3M코리아", number=2))
    for target in (unicodedata.normalize("NFD", "한글상사"), "3M", "3"):
        assert run("show", target, "--store", store)[0] == ExitStatus.OK, target


def test_a_whole_name_is_clear_beside_a_longer_one_and_beside_its_own_p12(
    store: Path, run: Any
) -> None:
    item = issued(name="김하나")
    put(store, item, issued(name="김하나로", number=2))
    (store / "a.p12").write_bytes(p12_of(item))
    for target in ("김하나", fingerprint(item)):
        status, (told, *_) = run("show", target, "--store", store)
        assert (status, told["owner"], told["kind"]) == (ExitStatus.OK, "김하나", "npki")
    status, told = run("delete", "김하나", "--store", store, "--yes")
    assert told[-1]["code"] == "selector_ambiguous", "which of the two files is not said"


def test_an_empty_name_is_not_the_current_folder(
    store: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder,) = put(store, issued())
    monkeypatch.chdir(folder)
    for target in ("", " "):
        assert run("delete", target, "--store", store, "--yes")[0] == ExitStatus.USAGE
    assert folder.is_dir()


# --- no false all-clear ---


@pytest.mark.parametrize("command", ["list", "remind"])
def test_a_store_that_is_not_there_is_no_empty_one(
    store: Path, run: Any, tmp_path: Path, command: str
) -> None:
    put(store, issued())
    status, told = run(command, "--store", store, "--store", tmp_path / "stick")
    assert (status, told[-1]["code"]) == (ExitStatus.STORAGE, "no_store")
    assert told[-1]["path"] == str(tmp_path / "stick")


def test_remind_tells_what_it_could_not_judge(store: Path, run: Any) -> None:
    put(store, issued())
    (store / "sealed.p12").write_bytes(p12_of(issued(), "modern"))
    (store / "broken.p12").write_bytes(b"0" * 100)
    status, told = run("remind", "--store", store)
    assert (status, told[-1]["code"]) == (ExitStatus.CERTIFICATE, "not_judged")
    seen = {Path(event["path"]).name: event["code"] for event in told if "path" in event}
    assert seen["sealed.p12"] == "sealed"
    assert seen["broken.p12"] != "sealed"


def test_remind_has_a_status_of_its_own_for_what_expires(store: Path, run: Any) -> None:
    put(store, issued(3), issued(-3, "이몽룡", 2))
    assert run("remind", "--store", store)[0] == ExitStatus.EXPIRES
    _, told = run("remind", "--store", store, "--not-expired")
    assert [event["days_left"] for event in told[:-1]] == [3]


def test_loose_files_are_found(tmp_path: Path, run: Any) -> None:
    (tmp_path / "NPKI").mkdir()
    put(tmp_path / "NPKI", issued())
    (tmp_path / "loose.p12").write_bytes(p12_of(issued(name="이몽룡", number=2)))
    (pair,) = put(tmp_path / "elsewhere", issued(name="성춘향", number=3))
    shutil.copytree(pair, tmp_path / "성춘향")
    _, told = run("list", "--store", tmp_path)
    assert {e["owner"] for e in told if e["event"] == "certificate"} == {
        "홍길동",
        "이몽룡",
        "성춘향",
    }


def test_stores_are_read_together(tmp_path: Path, run: Any) -> None:
    for n, name in enumerate(("A", "B"), 1):
        put(tmp_path / name, issued(name=f"고객{n}", number=n))
    _, told = run("list", "--store", tmp_path / "A", "--store", tmp_path / "B")
    assert [e["owner"] for e in told] == ["고객1", "고객2"]


# --- renewed, not yet valid, copies ---


def test_a_new_issue_with_a_new_number_is_likely_the_successor(store: Path, run: Any) -> None:
    old, new = issued(-40), issued(300, number=7, start=NOW - timedelta(days=30))
    put(store, old, new)
    _, told = run("list", "--store", store)
    by_state = {event["state"]: event for event in told}
    assert by_state["expired"]["replaced_by"] == {
        "path": by_state["valid"]["path"],
        "fingerprint": fingerprint(new),
        "certainty": "likely",
    }
    status, told = run("remind", "--store", store)
    assert (status, [event["event"] for event in told]) == (ExitStatus.OK, ["replaced"])


def test_a_renewal_of_the_same_subject_is_certain(store: Path, run: Any) -> None:
    start = NOW - timedelta(days=400)  # it stands in the name
    put(store, issued(-3, start=start), issued(300, start=start))
    _, told = run("list", "--store", store, "--superseded")
    assert [event["replaced_by"]["certainty"] for event in told] == ["certain"]


def test_two_people_of_one_name_are_not_one(store: Path, run: Any) -> None:
    put(store, issued(100), issued(300, number=2, start=NOW - timedelta(days=60)))
    _, told = run("list", "--store", store)
    assert [event["replaced_by"] for event in told] == [None, None]


def test_what_is_not_yet_valid_shows_its_first_day(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = NOW + timedelta(days=10)
    put(store, issued(300, start=begin))
    assert cli.main(["list", "--store", str(store), "--lang", "en"]) == ExitStatus.OK
    day = (begin + timedelta(hours=9)).date().isoformat()
    assert f"not yet valid (from {day})" in capsys.readouterr().out


def test_many_copies_are_told_in_one_line(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder,) = put(store, issued())
    for n in range(20):
        shutil.copytree(folder, folder.with_name(f"copy {n:02}"))
    cli.main(["list", "--store", str(store), "--lang", "en"])
    said = capsys.readouterr().err
    assert said.count("the same certificate") == 1
    assert "2-21" in said


# --- the list for people and for spreadsheets ---


def test_a_piped_table_is_not_cut(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "㈜긴이름상사영업부" * 5
    store.mkdir()
    (store / f"{name}.p12").write_bytes(b"0")
    cli.main(["list", "--store", str(store)])
    assert name in capsys.readouterr().out


def test_conditions_pick_lines_whose_numbers_stay(store: Path, run: Any) -> None:
    put(store, issued(3), issued(100, "㈜한빛", 2), issued(-5, "이몽룡", 3, "KICA"))
    (store / "x.p12").write_bytes(p12_of(issued(100, "㈜한빛", 2)))
    _, everything = run("list", "--store", store)
    numbers = {event["owner"]: event["number"] for event in everything if event["kind"] == "npki"}

    def owners(*conditions: str) -> list[str]:
        _, told = run("list", "--store", store, *conditions)
        assert all(
            event["number"] == numbers[event["owner"]]
            for event in told
            if event.get("kind") == "npki"
        )
        return [event["owner"] for event in told if event["event"] == "certificate"]

    assert owners("--state", "expired") == ["이몽룡"]
    assert owners("--state", "expired", "--state", "expiring", "--sort", "expiry") == [
        "이몽룡",
        "홍길동",
    ]
    assert owners("--expires-within", "30") == ["홍길동"]
    assert owners("--owner", "한빛") == ["㈜한빛", "㈜한빛"]
    assert owners("--owner", "한빛", "--kind", "p12") == ["㈜한빛"]
    assert owners("--issuer", "kica") == ["이몽룡"]
    assert owners("--holder", "corporate") == []
    assert owners("--duplicates") == []


def test_a_spreadsheet_gets_its_mark_whole_numbers_and_no_formula(
    store: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    put(store, issued(name="=HYPERLINK(1)"))
    assert cli.main(["list", "--store", str(store), "--csv", "--columns", "cn,serial,path"]) == 0
    out = capfdbinary.readouterr().out
    assert out.startswith(b"\xef\xbb\xbf")
    head, row = out.decode("utf-8-sig").split("\r\n")[:2]
    assert head.count(",") == 2
    assert row.startswith("'=HYPERLINK(1),")
    assert (store / "x").parent.as_posix() in row


def test_a_pair_on_a_disk_reads_as_the_store_lists_it(store: Path) -> None:
    (folder,) = put(store, issued())
    assert [entry.item for entry in find(store)] == [read_item(folder)]


# --- deleted, put back, written down ---


def test_what_was_deleted_is_put_back_byte_for_byte(store: Path, run: Any) -> None:
    item = issued()
    (folder,) = put(store, item)
    (folder / "note.txt").write_text("x", "utf-8")
    assert run("delete", fingerprint(item)[:8], "--store", store, "--yes")[0] == ExitStatus.OK
    assert not folder.exists()
    assert run("list", "--store", store)[1][0]["event"] == "empty"
    _, (told,) = run("trash", "--store", store)
    assert (told["path"], told["fingerprint"]) == (str(folder), fingerprint(item))
    assert run("restore", "홍길동", "--store", store)[0] == ExitStatus.OK
    assert read_item(folder) == item
    assert (folder / "note.txt").exists()
    assert run("trash", "--store", store)[1][0]["event"] == "empty"


def test_nothing_is_put_back_over_what_stands_there(store: Path, run: Any) -> None:
    item = issued()
    put(store, item)
    run("delete", "홍길동", "--store", store, "--yes")
    put(store, item)
    status, told = run("restore", "홍길동", "--store", store)
    assert (status, told[-1]["code"]) == (ExitStatus.STORAGE, "name_taken")
    assert len(run("trash", "--store", store)[1]) == 1, "and it is still in the trash"


def test_the_trash_lets_go_after_its_days(store: Path) -> None:
    (folder,) = put(store, issued())
    trash = Trash(store)
    trash.put(folder, None, "홍길동", NOW - timedelta(days=TRASH_DAYS, seconds=1))
    assert trash.drop_old(NOW) == 1
    assert not (store / ".certrelay-trash").exists()


def test_broken_ones_can_be_deleted_and_no_other_folder(
    store: Path, run: Any, tmp_path: Path
) -> None:
    (folder,) = put(store, issued())
    (folder / "signPri.key").write_bytes(b"0")
    (tmp_path / "letters").mkdir()
    assert run("delete", tmp_path / "letters", "--store", store, "--yes")[0] != ExitStatus.OK
    assert (tmp_path / "letters").is_dir()
    assert run("delete", "1", "--store", store, "--yes")[0] == ExitStatus.OK
    assert not folder.exists()


def test_a_rehearsal_deletes_nothing(store: Path, run: Any) -> None:
    (folder,) = put(store, issued())
    status, told = run("delete", folder, "--dry-run")
    assert (status, told[0]["event"]) == (ExitStatus.OK, "delete_wanted")
    assert folder.is_dir()


def test_superseded_ones_and_copies_go_together_and_likely_ones_stay(store: Path, run: Any) -> None:
    start = NOW - timedelta(days=400)
    old, new, _ = put(store, issued(-3, start=start), issued(300, start=start), issued(9, "남", 5))
    likely = put(store, issued(-40, "북", 6), issued(300, "북", 7, start=NOW - timedelta(days=30)))
    shutil.copytree(new, new.with_name("copy"))
    for condition in ("--superseded", "--duplicates"):
        status, _ = run("delete", condition, "--store", store, "--yes")
        assert status == ExitStatus.OK, condition
    assert not old.exists()
    assert sum(p.exists() for p in (new, new.with_name("copy"))) == 1
    assert all(path.exists() for path in likely)
    assert run("delete", "--store", store, "--yes")[1][-1]["code"] == "no_target"


def test_changes_stand_in_the_history(store: Path, run: Any) -> None:
    item = issued()
    put(store, item)
    run("delete", "홍길동", "--store", store, "--yes")
    run("restore", "홍길동", "--store", store)
    _, told = run("history", "--store", store)
    assert [e["change"] for e in told if e["event"] == "change"] == ["delete", "restore"]
    assert {e["fingerprint"] for e in told if e["event"] == "change"} == {fingerprint(item)}


def test_clearing_the_history_asks_and_knows_no_store(
    store: Path, run: Any, monkeypatch: pytest.MonkeyPatch, own_memory: Path
) -> None:
    put(store, issued())
    run("delete", "1", "--store", store, "--yes")
    file = own_memory / "history.jsonl"
    assert run("history", "--clear", "--store", store)[1][-1]["code"] == "not_together"
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run("history", "--clear")[0] == ExitStatus.NOT_CONFIRMED
    assert file.exists()
    assert run("history", "--clear", "--yes")[0] == ExitStatus.OK
    assert not file.exists()


# --- habits ---


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ls --csv", "list --csv"),
        ("--json ls", "list --json"),
        ("rm 1 -y", "delete 1 -y"),
        ("send a", "export a"),
        ("receive", "import"),
        ("help rm", "delete --help"),
        ("help", "--help"),
        ("-V", "--version"),
        ("--lang en list --owner ls", "--lang en list --owner ls"),
    ],
)
def test_what_people_type_by_habit_is_understood(typed: str, meant: str) -> None:
    assert usual(typed.split(), COMMAND_NAMES) == meant.split()


def test_a_path_names_what_is_sent(store: Path) -> None:
    paths = put(store, issued(), issued(name="이몽룡", number=2))
    stores = Stores((store,))
    wanted = [Wanted(target, {}) for target in (str(paths[1]), "이몽룡", str(paths[0]))]
    found = named_pieces(stores, stores.entries(), wanted, keep_going=False)
    assert [piece.candidate and piece.candidate.path for piece, _ in found] == [paths[1], paths[0]]


def test_a_script_is_not_told_that_typing_is_not_shown(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, issued())
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    cli.main(["verify", "1", "--store", str(store), "--lang", "en", "-q"])
    assert "not shown" not in capsys.readouterr().err
