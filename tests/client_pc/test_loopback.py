"""What every page of this PC stands on: who is let in, and whose connection it is."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from client_pc.loopback.opening import has_screen
from client_pc.loopback.peer_uid import is_ours
from client_pc.loopback.server import MAX_BODY, LoopbackHandler, LoopbackServer, PageFile
from client_pc.loopback.tickets import FIRST_TICKET_S, PageKeys, Tickets
from tests.patience import PATIENCE_S


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tickets(clock: Clock) -> Tickets:
    return Tickets(clock)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    found = LoopbackServer(LoopbackHandler, {"/": PageFile(b"page", "text/plain")})
    with found.serving():
        yield found


def redeemed(tickets: Tickets, ticket: str) -> PageKeys:
    keys = tickets.redeem(ticket)
    assert keys is not None
    return keys


# --- tickets ---


@pytest.mark.attack(51)
def test_a_ticket_is_good_once_and_a_second_use_shuts_the_page(tickets: Tickets) -> None:
    ticket = tickets.issue()
    token = redeemed(tickets, ticket).token
    assert tickets.admits(token)
    assert not tickets.admits(ticket)
    assert not tickets.is_shut(ticket)
    assert tickets.redeem(ticket) is None
    assert not tickets.admits(token)
    assert tickets.is_shut(ticket)


@pytest.mark.attack(51)
def test_a_ticket_is_good_for_two_minutes(tickets: Tickets, clock: Clock) -> None:
    ticket = tickets.issue()
    clock.now += FIRST_TICKET_S + 1
    assert tickets.redeem(ticket) is None


@pytest.mark.attack(51)
def test_a_reload_has_a_ticket_of_its_own_and_a_token_of_its_own(
    tickets: Tickets, clock: Clock
) -> None:
    first = redeemed(tickets, tickets.issue())
    assert tickets.admits(first.token)
    clock.now += 10 * FIRST_TICKET_S
    second = redeemed(tickets, first.reload_ticket)
    assert tickets.admits(second.token)
    assert not tickets.admits(first.token)
    third = redeemed(tickets, second.reload_ticket)
    assert tickets.admits(third.token)


@pytest.mark.attack(51)
@pytest.mark.parametrize("again", ["the first", "a reload's"])
def test_a_used_ticket_shuts_the_page_whichever_it_is(tickets: Tickets, again: str) -> None:
    ticket = tickets.issue()
    first = redeemed(tickets, ticket)
    second = redeemed(tickets, first.reload_ticket)
    assert tickets.admits(second.token)
    stolen = ticket if again == "the first" else first.reload_ticket
    assert tickets.redeem(stolen) is None
    assert not tickets.admits(second.token)
    assert tickets.redeem(second.reload_ticket) is None


def test_who_reloads_twice_in_a_row_is_nobody_else(tickets: Tickets) -> None:
    """The first reload was cut short before it had kept what it was given."""
    first = redeemed(tickets, tickets.issue())
    assert tickets.admits(first.token)
    lost = redeemed(tickets, first.reload_ticket)
    second = redeemed(tickets, first.reload_ticket)
    assert tickets.admits(second.token)
    assert not tickets.admits(lost.token)
    assert second.reload_ticket == lost.reload_ticket


@pytest.mark.attack(51)
def test_no_token_counts_before_the_ticket_was_used(tickets: Tickets) -> None:
    ticket = tickets.issue()
    for token in ("", ticket, "x", "비밀"):
        assert not tickets.admits(token)
    assert tickets.redeem("x") is None
    assert not tickets.is_shut(ticket)


# --- requests ---


@pytest.mark.parametrize(
    "length", [str(MAX_BODY + 1), "9" * 30, "0000009999999999", "-1", "+5", "", "1_0", "\u0661"]
)
def test_a_body_of_no_honest_size_is_not_waited_for(server: LoopbackServer, length: str) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), PATIENCE_S) as stranger:
        head = f"POST /v1/session HTTP/1.1\r\nHost: {server.name}\r\n"
        stranger.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
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
def test_what_another_user_asks_and_hangs_up_at_once_is_not_carried_out() -> None:
    """Fifty of them wait until the server looks at the first."""
    carried_out: list[str] = []

    class Handler(LoopbackHandler):
        def get(self, path: str, query: str) -> None:
            del query
            carried_out.append(path)

    with LoopbackServer(Handler, {}) as server:
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
def test_another_users_program_is_dropped(server: LoopbackServer) -> None:
    assert answer_to(os.getuid(), server.server_port) == "HTTP/1.1 200"
    assert answer_to(65_534, server.server_port) == ""
