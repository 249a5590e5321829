"""A terminal's copy on a page of the centre: what goes to and fro, and what each may say of it."""

import io
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.json_report import JsonReport
from certrelay.errors import CertRelayError, NotConfirmed, UsageError
from certrelay.texts import Texts
from client_pc.centre import visiting
from client_pc.centre.both_reports import BothReports
from client_pc.centre.instance import Busy, Hosted, visit_first
from client_pc.centre.places import KnownPlaces
from client_pc.centre.tasks import Tasks
from client_pc.centre.visiting import BothLines, CentrePage
from client_pc.centre.visits import UNOPENED_S, Visit
from tests.centre.running import Centre, PageTask, beside, eventually
from tests.centre.running import Page as Tab
from tests.patience import PATIENCE_S


class Terminal:
    """A terminal with its copy, and the centre's end of the connection."""

    def __init__(self, typed: str = "") -> None:
        own, other = socket.socketpair()
        self.told = io.StringIO()
        self.report = JsonReport(Texts("en"), self.told)
        self.page = CentrePage(own, Texts("en"))
        self.both = BothReports(self.report, self.page.report)
        self.interrupts = Interrupts()
        stream = io.StringIO(typed)
        self.lines = BothLines(stream, self.interrupts, self.report, self.page, self.both)
        self.page.listen(self.lines)
        self.visit = Visit(other, other.makefile("rb"), "ticket", 0)
        self.tasks = Tasks(KnownPlaces(), lambda: "lost")
        task = self.tasks.take_in("import", self.visit)
        assert task is not None
        self.task = task
        self.followed = beside(lambda: self.tasks.follow(task))
        self._ends = (own, other)

    def shown(self, count: int) -> list[dict[str, Any]]:
        """The first events of the page's record."""
        eventually(lambda: len(self.task.events) >= count, f"event {count}")
        told = self.tasks.events(1, 0, 0, lambda: True)
        assert told is not None
        return [json.loads(each) for each in told[0]]

    def answer(self) -> str | None:
        """What the copy's loop takes as an answer."""
        return eventually(self.lines.take, "an answer")  # type: ignore[no-any-return]

    def close(self) -> None:
        self.page.leave()
        self.followed.join(PATIENCE_S)
        self.lines.close()
        for each in self._ends:
            each.close()
        self.tasks.close()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.mark.attack(8, 66)
def test_a_typed_code_goes_and_the_qr_code_stays_and_goes_with_its_use(terminal: Terminal) -> None:
    url = "https://relay.example/#AAECAwQFBgcICQ"
    report = terminal.both
    report.event("waiting", url=url, expires_in_ms=120_000)
    report.event("code", "", code="4821 7730 1946", address="a", renewed=False)
    assert "4821" in str(terminal.shown(2))
    report.erase_picture()  # the terminal draws the QR code again
    report.event("code_withdrawn", why="entered")
    told = terminal.shown(3)
    assert "rows" in told[0]
    assert "4821" not in str(told)
    report.event("burnt")
    told = terminal.shown(4)
    assert "rows" not in told[0]
    assert "relay.example" not in str(told)


def test_an_answer_of_the_page_counts_for_the_open_question_alone(terminal: Terminal) -> None:
    assert not terminal.tasks.answer(1, 1, "early")
    terminal.both.event("save_wanted")
    terminal.both.ask("?")
    assert terminal.shown(2)[-1]["question"] == 1
    terminal.visit.say("2 of another question")
    assert terminal.tasks.answer(1, 1, "y")
    assert not terminal.tasks.answer(1, 1, "a second click")
    assert terminal.answer() == "y"
    terminal.both.answered(seen=True)
    terminal.visit.say("1 late")
    terminal.visit.say("code")
    eventually(lambda: terminal.lines.find(frozenset({"code"})), "the wish")
    assert not terminal.lines.find(frozenset({"code"})), "it is heard once"
    assert terminal.lines.take() is None
    assert [each["event"] for each in terminal.shown(3)] == ["save_wanted", "ask", "answered"]


def test_the_terminals_answer_counts_too_and_the_page_hears_that_it_is_over() -> None:
    terminal = Terminal("y\n")
    terminal.both.ask("?")
    terminal.lines.start()
    assert terminal.answer() == "y"
    terminal.both.answered(seen=True)
    assert terminal.shown(2)[-1]["event"] == "answered"
    assert not terminal.tasks.answer(1, 1, "n")
    terminal.close()


def test_stop_on_the_page_is_the_terminals_ctrl_c(terminal: Terminal) -> None:
    assert terminal.tasks.stop(1)
    eventually(lambda: terminal.interrupts.asked, "the wish to stop")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(None, 0, None), (NotConfirmed("partial"), NotConfirmed("partial").exit_status, "partial")],
)
def test_the_page_has_the_end_that_the_command_has(
    terminal: Terminal, error: CertRelayError | None, status: int, code: str | None
) -> None:
    terminal.page.end(error)
    eventually(lambda: terminal.task.is_over, "the end")
    end = terminal.shown(1)[-1]
    assert (end["event"], end["status"], end["code"]) == ("end", int(status), code)


def test_a_terminal_that_is_gone_has_told_no_end(terminal: Terminal) -> None:
    terminal.page.leave()
    eventually(lambda: terminal.task.is_over, "the end")
    assert terminal.shown(1)[-1]["code"] == "lost"


def test_a_fault_of_the_program_is_not_told_as_an_end_that_went_well(
    centre: Centre, page: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visiting, "data_folder", lambda: centre.data)
    monkeypatch.setattr(visiting, "open_page", lambda _address, _failed: None)

    def broken(*_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        visiting.accompany("import", JsonReport(Texts("en"), io.StringIO()), broken)
    assert PageTask(page, 1).finish()["code"] == "lost"


def test_without_page_and_terminal_no_answer_comes(terminal: Terminal) -> None:
    terminal.lines.start()
    assert terminal.lines.take() is None, "the page may still come"
    terminal.visit.look(1, is_here=True, is_shut=False)
    terminal.visit.look(2, is_here=False, is_shut=False)
    with pytest.raises(UsageError, match="input_ended"):
        eventually(lambda: terminal.lines.take() and False, "the end of all answers")


def heard(connection: socket.socket) -> list[str]:
    """What has been said to the terminal so far."""
    connection.setblocking(False)
    try:
        return connection.recv(4096).decode().splitlines()
    except BlockingIOError:
        return []


def test_what_becomes_of_the_page_is_told_once_and_only_what_was_seen() -> None:
    own, other = socket.socketpair()
    visit = Visit(other, other.makefile("rb"), "ticket", 0)

    def look(now: float, *, is_here: bool = False, is_shut: bool = False) -> list[str]:
        visit.look(now, is_here=is_here, is_shut=is_shut)
        return heard(own)

    assert look(UNOPENED_S) == []
    assert look(UNOPENED_S + 1) == ["page unopened"]
    assert look(UNOPENED_S + 2) == []
    assert look(40, is_here=True) == ["page open"]
    assert look(41, is_here=True) == []
    assert look(42) == ["page closed"]
    assert look(43) == []
    assert look(44, is_here=True) == ["page open"]
    assert look(45, is_here=True, is_shut=True) == ["page twice"]
    assert look(46, is_shut=True) == []
    own.close()
    other.close()


def test_a_browser_that_opened_after_all_did_not_fail(terminal: Terminal) -> None:
    said: list[str] = []
    terminal.page.tell = said.append
    terminal.visit.look(1, is_here=True, is_shut=False)
    eventually(lambda: terminal.page.may_answer, "a page")
    eventually(lambda: terminal.page._state == "open", "a page")
    terminal.page.note("failed")
    terminal.lines.drain()
    assert said == []
    fresh = Terminal()
    fresh.page.tell = said.append
    fresh.page.note("failed")
    fresh.lines.drain()
    assert said == ["failed"]
    fresh.close()


@pytest.mark.attack(84)
def test_a_copy_is_shown_for_who_knows_the_note_and_one_at_a_time(
    centre: Centre, page: Tab
) -> None:
    body = json.dumps({"secret": "x", "command": "import"}).encode()
    secret = json.loads((centre.data / "centre.json").read_text())["secret"]
    right = json.dumps({"secret": secret, "command": "import"}).encode()
    other = json.dumps({"secret": secret, "command": "list"}).encode()
    assert page.request("POST", "/v1/visit", right)[0] == 403, "a browser's"
    page.token = ""
    for wrong, status in ((body, 403), (b"{}", 403), (other, 400)):
        assert asked(page, wrong).startswith(f"HTTP/1.1 {status} ".encode())
    first = visit_first(centre.data, "import")
    assert isinstance(first, Hosted)
    assert isinstance(visit_first(centre.data, "export"), Busy)
    tab = Tab(first.address)
    (task,) = tab.ask("GET", "/v1/tasks")["tasks"]
    assert (task["command"], task["is_over"]) == ("import", False)
    first.connection.close()
    eventually(lambda: tab.ask("GET", "/v1/tasks")["tasks"][0]["is_over"], "the end")
    again = visit_first(centre.data, "export")
    assert isinstance(again, Hosted)
    again.connection.close()


def asked(page: Tab, body: bytes) -> bytes:
    """The beginning of what a program is answered that is no browser."""
    with socket.create_connection(("127.0.0.1", int(page.host.rpartition(":")[2])), 20) as raw:
        head = f"POST /v1/visit HTTP/1.1\r\nHost: {page.host}\r\n"
        raw.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return raw.recv(100)
