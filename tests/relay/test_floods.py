"""One socket that floods, and the others: who sends too much is cut off or waits its turn."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from websockets.frames import Opcode

from certrelay.wire.messages import Created, Paired, PeerGone
from certrelay.wire.room import RoomLimits
from relay.embedded import EMBEDDED, Running, start
from relay.settings import AdmissionLimits
from relay.turns import TURN_COST, Turns
from relay.websocket import CONTROL_FRAMES, TURN_FRAMES, WebSocketConnection
from tests.patience import PATIENCE_S
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.raw import RawSocket, frame

Start = Callable[..., Running]

FLOODS = {
    "pings": frame(Opcode.PING, b"?" * 8) * 200,
    "empty pings": frame(Opcode.PING) * 200,
    "pongs": frame(Opcode.PONG, b"!" * 8) * 200,
    "empty fragments": frame(Opcode.CONT, fin=False) * 200,
}

BEFORE = {"empty fragments": frame(Opcode.BINARY, fin=False)}
"""What is sent once, before the flood."""


@contextlib.contextmanager
def flooding(tcp: socket.socket, data: bytes) -> Iterator[None]:
    """Send the same bytes again and again until the relay has cut the connection."""

    def send() -> None:
        with contextlib.suppress(OSError):
            while True:
                tcp.sendall(data)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            tcp.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_S)


@contextlib.contextmanager
def reading(tcp: socket.socket) -> Iterator[None]:
    """Read what comes, and throw it away."""

    def read() -> None:
        with contextlib.suppress(OSError):
            while tcp.recv(65_536):
                pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            tcp.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_S)


@pytest.mark.attack(70)
@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.parametrize("paired", [False, True], ids=["alone", "in a room"])
def test_who_floods_with_what_costs_nothing_is_cut_off(
    start_relay: Start, connect_to: Connect, pair: Pair, kind: str, paired: bool
) -> None:
    relay = start_relay()
    g = connect_to(relay)
    assert isinstance(g.ask(pair.create), Created)
    with RawSocket(relay.port) as flooder:
        if paired:
            assert isinstance(flooder.ask(pair.join), Paired)
            assert isinstance(g.hear(), Paired)
        flooder.tcp.sendall(BEFORE.get(kind, b""))
        with flooding(flooder.tcp, FLOODS[kind]):
            flooder.wait_for_end()
        if paired:
            assert g.hear() == PeerGone()


@pytest.mark.attack(70)
@pytest.mark.parametrize("kind", FLOODS)
def test_the_relay_on_a_pc_keeps_to_the_same(kind: str) -> None:
    with start("127.0.0.1", settings=EMBEDDED) as relay, RawSocket(relay.port) as flooder:
        flooder.tcp.sendall(BEFORE.get(kind, b""))
        with flooding(flooder.tcp, FLOODS[kind]):
            flooder.wait_for_end()
        with RawSocket(relay.port) as g:
            assert isinstance(g.ask(Pair().create), Created)


@pytest.mark.attack(70)
def test_as_many_control_frames_as_an_honest_client_sends_are_answered(
    shared_relay: Running, pair: Pair
) -> None:
    with RawSocket(shared_relay.port) as device:
        assert isinstance(device.ask(pair.create), Created)
        for n in range(CONTROL_FRAMES):
            device.send(Opcode.PING, bytes([n]))
            assert device.read_some() == bytes([0x8A, 1, n])


@pytest.mark.attack(70)
def test_between_portions_of_a_flood_the_others_have_their_turn(
    start_relay: Start, connect_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket that may send 100,000 tiny messages is heard 117 at a time at most."""
    most, turn = [0], [0]
    advance, receive = WebSocketConnection._advance, WebSocketConnection._turn_is_over

    def count(connection: WebSocketConnection) -> None:
        turn[0] = 0
        advance(connection)
        most[0] = max(most[0], turn[0])

    def note(connection: WebSocketConnection, address: str, frames: int, until: int) -> bool:
        turn[0] = frames
        return receive(connection, address, frames, until)

    monkeypatch.setattr(WebSocketConnection, "_advance", count)
    monkeypatch.setattr(WebSocketConnection, "_turn_is_over", note)
    many = RoomLimits(budget_bytes=10**9, budget_messages=10**9)
    relay = start_relay(room=many)
    flood, honest = Pair(), Pair()
    g, s = honest.meet(lambda: connect_to(relay))
    with RawSocket(relay.port) as deaf, RawSocket(relay.port) as flooder:
        assert isinstance(deaf.ask(flood.create), Created)
        assert isinstance(flooder.ask(flood.join), Paired)
        with reading(deaf.tcp), flooding(flooder.tcp, frame(Opcode.BINARY) * 2000):
            for n in range(50):
                s.say(b"%d" % n)
                assert g.hear() == b"%d" % n
    assert TURN_FRAMES <= most[0] < TURN_FRAMES + 512 // 6


@pytest.mark.attack(70)
def test_the_sockets_of_one_address_have_one_share_of_a_turn() -> None:
    async def work() -> None:
        turns, done = Turns(), list[str]()

        def do(name: str) -> None:
            done.append(name)
            turns.use("many", TURN_COST, 1)

        turns.use("many", 1, 1)
        assert turns.has_left("many")
        turns.use("many", TURN_COST, 1)
        assert not turns.has_left("many")
        assert turns.has_left("other")
        for name in "abc":
            turns.wait("many", partial(do, name))
        turns.wait("other", lambda: done.append("other"))
        await asyncio.sleep(0)
        assert done == ["a", "other"], "of the many one, and the other at once"
        for _ in range(5):
            await asyncio.sleep(0)
        assert done == ["a", "other", "b", "c"], "who waited longest goes first"
        assert turns.has_left("many")

    asyncio.run(work())


@pytest.mark.attack(70)
def test_who_asks_too_often_by_http_waits_his_turn(start_relay: Start) -> None:
    relay = start_relay(
        admission=AdmissionLimits(requests_per_address=3, requests_per_address_per_s=0.001)
    )
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", relay.port), PATIENCE_S) as tcp:
        tcp.sendall(request * 20)
        answers = b""
        while answers.count(b"ok\n") < 4:  # the one that is due later is owed already
            answers += tcp.recv(65_536)
        tcp.settimeout(0.5)
        with pytest.raises(TimeoutError):
            tcp.recv(65_536)


@pytest.mark.attack(70)
def test_one_address_begins_so_many_connections(start_relay: Start) -> None:
    relay = start_relay(
        admission=AdmissionLimits(connects_per_address=3, connects_per_address_per_s=0.001)
    )
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\n\r\n".encode()

    def answered() -> bool:
        with socket.create_connection(("127.0.0.1", relay.port), PATIENCE_S) as tcp:
            try:
                tcp.sendall(request)
                return tcp.recv(1) == b"H"
            except ConnectionError:
                return False

    assert [answered() for _ in range(5)] == [True, True, True, False, False]
