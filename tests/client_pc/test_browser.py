"""What stands between the story and its page: tickets, questions, presence, whose connection."""

import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.json_report import JsonReport
from certrelay.errors import StorageError
from certrelay.texts import Texts
from client_pc.browser.files import FILES, read_files
from client_pc.browser.opening import has_screen
from client_pc.browser.page_session import (
    AWAY_S,
    CODE_GRACE_S,
    UNOPENED_S,
    PageSession,
)
from client_pc.browser.server import _Handler, _Server, serving
from client_pc.browser.tee import Answers, PageReport
from client_pc.loopback.peer_uid import is_ours
from client_pc.loopback.server import MAX_BODY
from client_pc.loopback.tickets import FIRST_TICKET_S, PageKeys
from tests.sources import ROOT


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def page_session(clock: Clock) -> PageSession:
    return PageSession(clock)


def gone() -> bool:
    return True


def opened(page_session: PageSession) -> str:
    return redeemed(page_session, page_session.ticket).token


def redeemed(page_session: PageSession, ticket: str) -> PageKeys:
    admission = page_session.redeem(ticket)
    assert admission is not None
    return admission


def names(page_session: PageSession, count: int = 0) -> list[str]:
    return [event["event"] for event in page_session.events_after(count, 0, gone)]


@pytest.mark.attack(71)
def test_a_code_goes_from_the_page_at_its_end_whatever_the_story_does(
    page_session: PageSession, clock: Clock
) -> None:
    page_session.show_code(["101"], is_local=True, expires_in_ms=120_000)
    clock.now += 120
    page_session.watch()
    assert "rows" in page_session.events_after(0, 0, gone)[0]
    clock.now += CODE_GRACE_S + 1
    page_session.watch()
    assert "rows" not in page_session.events_after(0, 0, gone)[0]
    assert names(page_session) == ["waiting", "burnt"]


@pytest.mark.attack(51)
def test_a_ticket_is_good_once_and_a_second_use_shuts_the_page(page_session: PageSession) -> None:
    token = opened(page_session)
    assert page_session.admits(token)
    assert not page_session.admits(page_session.ticket)
    assert page_session.redeem(page_session.ticket) is None
    assert not page_session.admits(token)
    assert page_session.take_news() == ["twice"]
    assert not page_session.may_answer


@pytest.mark.attack(51)
def test_a_ticket_is_good_for_two_minutes(page_session: PageSession, clock: Clock) -> None:
    clock.now += FIRST_TICKET_S + 1
    assert page_session.redeem(page_session.ticket) is None


@pytest.mark.attack(51)
def test_a_reload_has_a_ticket_of_its_own_and_a_token_of_its_own(
    page_session: PageSession, clock: Clock
) -> None:
    first = redeemed(page_session, page_session.ticket)
    assert page_session.admits(first.token)
    clock.now += 10 * FIRST_TICKET_S
    second = redeemed(page_session, first.reload_ticket)
    assert page_session.admits(second.token)
    assert not page_session.admits(first.token)
    third = redeemed(page_session, second.reload_ticket)
    assert page_session.admits(third.token)
    assert page_session.take_news() == []


@pytest.mark.attack(51)
@pytest.mark.parametrize("again", ["the first", "a reload's"])
def test_a_used_ticket_shuts_the_page_whichever_it_is(
    page_session: PageSession, again: str
) -> None:
    first = redeemed(page_session, page_session.ticket)
    second = redeemed(page_session, first.reload_ticket)
    assert page_session.admits(second.token)
    stolen = page_session.ticket if again == "the first" else first.reload_ticket
    assert page_session.redeem(stolen) is None
    assert not page_session.admits(second.token)
    assert page_session.redeem(second.reload_ticket) is None
    assert page_session.take_news() == ["twice"]


def test_who_reloads_twice_in_a_row_is_nobody_else(page_session: PageSession) -> None:
    """The first reload was cut short before it had kept what it was given."""
    first = redeemed(page_session, page_session.ticket)
    assert page_session.admits(first.token)
    lost = redeemed(page_session, first.reload_ticket)
    second = redeemed(page_session, first.reload_ticket)
    assert page_session.admits(second.token)
    assert not page_session.admits(lost.token)
    assert second.reload_ticket == lost.reload_ticket


@pytest.mark.attack(51)
def test_no_token_counts_before_the_ticket_was_used(page_session: PageSession) -> None:
    for token in ("", page_session.ticket, "x", "비밀"):
        assert not page_session.admits(token)
    assert page_session.redeem("x") is None
    assert page_session.take_news() == []
    opened(page_session)


@pytest.mark.attack(8)
def test_a_burnt_code_is_in_no_event(page_session: PageSession, clock: Clock) -> None:
    opened(page_session)
    page_session.show_code(["101"], is_local=True, expires_in_ms=120_000)
    clock.now += 20
    (shown,) = page_session.events_after(0, 0, gone)
    assert (shown["rows"], shown["left_ms"]) == (["101"], 100_000)
    page_session.burn_code()
    assert page_session.events_after(0, 0, gone) == [
        {"event": "waiting", "is_local": True},
        {"event": "burnt"},
    ]
    page_session.burn_code()
    assert names(page_session) == ["waiting", "burnt"]


@pytest.mark.attack(66)
def test_a_typed_code_is_in_no_event_once_it_is_used_up(page_session: PageSession) -> None:
    report = PageReport(JsonReport(Texts("en"), io.StringIO()), page_session)
    opened(page_session)
    shown = {"event": "code", "code": "4821 7730 1946", "address": "a", "renewed": False}
    report.event("code", "", code="4821 7730 1946", address="a", renewed=False)
    assert page_session.events_after(0, 0, gone) == [{**shown, "text": ""}]
    report.event("code_withdrawn", "", why="entered")
    report.event("code", "", code="4822 7730 1946", address="a", renewed=True)
    report.erase_picture()
    assert not any("4821" in str(each) for each in page_session.events_after(0, 0, gone))
    assert not any("4822" in str(each) for each in page_session.events_after(0, 0, gone))


def test_the_pages_wish_for_a_code_is_heard_once(page_session: PageSession) -> None:
    report = PageReport(JsonReport(Texts("en"), io.StringIO()), page_session)
    answers = Answers(io.StringIO(), Interrupts(), page_session, report)
    assert not answers.find(frozenset({"code"}))
    page_session.want_code()
    assert [answers.find(frozenset({"code"})) for _ in range(2)] == [True, False]
    answers._wake.close()
    answers._woken.close()


def test_an_answer_counts_for_the_open_question_only(page_session: PageSession) -> None:
    opened(page_session)
    assert not page_session.answer(0, "early")
    page_session.ask()
    assert not page_session.answer(2, "of another question")
    assert page_session.answer(1, "yes")
    assert not page_session.answer(1, "a second click")
    assert page_session.take_answer() == "yes"
    assert page_session.take_answer() is None
    assert not page_session.answer(1, "a third")
    page_session.settle()
    page_session.settle()
    assert not page_session.answer(1, "late")
    assert names(page_session) == ["ask", "answered"]


def test_an_answer_that_was_not_taken_is_lost_with_its_question(page_session: PageSession) -> None:
    opened(page_session)
    page_session.ask()
    assert page_session.answer(1, "y")
    page_session.ask()
    assert page_session.take_answer() is None
    page_session.settle()  # by the terminal
    assert not page_session.answer(2, "y")
    assert names(page_session) == ["ask", "ask", "answered"]


def test_a_page_that_is_left_is_told_once_and_may_come_back(
    page_session: PageSession, clock: Clock
) -> None:
    opened(page_session)
    clock.now += AWAY_S
    page_session.watch()
    assert page_session.take_news() == []  # a reload takes that long
    clock.now += 1
    page_session.watch()
    page_session.watch()
    assert page_session.take_news() == ["closed"]
    assert not page_session.may_answer
    names(page_session)
    assert page_session.may_answer


def test_a_page_that_nobody_opens_is_told_and_may_still_come(
    page_session: PageSession, clock: Clock
) -> None:
    assert page_session.may_answer
    clock.now += UNOPENED_S + 1
    page_session.watch()
    assert page_session.take_news() == ["unopened"]
    opened(page_session)
    assert page_session.may_answer


def test_a_browser_that_opened_after_all_did_not_fail(page_session: PageSession) -> None:
    opened(page_session)
    page_session.failed()
    assert page_session.take_news() == []
    fresh = PageSession()
    fresh.failed()
    assert fresh.take_news() == ["failed"]


def test_the_end_is_waited_for_only_where_somebody_listens(page_session: PageSession) -> None:
    page_session.end(StorageError("disk", path="/x"))
    page_session.wait_until_told(lambda: 60)  # no page: at once
    opened(page_session)
    page_session.was_told(1)
    page_session.wait_until_told(lambda: 60)  # it has everything
    assert page_session.events_after(0, 0, gone) == [
        {"event": "end", "code": "disk", "key": "disk", "details": {"path": "/x"}}
    ]


def test_every_file_of_the_page_is_served_and_exists() -> None:
    scripts = (ROOT / "client_pc" / "browser" / "page").glob("*.*")
    own = {path.relative_to(ROOT).as_posix() for path in scripts} - {
        "client_pc/browser/page/index.html"
    }
    assert own == {path for path in FILES if path.startswith("client_pc/")}
    assert all(file.content for file in read_files().values())


@pytest.mark.parametrize(
    "length", [str(MAX_BODY + 1), "9" * 30, "0000009999999999", "-1", "+5", "", "1_0", "\u0661"]
)
def test_a_body_of_no_honest_size_is_not_waited_for(page_session: PageSession, length: str) -> None:
    with serving(page_session, lambda: None) as origin:
        host = origin.removeprefix("http://").rstrip("/")
        with socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), 20) as stranger:
            request = (
                f"POST /v1/session HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n"
            )
            stranger.sendall(request.encode())
            assert stranger.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"TERM": "xterm"}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "firefox"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_a_browser_needs_a_screen(
    environment: dict[str, str], platform: str, expected: bool
) -> None:
    assert has_screen(environment, platform) is expected


# --- whose connection ---

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 1 1
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 2 1
   2: 0100007F:C351 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 3 1
   3: 0100007F:C353 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1
   4: 0100007F:C354 0100007F:1F90 06 00000000:00000000 00:00000000 00000000     0        0 0 1
   5: 0100007F:C355 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 0 1
   6: 0100007F:C356 0100007F:1F90 04 00000000:00000000 00:00000000 00000000  1000        0 4 1
"""
SERVER = ("127.0.0.1", 0x1F90)


@pytest.mark.attack(51, 77)
@pytest.mark.parametrize(
    ("port", "own", "expected"),
    [
        (0xC350, 1001, True),
        (0xC350, 1000, False),  # its owner, not ours
        (0xC351, 1000, True),  # root
        (0xC352, 1000, False),  # not there
        (0xC353, 1000, False),  # closed: nobody's, though listed as root's
        (0xC354, 0, False),
        (0xC355, 1000, False),  # open, but no process has it
        (0xC356, 1000, False),  # being closed
    ],
)
def test_the_kernels_table_tells_the_owner(
    tmp_path: Path, port: int, own: int, expected: bool
) -> None:
    table = tmp_path / "tcp"
    table.write_text(TABLE)
    assert is_ours(("127.0.0.1", port), SERVER, own, table) is expected
    # While much is connected and closed, the kernel lists a connection twice, too.
    table.write_text(TABLE + "\n".join(TABLE.splitlines()[1:]) + "\n")
    assert is_ours(("127.0.0.1", port), SERVER, own, table) is expected


def test_without_such_a_table_the_ticket_has_to_do(tmp_path: Path) -> None:
    assert is_ours(("127.0.0.1", 1), SERVER, 1000, tmp_path / "none")


@pytest.mark.attack(51)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_real_connection_is_known_by_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        own = os.getuid()
        with socket.create_connection(server.getsockname()):
            accepted, client = server.accept()
            with accepted:
                assert is_ours(client, server.getsockname(), own)
                assert is_ours(client, server.getsockname(), own + 1) is (own == 0)


@pytest.mark.attack(77)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_real_connection_that_is_closed_already_is_nobodys() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
        accepted, client = server.accept()
        with accepted:
            for user in (0, os.getuid()):
                assert not is_ours(client, server.getsockname(), user)


_SAY = """
import os, socket, sys
port, user = map(int, sys.argv[1:])
os.setuid(user)
for _ in range(50):
    with socket.socket() as connection:
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\n\\r\\n" % port)
"""


@pytest.mark.attack(77)
@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root can play another user"
)
def test_what_another_user_asks_and_hangs_up_at_once_is_not_carried_out(
    page_session: PageSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty of them wait until the server looks at the first."""
    carried_out: list[str] = []
    monkeypatch.setattr(_Handler, "do_GET", lambda handler: carried_out.append(handler.path))
    server = _Server(page_session, lambda: None)
    with server:
        command = [sys.executable, "-I", "-c", _SAY, str(server.server_port), "65534"]
        subprocess.run(command, check=True)
        server.timeout = 0
        for _ in range(50):
            server.handle_request()
        server.server_close()
    assert carried_out == []


_ASK = """
import os, socket, sys
port, user = map(int, sys.argv[1:])
os.setuid(user)
with socket.socket() as connection:
    connection.connect(("127.0.0.1", port))
    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:%d\\r\\n\\r\\n" % port)
    sys.stdout.buffer.write(connection.recv(12))
"""


def answer_to(user: int, port: int) -> str:
    """The beginning of what a program of that user is answered."""
    command = [sys.executable, "-I", "-c", _ASK, str(port), str(user)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # A connection that is dropped ends with or without a reset.
    assert not done.stderr or "ConnectionResetError" in done.stderr, done.stderr
    return done.stdout


@pytest.mark.attack(51)
@pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="only root can play another user"
)
def test_another_users_program_is_dropped(page_session: PageSession) -> None:
    with serving(page_session, lambda: None) as origin:
        port = int(origin.rstrip("/").rpartition(":")[2])
        assert answer_to(os.getuid(), port) == "HTTP/1.1 200"
        assert answer_to(65_534, port) == ""
