"""What a page does: certificates listed, changed, deleted and put back, each by a task."""

import json
from pathlib import Path

import pytest

from certrelay.client.store.reading import read_item
from certrelay.client.store.store import Store
from certrelay.errors import ExitStatus
from certrelay.pki.check import inspect, inspect_with_password
from tests.centre.running import Centre, Page, Refused
from tests.certificates import PASSWORD, person
from tests.flows.programs import Client

NEW = "Newpw!8274xz"


@pytest.fixture
def stored(centre: Centre) -> Path:
    """A certificate in the person's own store."""
    item = person().npki(PASSWORD)
    return Store(centre.home / "NPKI").save(item, inspect(item).place).path


def fingerprint(page: Page) -> str:
    return str(page.run("list").of("certificate")[0]["fingerprint"])


def test_the_page_is_there_without_a_token_and_nothing_else(page: Page) -> None:
    page.token = ""
    status, content = page.request("GET", "/")
    assert status == 200
    assert b"<!doctype html>" in content
    for path in ("/v1/tasks", "/v1/tasks/1/events?after=0"):
        assert page.request("GET", path) == (403, b"")


def test_a_list_is_the_commands_own(centre: Centre, page: Page, stored: Path) -> None:
    task = page.run("list")
    (told,) = task.of("certificate")
    assert told["path"] == str(stored)
    assert task.events[-1] == {
        "event": "end",
        "status": 0,
        "code": None,
        "text": "",
        "details": {},
    }
    empty = page.run("list", "--store", str(stored))
    assert empty.of("certificate")[0]["path"] == str(stored)


def test_a_password_is_changed_after_a_wrong_one(page: Page, stored: Path) -> None:
    task = page.start("passwd", fingerprint(page))
    task.expect("password_wanted")
    task.answer("wrong")
    assert task.expect("password_wrong")["tries_left"] == 4
    for line in (PASSWORD, NEW, NEW):
        task.answer(line)
    task.expect("changed")
    assert task.finish()["status"] == 0
    inspect_with_password(read_item(stored), NEW)
    assert PASSWORD not in json.dumps(task.events)
    assert NEW not in json.dumps(task.events)


def test_an_error_is_told_with_its_sentence(page: Page, stored: Path) -> None:
    page.ask("POST", "/v1/language", {"language": "ko"})
    task = page.start("passwd", fingerprint(page))
    task.answer(PASSWORD)
    task.answer("short")
    end = task.finish()
    assert (end["status"], end["code"]) == (ExitStatus.PASSWORD, "weak_password")
    assert "비밀번호" in end["text"]
    assert end["details"]["why"]


def test_what_is_deleted_is_put_back(page: Page, stored: Path) -> None:
    assert page.run("delete", "--yes", fingerprint(page)).events[-1]["status"] == 0
    assert not stored.exists()
    (trashed,) = page.run("trash").of("trashed")
    assert page.run("restore", trashed["path"]).events[-1]["status"] == 0
    assert stored.exists()
    (change, *_) = page.run("history").of("change")
    assert change["change"] in ("delete", "restore")


def test_a_dropped_file_is_looked_at_and_taken_into_the_store(centre: Centre, page: Page) -> None:
    content = person().pkcs12(PASSWORD).get("pkcs12")
    assert content is not None
    drop = page.drop(content, "내 인증서.p12")
    task = page.start("show", "--open", drop)
    task.answer(PASSWORD)
    assert task.expect("certificate")["file"] == "내 인증서.p12"
    assert task.finish()["status"] == 0
    task = page.start("convert", "--to", "npki", drop)
    task.answer(PASSWORD)
    saved = task.expect("saved")
    assert task.finish()["status"] == 0
    assert Path(saved["path"]).is_relative_to(centre.home / "NPKI")


def test_a_dropped_folder_is_a_store_and_is_put_into_the_own_one(
    centre: Centre, page: Page
) -> None:
    item = person().npki(PASSWORD)
    names = {"signCert": "signCert.der", "signPri": "signPri.key"}
    drop = None
    for file in item.files:
        if file.role in names:
            drop = page.drop(file.content, f"USER/cn=x/{names[file.role]}", drop)
    assert drop is not None
    (told,) = page.run("list", "--store", drop).of("certificate")
    assert told["kind"] == "npki"
    (saved,) = page.run("add", told["path"]).of("saved")
    assert saved["status"] == "stored"
    assert Path(saved["path"]).is_relative_to(centre.home / "NPKI")


def test_a_certificate_is_saved_as_a_file_in_the_downloads(
    centre: Centre, page: Page, stored: Path
) -> None:
    (centre.home / "Downloads").mkdir()
    task = page.start("convert", "--to", "p12", "--out", "@downloads", fingerprint(page))
    task.answer(PASSWORD)
    saved = task.expect("saved")
    assert task.finish()["status"] == 0
    assert Path(saved["path"]).parent == centre.home / "Downloads"


@pytest.mark.parametrize("command", ["config", "doctor", "trash", "history", "remind", "list"])
def test_what_only_looks_ends_well_on_a_bare_pc(page: Page, command: str) -> None:
    end = page.run(command).events[-1]
    assert end["event"] == "end"
    assert end["status"] in ((0, 3, 7) if command == "doctor" else (0,)), end


def test_a_task_is_stopped_at_its_question(page: Page, stored: Path) -> None:
    task = page.start("passwd", fingerprint(page))
    task.expect("ask")
    task.stop()
    assert task.finish()["status"] == ExitStatus.INTERRUPTED
    task.stop()  # what is over needs no stopping


def test_an_answer_counts_for_the_open_question_alone(page: Page, stored: Path) -> None:
    task = page.start("passwd", fingerprint(page))
    question = task.expect("ask")["question"]
    path = f"/v1/tasks/{task.number}/answer"
    for wrong in (question + 1, question - 1):
        with pytest.raises(Refused) as refused:
            page.ask("POST", path, {"question": wrong, "line": PASSWORD})
        assert refused.value.status == 409
    page.ask("POST", path, {"question": question, "line": PASSWORD})
    with pytest.raises(Refused) as refused:
        page.ask("POST", path, {"question": question, "line": "a second click"})
    assert refused.value.status == 409
    task.expect("new_password_wanted")
    task.stop()


def test_the_end_of_standard_input_stops_a_task_too(page: Page, stored: Path) -> None:
    """How a task is stopped where there is no Ctrl-C for it: on Windows."""
    program = Client(
        "client_pc", "passwd", str(stored), "--interactive", CERTRELAY_DATA=str(stored.parent)
    )
    program.expect("ask")
    assert program.process.stdin is not None
    program.process.stdin.close()
    program.process.stdin = None
    assert program.finish() in (ExitStatus.INTERRUPTED, ExitStatus.USAGE)
    program.close()
    inspect_with_password(read_item(stored), PASSWORD)


def test_a_setting_is_changed_and_counts_for_the_next_task(centre: Centre, page: Page) -> None:
    assert page.run("config", "set", "name", "사무실 PC").events[-1]["status"] == 0
    values = {each["key"]: each["value"] for each in page.run("config").of("setting")}
    assert values["name"] == "사무실 PC"
    assert "사무실 PC" in (centre.home / "config.toml").read_text()
    assert page.run("config", "unset", "name").events[-1]["status"] == 0
    values = {each["key"]: each["value"] for each in page.run("config").of("setting")}
    assert values["name"] != "사무실 PC"
