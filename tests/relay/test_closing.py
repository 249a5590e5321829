"""What comes just before a close is acted upon, in its order, wherever the rooms are."""

import socket
from collections.abc import Callable

import pytest
from websockets.frames import Opcode

from certrelay.limits import KIB
from certrelay.wire.messages import Closed, Created, Leave, Paired, PeerGone, Refused, encode
from relay.embedded import Running
from tests.relay.conftest import Connect, TwoNodes
from tests.relay.device import Heard, Pair
from tests.relay.raw import RawSocket, frame

Start = Callable[..., Running]

LEAVE = frame(Opcode.TEXT, encode(Leave()).encode())
CLOSE = frame(Opcode.CLOSE, (1000).to_bytes(2))
SEALED = b"the last sealed message"


@pytest.mark.attack(73)
@pytest.mark.parametrize("end", [b"", CLOSE], ids=["only the end of the stream", "a close"])
@pytest.mark.parametrize(
    ("last", "heard"),
    [
        (LEAVE, [Closed("left"), 1000]),
        (frame(Opcode.BINARY, SEALED) + LEAVE, [SEALED, Closed("left"), 1000]),
        (frame(Opcode.BINARY, SEALED), [SEALED, PeerGone()]),
    ],
    ids=["leave", "a message and leave", "a message"],
)
def test_what_comes_in_one_segment_with_the_end_is_heard(
    shared_relay: Running,
    connect: Connect,
    pair: Pair,
    end: bytes,
    last: bytes,
    heard: list[Heard],
) -> None:
    g = connect()
    assert isinstance(g.ask(pair.create), Created)
    with RawSocket(shared_relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        s.tcp.sendall(last + end)
        s.tcp.shutdown(socket.SHUT_WR)
        assert [g.hear() for _ in heard] == heard


@pytest.mark.attack(73)
def test_who_leaves_gets_the_close_code(
    shared_relay: Running, connect: Connect, pair: Pair
) -> None:
    g = connect()
    assert isinstance(g.ask(pair.create), Created)
    with RawSocket(shared_relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        s.tcp.sendall(LEAVE)
        received = b""
        while part := s.read_some():
            received += part
            if received.endswith(bytes([0x88, 2, *(1000).to_bytes(2)])):
                break
        else:
            pytest.fail("no close 1000")


@pytest.mark.attack(73)
def test_a_room_that_was_left_in_the_last_segment_is_over_at_once(
    shared_relay: Running, connect: Connect, pair: Pair
) -> None:
    """Nobody waits 60 s for a device that has said goodbye."""
    g = connect()
    assert isinstance(g.ask(pair.create), Created)
    with RawSocket(shared_relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        s.tcp.sendall(LEAVE + CLOSE)
    assert g.hear_all() == [Closed("left"), 1000]
    assert connect().ask(pair.resume_g) == Refused("no_such_room")


@pytest.mark.attack(73)
def test_it_is_heard_too_after_the_relay_has_stopped_reading_for_a_slow_end(
    start_relay: Start, pair: Pair
) -> None:
    relay = start_relay()
    messages = [bytes([n]) * 32 * KIB for n in range(60)]
    with RawSocket(relay.port, receive_bytes=4096) as slow, RawSocket(relay.port) as s:
        assert isinstance(slow.ask(pair.create), Created)
        assert isinstance(s.ask(pair.join), Paired)
        for message in messages:
            s.send(Opcode.BINARY, message)
        s.tcp.sendall(LEAVE + CLOSE)
        s.tcp.shutdown(socket.SHUT_WR)
        received = b""
        while part := slow.read_some():
            received += part
    assert received.count(b'"left"') == 1
    assert b"peer_gone" not in received
    if not isinstance(relay, TwoNodes):  # between nodes it may be lost, and the ends repeat it
        places = [received.find(message) for message in messages]
        assert -1 not in places
        assert places == sorted(places)
