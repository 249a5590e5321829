"""A link that hears nothing asks, and without an answer counts as lost."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from certrelay.limits import ANSWER_PING_S, GRACE_S, QUIET_S, RECONNECT_S
from certrelay.net.link import ConnectionLostError, Link


class Relay:
    """The other end of a socket pair: the server's half of the same library."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.protocol = ServerProtocol()

    def read(self) -> list[Opcode]:
        """Take what came, answer it as any WebSocket server does, and tell what it was."""
        self.protocol.receive_data(self.stream.recv(65_536))
        events = self.protocol.events_received()
        self.flush()
        return [event.opcode for event in events if hasattr(event, "opcode")]

    def flush(self) -> None:
        self.stream.sendall(b"".join(self.protocol.data_to_send()))


@pytest.fixture
def pair() -> Iterator[tuple[Link, Relay]]:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        client, relay = ClientProtocol(parse_uri("ws://relay.example/v1/ws")), Relay(theirs)
        request = client.connect()
        client.send_request(request)
        ours.sendall(b"".join(client.data_to_send()))
        relay.protocol.receive_data(theirs.recv(65_536))
        (asked,) = relay.protocol.events_received()
        relay.protocol.send_response(relay.protocol.accept(asked))  # type: ignore[arg-type]
        relay.flush()
        client.receive_data(ours.recv(65_536))
        client.events_received()
        ours.setblocking(False)
        theirs.settimeout(5)
        yield Link(ours, client, now=0.0), relay


def test_silence_is_asked_about_once_and_the_answer_counts(pair: tuple[Link, Relay]) -> None:
    link, relay = pair
    link.keep_alive(QUIET_S - 0.1)
    assert link.deadline() == QUIET_S
    link.keep_alive(QUIET_S)
    link.keep_alive(QUIET_S + 1)
    assert relay.read() == [Opcode.PING]
    assert link.deadline() == QUIET_S + ANSWER_PING_S
    assert link.receive(QUIET_S + 2) == []
    assert link.deadline() == QUIET_S + 2 + QUIET_S
    link.keep_alive(QUIET_S + ANSWER_PING_S)


def test_without_an_answer_the_connection_is_lost(pair: tuple[Link, Relay]) -> None:
    link, _ = pair
    link.keep_alive(QUIET_S)
    link.keep_alive(QUIET_S + ANSWER_PING_S - 0.1)
    with pytest.raises(ConnectionLostError):
        link.keep_alive(QUIET_S + ANSWER_PING_S)


def test_a_program_that_was_stopped_for_long_asks_before_it_gives_up(
    pair: tuple[Link, Relay],
) -> None:
    link, relay = pair
    link.keep_alive(1000.0)
    assert relay.read() == [Opcode.PING]
    assert link.receive(1001.0) == []
    assert link.deadline() == 1001.0 + QUIET_S


def test_a_loss_is_noticed_in_time_to_come_back_within_the_grace() -> None:
    assert QUIET_S + ANSWER_PING_S + 2 * RECONNECT_S[1] < GRACE_S / 2
