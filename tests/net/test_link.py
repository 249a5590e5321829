"""A link that hears nothing asks, and without an answer counts as lost."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from websockets.frames import Opcode
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from certrelay.limits import ANSWER_PING_S, GRACE_S, MAX_MESSAGE_BYTES, QUIET_S, RECONNECT_S
from certrelay.net.link import (
    MAX_FRAGMENTS,
    MAX_UNSENT_BYTES,
    ConnectionLostError,
    Link,
    new_protocol,
)


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
        client, relay = new_protocol(parse_uri("ws://relay.example/v1/ws")), Relay(theirs)
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


@pytest.mark.attack(16)
def test_a_relay_that_never_stops_sending_is_read_in_pieces(pair: tuple[Link, Relay]) -> None:
    link, relay = pair
    sent = [number.to_bytes(2, "big") * 50 for number in range(1500)]
    for message in sent:
        relay.protocol.send_binary(message)
    relay.flush()
    received: list[str | bytes] = link.receive(1.0)
    assert len(received) < len(sent)
    while len(received) < len(sent):
        received += link.receive(1.0)
    assert received == sent


def send_until_lost(pair: tuple[Link, Relay], send: Callable[[Relay], None], times: int) -> None:
    link, relay = pair
    for _ in range(times):
        send(relay)
        relay.flush()
        link.receive(1.0)


@pytest.mark.attack(16)
def test_a_relay_that_pings_and_never_reads_is_given_up(pair: tuple[Link, Relay]) -> None:
    def ping(relay: Relay) -> None:
        relay.protocol.send_ping(bytes(125))

    with pytest.raises(ConnectionLostError):
        send_until_lost(pair, ping, 4 * MAX_UNSENT_BYTES // 125)


@pytest.mark.attack(16, 44)
def test_a_message_in_endless_fragments_is_given_up(pair: tuple[Link, Relay]) -> None:
    def fragment(relay: Relay) -> None:
        relay.protocol.send_continuation(b"", fin=False)

    pair[1].protocol.send_binary(b"", fin=False)
    with pytest.raises(ConnectionLostError):
        send_until_lost(pair, fragment, 2 * MAX_FRAGMENTS)


@pytest.mark.attack(14)
def test_a_message_that_is_too_large_ends_the_connection(pair: tuple[Link, Relay]) -> None:
    link, relay = pair
    relay.protocol.send_binary(bytes(MAX_MESSAGE_BYTES))
    relay.flush()
    assert link.receive(1.0) == [bytes(MAX_MESSAGE_BYTES)]
    relay.protocol.send_binary(bytes(MAX_MESSAGE_BYTES + 1))
    relay.flush()
    with pytest.raises(ConnectionLostError):
        link.receive(1.0)
