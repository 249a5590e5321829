"""A link that hears nothing asks, and without an answer counts as lost."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from websockets.frames import Opcode
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from certrelay.client.link import (
    MAX_TAKEN,
    MAX_UNSENT_BYTES,
    ConnectionLostError,
    Link,
    new_protocol,
)
from certrelay.limits import (
    ANSWER_PING_S,
    GRACE_S,
    MAX_FRAGMENTS,
    MAX_MESSAGE_BYTES,
    QUIET_S,
    RECONNECT_S,
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


class Flood:
    """A socket that has something to read at every look, and takes what is written."""

    def __init__(self, stream: socket.socket, endless: bytes) -> None:
        self.stream = stream
        self.endless = endless
        self.taken = 0

    def fileno(self) -> int:
        return self.stream.fileno()

    def recv(self, size: int) -> bytes:
        self.taken += 1
        return self.endless[:size]

    def send(self, data: bytes) -> int:
        return len(data)

    def close(self) -> None:
        """The socket pair closes itself."""


def flooded(link: Link, endless: bytes) -> Flood:
    """Put an endless stream of bytes in the place of the relay's."""
    flood = Flood(link._stream, endless)
    link._stream = flood  # type: ignore[misc,assignment]
    return flood


@pytest.mark.attack(71)
@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
def test_a_relay_that_sends_nothing_but_control_frames_is_given_up(
    pair: tuple[Link, Relay], opcode: Opcode
) -> None:
    link, _ = pair
    flood = flooded(link, bytes([0x80 | opcode, 0]) * 32_768)
    with pytest.raises(ConnectionLostError):
        link.receive(1.0)
    assert flood.taken == 1


@pytest.mark.attack(71)
def test_control_frames_at_an_honest_pace_are_no_flood(pair: tuple[Link, Relay]) -> None:
    link, relay = pair
    for second in range(0, 400, 2):
        relay.protocol.send_ping(b"")
        relay.flush()
        assert link.receive(float(second)) == []
    assert relay.read().count(Opcode.PONG) == 200


@pytest.mark.attack(71)
def test_an_endless_stream_of_messages_is_taken_a_piece_at_a_time(
    pair: tuple[Link, Relay],
) -> None:
    link, _ = pair
    flood = flooded(link, b"\x82\x00" * 32_768)
    for _ in range(10):
        assert MAX_TAKEN <= len(link.receive(1.0)) < 8 * MAX_TAKEN
        assert link.has_to_read
    assert flood.taken == 1


def test_nothing_is_left_to_read_when_the_socket_is_empty(pair: tuple[Link, Relay]) -> None:
    link, relay = pair
    assert not link.has_to_read
    relay.protocol.send_text(b"x")
    relay.flush()
    assert link.receive(1.0) == ["x"]
    assert not link.has_to_read
