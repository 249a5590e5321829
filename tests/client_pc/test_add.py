"""`certrelay add`: certificates out of files and folders into the store."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from certrelay.client.store.reading import find, read_item
from certrelay.errors import ExitStatus
from client_pc import cli
from tests.client_pc.test_many import issued, own_memory, p12_of, put, run, store

__all__ = ["own_memory", "run", "store"]


def saved(told: list[dict[str, Any]]) -> list[str]:
    return [event["status"] for event in told if event["event"] == "saved"]


def test_a_folder_with_several_is_taken_in_and_stays_as_it_is(
    tmp_path: Path, store: Path, run: Any
) -> None:
    stick = tmp_path / "USB"
    before = [path.relative_to(stick) for path in put(stick, issued(), issued(20, "강 물", 2))]
    (stick / "loose.p12").write_bytes(p12_of(issued(90, "들꽃", 3)))
    status, told = run("add", stick, "--store", store)
    assert (status, saved(told)) == (ExitStatus.OK, ["stored"] * 3)
    assert len(find(store)) == 3
    for path in before:
        assert read_item(stick / path) == read_item(store / path)
    assert (stick / "loose.p12").exists()
    assert [event["source"] for event in told if event["event"] == "saved"] == [
        str(entry.path) for entry in find(stick)
    ]
    _, listed = run("history", "--store", store)
    assert [event["change"] for event in listed] == ["add"] * 3


def test_what_is_there_already_is_said_to_be(tmp_path: Path, store: Path, run: Any) -> None:
    (path,) = put(tmp_path / "USB", issued())
    assert saved(run("add", path, "--store", store)[1]) == ["stored"]
    assert saved(run("add", path, "--store", store)[1]) == ["duplicate"]
    assert len(find(store)) == 1
    (named,) = find(store)
    elsewhere = named.path.rename(named.path.with_name("by hand"))
    _, told = run("add", path, "--store", store)
    assert [(event["status"], event["path"]) for event in told] == [("duplicate", str(elsewhere))]


def test_one_half_of_a_pair_means_the_pair_and_alone_it_is_none(
    tmp_path: Path, store: Path, run: Any
) -> None:
    (path,) = put(tmp_path / "USB", issued())
    assert saved(run("add", path / "signCert.der", "--store", store)[1]) == ["stored"]
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(path / "signCert.der", alone)
    status, told = run("add", alone / "signCert.der", "--store", tmp_path / "other")
    assert status not in (ExitStatus.OK, ExitStatus.SOME_FAILED)
    assert told[-1]["event"] == "error"
    assert not (tmp_path / "other").exists()


def test_a_broken_one_stops_no_other(tmp_path: Path, store: Path, run: Any) -> None:
    good, broken = put(tmp_path / "USB", issued(), issued(20, "강 물", 2))
    (broken / "signPri.key").write_bytes(b"no key")
    status, told = run("add", broken, good, "--store", store)
    assert (status, saved(told)) == (ExitStatus.SOME_FAILED, ["stored"])
    assert [event["event"] for event in told].count("error") == 2, "its own, and the sum"
    assert len(find(store)) == 1


def test_no_name_of_a_list_is_taken_for_a_file(store: Path, run: Any) -> None:
    put(store, issued())
    status, told = run("add", "1", "--store", store)
    assert status != ExitStatus.OK
    assert saved(told) == []


def test_a_person_reads_where_it_is(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = put(tmp_path / "USB", issued())
    assert cli.main(["add", str(path), "--store", str(store), "--lang", "ko"]) == ExitStatus.OK
    told = capsys.readouterr()
    assert str(find(store)[0].path) in told.out + told.err
