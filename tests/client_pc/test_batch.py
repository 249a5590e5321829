"""One command on many certificates: a result for each, a status for all, nothing half done."""

import io
import json
import os
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from certrelay.client.manage.workers import perform
from certrelay.client.store.reading import find, read_item
from certrelay.client.store.system import Disk
from certrelay.errors import ExitStatus, PasswordError, StateError
from certrelay.pki.check import inspect, inspect_with_password
from client_pc import cli
from tests.certificates import PASSWORD
from tests.client_pc.test_many import fingerprint, issued, own_memory, p12_of, put, run, store

__all__ = ["own_memory", "run", "store"]

NEW = "Newpw!8274xz"
NAMES = ("㈜한빛", "(주)바다", "나무&돌", "하늘[주]", "강 물", "들꽃", "산길", "별빛")


@pytest.fixture
def many(store: Path) -> list[Path]:
    return put(store, *(issued(200, name, n) for n, name in enumerate(NAMES, 1)))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def typed(*lines: str | dict[str, str]) -> None:
        said = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in said)))

    return typed


def results(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in told if event["event"] == "result"]


def opens(path: Path, password: str) -> bool:
    try:
        inspect_with_password(read_item(path), password)
    except PasswordError:
        return False
    return True


def test_each_certificate_has_a_result_and_one_that_fails_stops_no_other(
    store: Path, many: list[Path], run: Any, typed: Any
) -> None:
    wrong = {"path": str(many[2]), "password": "wrong"}
    typed(*({"path": str(p), "password": PASSWORD} if p != many[2] else wrong for p in many))
    status, told = run("verify", "--from", "-", "--store", store)
    assert status == ExitStatus.SOME_FAILED
    ended = results(told)
    assert [event["path"] for event in ended] == [str(path) for path in many], "in their order"
    assert [event["code"] for event in ended] == [None, None, "wrong_password", *[None] * 5]
    assert {event["fingerprint"] for event in ended} == {fingerprint(read_item(p)) for p in many}
    summary = next(event for event in told if event["event"] == "summary")
    assert (summary["count"], summary["done"], summary["failed"]) == (8, 7, 1)
    assert {e["path"] for e in told if e["event"] == "finding"} == {str(p) for p in many}


def test_one_password_serves_all_that_are_named(
    store: Path, many: list[Path], run: Any, typed: Any
) -> None:
    typed(PASSWORD)
    status, told = run("verify", *many[:2], "들꽃", "--store", store)
    assert (status, [e["status"] for e in results(told)]) == (ExitStatus.OK, ["done"] * 3)


def test_a_list_of_the_program_itself_is_a_list(
    store: Path, many: list[Path], run: Any, typed: Any
) -> None:
    _, listed = run("list", "--store", store, "--owner", "한빛")
    typed(*({**event, "password": PASSWORD} for event in [{"event": "note"}, *listed]))
    status, told = run("verify", "--from", "-", "--store", store)
    assert (status, len(results(told))) == (ExitStatus.OK, 1)


def test_a_line_that_is_none_is_named_before_anything_is_done(
    store: Path, many: list[Path], run: Any, typed: Any
) -> None:
    for line in ("[1]", "{", '{"password": "x"}', '{"path": 3}', '{"path": "x", "password": 3}'):
        typed({"path": str(many[0]), "password": PASSWORD, "new": NEW}, line)
        status, told = run("passwd", "--from", "-", "--store", store)
        assert (status, told[-1]["code"], told[-1]["line"]) == (ExitStatus.USAGE, "bad_line", 2)
    assert opens(many[0], PASSWORD)


def test_passwords_change_one_by_one_and_the_wrong_one_keeps_its_own(
    store: Path, many: list[Path], run: Any, typed: Any
) -> None:
    lines = [{"fingerprint": fingerprint(read_item(p)), "password": PASSWORD} for p in many]
    lines[1]["password"] = "wrong"
    lines = [{**line, "new": NEW} for line in lines]
    typed(*lines)
    assert run("passwd", "--from", "-", "--store", store, "--dry-run")[0] == ExitStatus.SOME_FAILED
    assert all(opens(path, PASSWORD) for path in many), "a rehearsal changes nothing"
    typed(*lines)
    status, told = run("passwd", "--from", "-", "--store", store)
    assert status == ExitStatus.SOME_FAILED
    assert [opens(path, NEW) for path in many] == [True, False, *[True] * 6]
    assert opens(many[1], PASSWORD)
    _, told = run("history", "--store", store)
    assert [e["change"] for e in told if e["event"] == "change"] == ["passwd"] * 7


def test_convert_writes_each_once(store: Path, many: list[Path], run: Any, typed: Any) -> None:
    for expected in ("done", "skipped"):
        typed(PASSWORD)
        status, told = run("convert", *many, "--to", "p12", "--store", store)
        assert (status, {e["status"] for e in results(told)}) == (ExitStatus.OK, {expected})
    assert len(list((store / "PKCS12").iterdir())) == len(many)


def test_same_names_at_the_same_moment_get_numbers(
    store: Path, tmp_path: Path, run: Any, typed: Any
) -> None:
    paths = put(store, *(issued(200, "홍길동", n) for n in range(8)))
    typed(PASSWORD)
    assert run("convert", *paths, "--to", "p12", "--out", f"{tmp_path}/out/")[0] == ExitStatus.OK
    typed(PASSWORD)
    assert run("convert", *paths, "--to", "p12", "--out", f"{tmp_path}/out/")[0] == ExitStatus.OK
    made = [entry.summary for entry in find(tmp_path / "out")]
    assert len({each.certificate for each in made if each is not None}) == len(paths)
    assert len(made) == len(paths)


def test_a_disk_that_keeps_nobody_out_is_told(
    store: Path, many: list[Path], run: Any, typed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As exFAT does, whose files have the mode of its mount, whatever is asked for."""
    write = Disk.write

    def write_as_on_a_stick(disk: Disk, path: Path, content: bytes) -> None:
        write(disk, path, content)
        path.chmod(0o755)

    for expected in (0, 1):
        typed(PASSWORD)
        out = f"{store.parent}/{expected}/"
        _, told = run("convert", many[0], "--to", "p12", "--out", out, "--store", store)
        notes = [e for e in told if e["event"] == "note" and e["code"] == "readable"]
        assert len(notes) == expected
        monkeypatch.setattr(Disk, "write", write_as_on_a_stick)


def test_a_passwords_own_descriptor(store: Path, many: list[Path], run: Any) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"\ufeff{PASSWORD}\n".encode())
    os.close(writing)
    assert run("verify", many[0], "--password-fd", str(reading))[0] == ExitStatus.OK


def test_convert_to_a_place_under_a_name_and_a_password_of_its_own(
    store: Path, many: list[Path], tmp_path: Path, run: Any, typed: Any
) -> None:
    file = tmp_path / "mine.p12"
    for expected in ("stored", "duplicate"):
        typed(PASSWORD, NEW, NEW)
        status, told = run("convert", many[0], "--to", "p12", "--out", file, "--new-password")
        saved = next(event for event in told if event["event"] == "saved")
        assert (status, saved["status"], saved["path"]) == (ExitStatus.OK, expected, str(file))
    assert opens(file, NEW)
    assert file.stat().st_mode & 0o077 == 0
    typed(PASSWORD)
    status, told = run("convert", many[1], "--to", "p12", "--out", file)
    assert (status, told[-1]["code"]) == (ExitStatus.STORAGE, "name_taken")
    typed(PASSWORD)
    run("convert", many[0], "--to", "p12", "--name", "a/b", "--store", store)
    assert (store / "PKCS12" / "a_b.p12").exists()


def test_convert_leaves_its_result_in_the_sources_own_store(
    tmp_path: Path, run: Any, typed: Any
) -> None:
    put(tmp_path / "A", issued())
    (path,) = put(tmp_path / "B", issued(name="이몽룡", number=2))
    typed(PASSWORD)
    stores = ("--store", tmp_path / "A", "--store", tmp_path / "B")
    run("convert", "이몽룡", "--to", "p12", *stores)
    assert [p.parent for p in tmp_path.rglob("*.p12")] == [tmp_path / "B" / "PKCS12"]
    made = next(tmp_path.rglob("*.p12"))
    assert made.name.startswith("이몽룡_yessign_")
    typed(PASSWORD)
    status, told = run("convert", made, "--to", "npki", "--store", tmp_path / "B")
    saved = next(event for event in told if event["event"] == "saved")
    assert (status, saved["status"], saved["path"]) == (ExitStatus.OK, "duplicate", str(path))


def test_convert_to_standard_output(
    store: Path, many: list[Path], typed: Any, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    typed(PASSWORD)
    status = cli.main(["convert", str(many[0]), "--to", "p12", "--out", "-"])
    out = capfdbinary.readouterr().out
    assert status == ExitStatus.OK
    from certrelay.bundle import Item

    assert inspect(Item.of("pkcs12", {"pkcs12": out})).certificate is not None


def test_a_sealed_file_is_known_after_unlock(
    store: Path, run: Any, typed: Any, own_memory: Path
) -> None:
    store.mkdir()
    (store / "a.p12").write_bytes(p12_of(issued(3), "modern"))
    assert run("remind", "--store", store)[0] == ExitStatus.CERTIFICATE
    typed("wrong")
    assert run("unlock", "1", "--store", store)[0] == ExitStatus.PASSWORD
    typed(PASSWORD)
    assert run("unlock", "1", "--store", store)[0] == ExitStatus.OK
    _, (told,) = run("list", "--store", store)
    assert (told["owner"], told["state"], told["days_left"]) == ("홍길동", "expiring", 3)
    assert run("remind", "--store", store)[0] == ExitStatus.EXPIRES
    kept = b"".join(path.read_bytes() for path in own_memory.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in kept


def test_what_was_kept_by_halves_is_learned_again(
    store: Path, run: Any, typed: Any, own_memory: Path
) -> None:
    store.mkdir()
    (store / "a.p12").write_bytes(p12_of(issued(3), "modern"))
    for _ in range(2):
        run("list", "--store", store)  # the number is of a list that is seen
        typed(PASSWORD)
        assert run("unlock", "1", "--store", store)[0] == ExitStatus.OK
        _, (told,) = run("list", "--store", store)
        assert told["owner"] == "홍길동"
        (kept,) = (path for path in own_memory.rglob("unlocked/*"))
        kept.write_bytes(kept.read_bytes()[:100])


def test_a_person_reads_what_was_found_of_those_that_failed_or_of_all(
    store: Path, typed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    put(store, issued(200, "가"), issued(-3, "나", 2))
    for more, lines in (((), 1), (("-v",), 2)):
        typed(PASSWORD)
        command = ["verify", "--kind", "npki", "--store", str(store), "--lang", "en", *more]
        assert cli.main(command) == ExitStatus.SOME_FAILED
        said = capsys.readouterr().out
        assert sum("validity" in line.lower() for line in said.splitlines()) == lines, said


def test_a_fault_of_the_program_on_one_certificate_stops_no_other(
    store: Path, many: list[Path], run: Any, typed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(root: Path, path: Path, *_: Any) -> None:
        if path == many[1]:
            raise RuntimeError("not foreseen")

    monkeypatch.setattr("certrelay.client.store.replace_files.change", change)
    lines = [{"path": str(path), "password": PASSWORD, "new": NEW} for path in many[:3]]
    typed(*lines)
    status, told = run("passwd", "--store", store, "--from", "-")
    assert status == ExitStatus.SOME_FAILED
    assert [event["code"] for event in results(told)] == [None, "internal", None]


def test_a_list_of_one_that_cannot_be_sent_ends_with_its_own_status(
    store: Path, many: list[Path], run: Any, typed: Any
) -> None:
    for line, expected in (
        ({"path": str(store / "none.p12"), "password": PASSWORD}, ExitStatus.CERTIFICATE),
        ({"path": str(many[0]), "password": "wrong"}, ExitStatus.PASSWORD),
    ):
        typed(line)
        assert run("export", "--from", "-", "--store", store, "--dry-run")[0] == expected


def test_a_worker_that_ends_is_no_result() -> None:
    with pytest.raises(StateError):
        list(perform("tests.client_pc.test_batch:ending", [{}] * 8, lambda: None, 2))


def test_what_ends_the_program_ends_the_workers() -> None:
    class Stop(Exception):
        pass

    looks = iter(range(100))

    def check() -> None:
        if next(looks) == 3:
            raise Stop

    with pytest.raises(Stop):
        list(perform("tests.client_pc.test_batch:endless", [{}] * 8, check, 2))


def ending(_task: dict[str, Any]) -> dict[str, Any]:
    """A task in which the worker's process ends."""
    os._exit(1)


def endless(_task: dict[str, Any]) -> dict[str, Any]:
    """A task that never ends by itself."""
    Event().wait()
    return {}
