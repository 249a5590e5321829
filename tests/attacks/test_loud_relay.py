"""Real programs at a relay that never stops talking, or never begins: row 71 of docs/security.md.

No time is measured: the relay floods until the program has done what it must do in spite of
it, or until so much has been sent that it plainly never will.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from certrelay.errors import ExitStatus
from certrelay.frozen import replace
from certrelay.wire.messages import SUBPROTOCOL
from relay.embedded import EMBEDDED, start
from relay.settings import Edges
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import Bench, bench
from tests.splice import Splice

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGINT to one process is POSIX")

FRAME = 1058
"""Bytes of a sealed frame: docs/protocol.md §7.1."""

PATIENCE = 4000
"""Pieces of a flood, of 8 KiB each, after which a program has let itself be held up."""


class LoudRelay:
    """Opens rooms as a relay does, and then sends one thing again and again.

    Args:
        endless: What it sends.
        life_ms: The life of the codes.
    """

    def __init__(self, endless: bytes, life_ms: int = 120_000) -> None:
        self._piece = endless * (8192 // len(endless))
        self._created = f'{{"type":"created","expires_in_ms":{life_ms}}}'
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.is_over: Callable[[], bool] = lambda: False
        self.has_given_up = False
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        sent = 0
        with suppress(OSError):
            while not self.is_over() and not self.has_given_up:
                stream, _ = self._listener.accept()
                with closing(stream), suppress(OSError):
                    stream.settimeout(5)
                    self._open_room(stream)
                    while not self.is_over() and not self.has_given_up:
                        stream.sendall(self._piece)
                        sent += 1
                        self.has_given_up = sent > PATIENCE

    def _open_room(self, stream: socket.socket) -> None:
        server = ServerProtocol(subprotocols=[Subprotocol(SUBPROTOCOL)])
        has_answered = False
        while not has_answered:
            if not (data := stream.recv(65_536)):
                raise ConnectionResetError
            server.receive_data(data)
            for event in server.events_received():
                if isinstance(event, Request):
                    server.send_response(server.accept(event))
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    server.send_text(self._created.encode())
                    has_answered = True
            stream.sendall(b"".join(server.data_to_send()))


@pytest.fixture(params=["pings", "pongs", "empty messages"])
def endless(request: pytest.FixtureRequest) -> bytes:
    floods = {"pings": b"\x89\x00", "pongs": b"\x8a\x00", "empty messages": b"\x82\x00"}
    return floods[request.param]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Callable[[str], Bench]]:
    with bench(tmp_path) as made:

        def desk(url: str) -> Bench:
            made.relay = url
            return made

        yield desk


@pytest.mark.attack(71)
def test_ctrl_c_acts_in_spite_of_a_flood(at: Callable[[str], Bench], endless: bytes) -> None:
    with closing(LoudRelay(endless)) as relay:
        desk = at(relay.url)
        pc = desk.pc("import")
        pc.expect("waiting")
        relay.is_over = lambda: pc.process.poll() is not None
        pc.interrupt()
        assert pc.finish() == ExitStatus.INTERRUPTED
        assert not relay.has_given_up
        assert not desk.url_file.exists()


@pytest.mark.attack(71, 8)
def test_a_code_ends_at_its_time_in_spite_of_a_flood(
    at: Callable[[str], Bench], endless: bytes
) -> None:
    with closing(LoudRelay(endless, life_ms=300)) as relay:
        desk = at(relay.url)
        pc = desk.pc("import")
        pc.expect("waiting")
        relay.is_over = lambda: not desk.url_file.exists()
        pc.expect("renewed")
        assert not relay.has_given_up
        pc.interrupt()
        assert pc.finish() == ExitStatus.INTERRUPTED


@pytest.mark.attack(71)
def test_ctrl_c_does_not_wait_for_a_relay_that_says_nothing(at: Callable[[str], Bench]) -> None:
    """A program that waited would find the relay unreachable before it finds the Ctrl-C."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        pc = at(f"http://127.0.0.1:{silent.getsockname()[1]}/").pc("import")
        connection, _ = silent.accept()
        with closing(connection):
            connection.recv(65_536)
            pc.interrupt()
            assert pc.finish() == ExitStatus.INTERRUPTED


class Swallower(Splice):
    """Passes everything on until it `swallows`: then it takes all bytes, and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytearray] = []
        self.has_enough = False
        self.host = f"127.0.0.1:{self.port}"

    def opened(self) -> bytearray:
        self.kept.append(bytearray())
        return self.kept[-1]

    def swallow(self) -> None:
        self.has_enough = True

    def _pass_on(self, source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
        assert kept is not None
        with suppress(OSError):
            while data := source.recv(65_536):
                kept += data
                if not self.has_enough:
                    sink.sendall(data)

    def heard(self) -> int:
        """How many bytes have come up to now."""
        return sum(map(len, self.kept))


@pytest.mark.attack(71)
@pytest.mark.parametrize("who", ["pc", "phone"])
def test_ctrl_c_in_a_session_does_not_wait_for_a_relay_that_swallows_all(
    tmp_path: Path, who: str
) -> None:
    """No time is measured: who waits for an answer says its CLOSE again after three seconds."""
    fill(tmp_path / "phone", person().npki(PASSWORD))
    with (
        closing(Swallower()) as network,
        start(
            "127.0.0.1", settings=replace(EMBEDDED, edges=Edges(hosts=frozenset({network.host})))
        ) as relay,
        bench(tmp_path, f"http://{network.host}/") as desk,
    ):
        network.begin([("127.0.0.1", relay.port)])
        pc = desk.pc("import")
        pc.expect("waiting")
        phone = desk.phone("--send", "1")
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        pc.expect("number")
        phone.expect("number_wanted")
        other, stopped = (phone, pc) if who == "pc" else (pc, phone)
        other.process.kill()
        other.process.wait()
        network.swallow()
        before = network.heard()
        stopped.interrupt()
        assert stopped.finish() == ExitStatus.INTERRUPTED
        assert stopped.names()[-2:] == ["close_unheard", "error"]
        assert network.heard() - before < 2 * FRAME, "its CLOSE and `leave`, once"
