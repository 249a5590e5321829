"""Everything at once: half requests, silent sockets, a device that never reads; and one pair."""

import contextlib
import resource
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.frames import Opcode

from certrelay.limits import KIB, MIB
from certrelay.wire.messages import Created, Leave, Paired
from tests.patience import PATIENCE_S
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.raw import RawSocket
from tests.relay.test_program import Program, Serve, serve

__all__ = ["serve"]

HALF, SILENT, DEAF = 200, 2000, 8

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the memory")


def resident_bytes(process_id: int) -> int:
    """The most memory that a process ever had."""
    status = Path(f"/proc/{process_id}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * KIB


@pytest.fixture
def many_files() -> None:
    """Let this process open as many sockets as it is allowed to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@pytest.mark.attack(12, 13, 16)
def test_a_flood_keeps_no_pair_out_and_the_memory_stays_bounded(
    serve: Serve, many_files: None, connect_to: Connect, pair: Pair
) -> None:
    program = serve()
    before = resident_bytes(program.process.pid)
    with ExitStack() as stack:
        for _ in range(HALF):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", program.port)))
            half.sendall(b"GET /v1/ws HTTP/1.1\r\nHost: ")
        for _ in range(DEAF):
            deafen(stack, program)
        for _ in range(SILENT):
            stack.enter_context(RawSocket(program.port))
        g, s = pair.meet(lambda: connect_to(program))
        for one, other in ((g, s), (s, g)):
            one.say(bytes(32 * KIB))
            assert other.hear() == bytes(32 * KIB)
        s.say(Leave())
        assert [s.hear_all(), g.hear_all()[-1]] == [[1000], 1000]
        grown = resident_bytes(program.process.pid) - before
    assert grown < 100 * KIB * (SILENT + HALF) + 2 * MIB * DEAF, f"{grown / MIB:.0f} MiB"


def deafen(stack: ExitStack, program: Program) -> None:
    """Let a device send as much as it can to a peer that never reads."""
    pair = Pair()
    g = stack.enter_context(RawSocket(program.port))
    s = stack.enter_context(RawSocket(program.port, receive_bytes=4096))
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    g.tcp.settimeout(0.2)
    with contextlib.suppress(TimeoutError, ConnectionError):
        for _ in range(4 * MIB // (32 * KIB)):
            g.send(Opcode.BINARY, bytes(32 * KIB))
    g.tcp.settimeout(PATIENCE_S)
