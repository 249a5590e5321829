"""The shortest way of a sealed message, and that it is the same way in all else."""

import os

import pytest
from websockets.frames import Opcode

from certrelay.limits import KIB
from certrelay.wire.messages import Created, Leave, Paired
from relay.embedded import Running
from relay.hub import Line
from relay.hub_memory import MemoryHub
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.raw import RawSocket, frame


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which way each sealed message took."""
    taken: list[str] = []
    slow, fast = MemoryHub.carry, MemoryHub.carry_at_once

    async def carry(hub: MemoryHub, line: Line, sealed: bytes) -> None:
        taken.append("long")
        await slow(hub, line, sealed)

    def carry_at_once(hub: MemoryHub, line: Line, sealed: bytes) -> bool:
        carried = fast(hub, line, sealed)
        if carried:
            taken.append("short")
        return carried

    monkeypatch.setattr(MemoryHub, "carry", carry)
    monkeypatch.setattr(MemoryHub, "carry_at_once", carry_at_once)
    return taken


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 4 * KIB, 16_674, 32 * KIB])
def test_a_message_of_any_size_arrives_as_it_was_sent(
    connect: Connect, pair: Pair, size: int
) -> None:
    g, s = pair.meet(connect)
    for one, other in ((g, s), (s, g)):
        sealed = os.urandom(size)
        one.say(sealed)
        assert other.hear() == sealed


def test_whole_messages_take_the_short_way(connect: Connect, pair: Pair, ways: list[str]) -> None:
    g, s = pair.meet(connect)
    for n in range(20):
        s.say(b"%d" % n)
        assert g.hear() == b"%d" % n
    assert ways.count("short") >= 18, ways


def test_a_message_in_parts_takes_the_long_way(
    connect: Connect, pair: Pair, ways: list[str]
) -> None:
    g, s = pair.meet(connect)
    s.socket.send([b"in ", b"parts"])
    assert g.hear() == b"in parts"
    assert ways == ["long"]


@pytest.mark.parametrize("cut", [1, 2, 5, 6, 7, 100, 4096, 4103])
def test_bytes_may_be_cut_anywhere_and_nothing_overtakes(
    shared_relay: Running, connect: Connect, pair: Pair, cut: int
) -> None:
    g = connect()
    assert isinstance(g.ask(pair.create), Created)
    messages = [os.urandom(size) for size in (4 * KIB, 3, 0, 200, 4 * KIB)]
    written = b"".join(frame(Opcode.BINARY, message) for message in messages)
    with RawSocket(shared_relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        s.tcp.sendall(written[:cut])
        g.say(b"meanwhile")
        while b"meanwhile" not in s.read_some():
            pass
        s.tcp.sendall(written[cut:])
        assert [g.hear() for _ in messages] == messages
        s.say(Leave())
        assert g.hear_all()[-1] == 1000


def test_a_frame_that_breaks_the_protocol_is_refused_as_ever(
    shared_relay: Running, connect: Connect
) -> None:
    for broken in (
        b"\x82\x05" + b"unmasked",
        b"\xc2\x80" + bytes(4),
        b"\x82\xff" + (33 * KIB).to_bytes(8) + bytes(4),
        b"\x82\xff" + (2**63).to_bytes(8) + bytes(4),
    ):
        pair = Pair()
        g = connect()
        assert isinstance(g.ask(pair.create), Created)
        with RawSocket(shared_relay.port) as s:
            s.say(pair.join)
            assert isinstance(g.hear(), Paired)
            s.tcp.sendall(broken)
            s.wait_for_end()
