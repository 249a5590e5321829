"""Strangers who try to make the relay expensive, by bytes that no library would send."""

import contextlib
import gc
import logging
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from certrelay.limits import KIB, MAX_FRAGMENTS, MIB
from certrelay.wire.messages import Closed, Created, Leave, Paired, PeerGone, encode
from certrelay.wire.room import RoomLimits
from relay.embedded import Running
from relay.settings import AdmissionLimits, SocketLimits
from relay.websocket import WebSocketConnection
from tests.patience import PATIENCE_S
from tests.relay.conftest import Connect
from tests.relay.device import Device, Pair
from tests.relay.raw import RawSocket, frame
from tests.relay.tls import Certificate

Start = Callable[..., Running]
SHORT = 0.2
PATIENT = SocketLimits(request_s=600.0)
CLOSE_1000 = bytes([0x88, 2, *(1000).to_bytes(2)])


def ended(tcp: socket.socket) -> bool:
    """Wait until the relay has ended a connection; what it says first is passed over."""
    try:
        while tcp.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


def tcp_to(relay: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), PATIENCE_S)


@pytest.mark.attack(12)
@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"G",
        b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /heal",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_a_half_sent_request_does_not_stay(start_relay: Start, half: bytes) -> None:
    relay = start_relay(socket=SocketLimits(request_s=SHORT))
    with tcp_to(relay) as tcp:
        tcp.sendall(half)
        assert ended(tcp)


@pytest.mark.attack(12)
def test_half_a_second_request_does_not_stay_either(start_relay: Start) -> None:
    relay = start_relay(socket=SocketLimits(request_s=SHORT))
    whole = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\n\r\n".encode()
    with tcp_to(relay) as tcp:
        tcp.sendall(whole)
        answer = b""
        while not answer.endswith(b"ok\n"):
            answer += tcp.recv(1024)
        tcp.sendall(whole[:20])
        assert ended(tcp)


@pytest.mark.attack(12)
def test_who_asks_and_never_reads_the_answers_does_not_stay(start_relay: Start) -> None:
    fast = AdmissionLimits(requests_per_address=1_000_000)
    relay = start_relay(socket=SocketLimits(request_s=SHORT, answer_s=SHORT), admission=fast)
    whole = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\n\r\n".encode()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(PATIENCE_S)
        deaf.connect(("127.0.0.1", relay.port))
        with pytest.raises(ConnectionError):
            deaf.sendall(whole * (64 * MIB // len(whole)))  # until no buffer takes more, and on


UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: certrelay.v1\r\n"
)


@pytest.mark.attack(12, 44)
@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("GET /v1/ws HTTP/1.1", UPGRADE + "X: " + "a" * 20_000 + "\r\n"),
        ("GET /v1/ws HTTP/1.1", UPGRADE + "X: a\r\n" * 200),
        (f"GET /{'a' * 9_000}/v1/ws HTTP/1.1", UPGRADE),
        ("POST /v1/ws HTTP/1.1", UPGRADE + "Content-Length: 3\r\n"),
        ("GET /v1/ws HTTP/1.1", UPGRADE + "Origin: \xff\xfe\r\n"),
        ("GET /\xff/v1/ws HTTP/1.1", UPGRADE),
        ("GET http://evil.example/v1/ws HTTP/1.1", UPGRADE),
        ("GET /v1/ws HTTP/1.1", UPGRADE.replace("13", "8")),
        ("GET /v1/ws HTTP/1.1", UPGRADE.replace("Sec-WebSocket-Key", "X")),
        ("GET /v1/ws HTTP/1.1", UPGRADE + "Sec-WebSocket-Protocol: \xe9\r\n"),
        ("GET /v2/ws HTTP/1.1", UPGRADE),
        ("POST /healthz HTTP/1.1", "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        ("GET /healthz HTTP/1.1", "Connection: close\r\nUpgrade: h2c\r\n"),
        ("\x16\x03\x01\x00\xff", ""),
    ],
)
def test_nonsense_ends_the_connection_and_leaves_no_line_in_the_log(
    start_relay: Start, caplog: pytest.LogCaptureFixture, line: str, headers: str
) -> None:
    relay = start_relay()
    with caplog.at_level(logging.WARNING), tcp_to(relay) as tcp:
        request = f"{line}\r\nHost: 127.0.0.1:{relay.port}\r\n{headers}\r\n"
        tcp.sendall(request.encode("latin-1"))
        assert ended(tcp)
    assert not caplog.records


@pytest.mark.attack(79)
@pytest.mark.parametrize("head", ["POST /healthz", "POST /nowhere", "PUT /v1/ws", "GET /healthz"])
def test_what_breaks_http_after_the_answer_ends_the_connection_without_a_line(
    start_relay: Start, caplog: pytest.LogCaptureFixture, head: str
) -> None:
    relay = start_relay()
    request = f"{head} HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\n"
    with caplog.at_level(logging.WARNING), tcp_to(relay) as tcp:
        tcp.sendall(f"{request}Transfer-Encoding: chunked\r\n\r\n".encode())
        assert tcp.recv(65_536).startswith(b"HTTP/1.1 ")
        tcp.sendall(b"zz\r\n" + b"x" * 70_000)
        assert ended(tcp)
    assert not caplog.records


@pytest.mark.attack(79)
def test_a_fault_of_ours_is_one_line_and_ends_one_connection(
    start_relay: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a stranger's words")

    relay = start_relay()
    monkeypatch.setattr("uvicorn.protocols.http.h11_impl.H11Protocol.data_received", fail)
    with caplog.at_level(logging.WARNING), tcp_to(relay) as tcp:
        tcp.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert ended(tcp)
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith("fault kind=RuntimeError at=")
    assert "stranger" not in line


def test_a_socket_that_was_asked_for_behind_a_page_stays(start_relay: Start, pair: Pair) -> None:
    """The time limit for HTTP ends with HTTP."""
    relay = start_relay(socket=SocketLimits(request_s=SHORT, first_message_s=600.0))
    host = f"Host: 127.0.0.1:{relay.port}\r\n"
    asked = f"GET /healthz HTTP/1.1\r\n{host}\r\nGET /v1/ws HTTP/1.1\r\n{host}{UPGRADE}\r\n"
    with tcp_to(relay) as tcp, tcp_to(relay) as half:
        tcp.sendall(asked.encode())
        answer = b""
        while answer.count(b"\r\n\r\n") < 2:
            answer += tcp.recv(1024)
        assert b" 101 " in answer
        half.sendall(b"G")
        assert ended(half), "by now the limit for HTTP is over"
        time.sleep(SHORT)
        tcp.sendall(frame(Opcode.TEXT, encode(pair.create).encode()))
        assert b"created" in tcp.recv(1024)


@pytest.mark.attack(72)
def test_what_comes_with_the_request_for_a_socket_is_not_lost(
    shared_relay: Running, pair: Pair
) -> None:
    request = f"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:{shared_relay.port}\r\n{UPGRADE}\r\n"
    with tcp_to(shared_relay) as tcp:
        tcp.sendall(request.encode() + frame(Opcode.TEXT, encode(pair.create).encode()))
        answer = b""
        while b"created" not in answer:
            more = tcp.recv(1024)
            assert more
            answer += more


@pytest.mark.attack(12)
def test_a_request_that_trickles_in_has_no_more_time(start_relay: Start) -> None:
    relay = start_relay(socket=SocketLimits(request_s=SHORT))
    with tcp_to(relay) as tcp:
        tcp.settimeout(0.02)
        cut = False
        for _ in range(int(PATIENCE_S / 0.02)):
            try:
                tcp.sendall(b"X")
                cut = tcp.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                cut = True
            if cut:
                break
        assert cut


@pytest.mark.attack(12)
def test_two_hundred_half_requests_keep_nobody_out(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay()
    halves = [tcp_to(relay) for _ in range(200)]
    try:
        for tcp in halves:
            tcp.sendall(b"GET /v1/ws HTTP/1.1\r\nHo")
        g, s = pair.meet(lambda: connect_to(relay))
        s.say(b"through")
        assert g.hear() == b"through"
    finally:
        for tcp in halves:
            tcp.close()


@pytest.mark.attack(12)
def test_a_half_made_tls_handshake_does_not_stay(
    start_relay: Start, certificate: Certificate
) -> None:
    relay = start_relay(tls=certificate.files, socket=SocketLimits(request_s=SHORT))
    with tcp_to(relay) as tcp:
        tcp.sendall(b"\x16\x03\x01")
        assert ended(tcp)


@pytest.mark.attack(13)
def test_one_connection_too_many_is_closed_and_those_inside_stay(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(admission=AdmissionLimits(connections=4), socket=PATIENT)
    g, s = pair.meet(lambda: connect_to(relay))
    with tcp_to(relay) as third, tcp_to(relay) as fourth, tcp_to(relay) as fifth:
        fifth.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert ended(fifth)
        s.say(b"still inside")
        assert g.hear() == b"still inside"
        third.close()
        fourth.close()
    s.socket.close()
    assert g.hear() == PeerGone()
    assert isinstance(connect_to(relay).ask(Pair().create), Created), "there is room again"


@pytest.mark.attack(13)
def test_one_address_has_its_share_of_the_connections(start_relay: Start) -> None:
    relay = start_relay(admission=AdmissionLimits(connections_per_address=2), socket=PATIENT)
    with tcp_to(relay), tcp_to(relay), tcp_to(relay) as third:
        third.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert ended(third)


@pytest.mark.attack(14)
@pytest.mark.parametrize("size", [0, 1])
def test_a_message_in_endless_fragments_is_cut_off(
    start_relay: Start, connect_to: Connect, pair: Pair, size: int
) -> None:
    relay = start_relay()
    g = connect_to(relay)
    g.ask(pair.create)
    with RawSocket(relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        s.send(Opcode.BINARY, bytes(size), fin=False)
        for _ in range(MAX_FRAGMENTS - 1):
            s.send(Opcode.CONT, bytes(size), fin=False)
        s.send(Opcode.PING, b"alive")
        assert b"alive" in s.read_some() + s.read_some()
        s.send(Opcode.CONT, bytes(size), fin=True)
        assert g.hear() == PeerGone()


@pytest.mark.attack(16)
def test_who_pings_and_never_reads_is_cut_off(start_relay: Start) -> None:
    relay = start_relay()
    pings = frame(Opcode.PING, bytes(125)) * (64 * MIB // 131)
    with RawSocket(relay.port, receive_bytes=4096) as deaf:
        deaf.say(Pair().create)
        with pytest.raises(ConnectionError):
            deaf.tcp.sendall(pings)


@pytest.mark.attack(16)
def test_a_slow_reader_makes_its_peer_wait_and_is_then_cut_off(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(socket=SocketLimits(slow_reader_s=SHORT, outbox_bytes=64 * KIB))
    g = connect_to(relay)
    assert isinstance(g.ask(pair.create), Created)
    with RawSocket(relay.port, receive_bytes=4096) as slow:
        slow.say(pair.join)
        assert isinstance(g.hear(), Paired)
        for _ in range(100):
            g.say(bytes(32 * KIB))
        assert g.hear() == PeerGone(), "the slow device's socket is gone, its room is not"
        slow.wait_for_end()
    assert connect_to(relay).ask(pair.resume_s)


@pytest.mark.attack(16)
def test_a_peer_of_who_does_not_read_is_not_read_either(start_relay: Start, pair: Pair) -> None:
    relay = start_relay(room=RoomLimits(budget_bytes=128 * MIB, budget_messages=128 * MIB))
    with RawSocket(relay.port, receive_bytes=4096) as deaf, RawSocket(relay.port) as s:
        deaf.say(pair.create)
        assert b"created" in deaf.read_some()
        s.say(pair.join)
        assert b"paired" in s.read_some()
        taken = _fill(s.tcp, frame(Opcode.BINARY, bytes(32 * KIB)) * 32, 64 * MIB)
    assert taken < 32 * MIB, "what the systems' buffers hold"


def _fill(tcp: socket.socket, part: bytes, most: int) -> int:
    """Write until nothing more is taken; give the bytes that were."""
    tcp.settimeout(2)
    taken = 0
    while taken < most:
        try:
            taken += tcp.send(part)
        except TimeoutError:
            break
    return taken


@pytest.mark.attack(16)
@pytest.mark.parametrize("ending", ["the device closes", "the room ends", "it breaks the rules"])
def test_who_reads_neither_messages_nor_the_close_is_cut_off(
    start_relay: Start, connect_to: Connect, pair: Pair, ending: str
) -> None:
    relay = start_relay(
        socket=SocketLimits(close_s=SHORT),
        admission=AdmissionLimits(connections=2),
        room=RoomLimits(
            session_s=1.0 if ending == "the room ends" else 600.0,
            budget_bytes=64 * MIB,
            budget_messages=64 * MIB,
        ),
    )
    g = connect_to(relay)
    assert isinstance(g.ask(pair.create), Created)
    with RawSocket(relay.port, receive_bytes=4096) as deaf:
        deaf.say(pair.join)
        assert isinstance(g.hear(), Paired)
        with _filled(g):
            if ending == "the device closes":
                deaf.send(Opcode.CLOSE, (1000).to_bytes(2))
            elif ending == "it breaks the rules":
                deaf.send(Opcode.BINARY, bytes(32 * KIB + 1))
            heard = g.hear()
            assert heard == (Closed("timeout") if ending == "the room ends" else PeerGone())
            deadline = time.monotonic() + PATIENCE_S
            while not _gets_in(relay):
                assert time.monotonic() < deadline, "its place is never free again"


@contextlib.contextmanager
def _filled(device: Device) -> Iterator[None]:
    """Send until every buffer on the way is full, and on until the end."""
    sent = 0

    def fill() -> None:
        nonlocal sent
        with contextlib.suppress(ConnectionClosed):
            while sent < 2000:
                device.say(bytes(32 * KIB))
                sent += 1

    filling = threading.Thread(target=fill)
    filling.start()
    before = -1
    while filling.is_alive() and sent > before:
        before = sent
        filling.join(SHORT)
    try:
        yield
    finally:
        device.lose()
        filling.join()


def _gets_in(relay: Running) -> bool:
    try:
        with tcp_to(relay) as tcp:
            tcp.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{relay.port}\r\n\r\n".encode())
            return tcp.recv(1) != b""
    except ConnectionError:
        return False


@pytest.mark.attack(16)
def test_a_reader_that_is_slow_but_reads_gets_everything(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(socket=SocketLimits(outbox_bytes=32 * KIB))
    g = connect_to(relay)
    assert isinstance(g.ask(pair.create), Created)
    messages = [bytes([n]) * 32 * KIB for n in range(100)]

    def send_all() -> None:
        for message in messages:
            g.say(message)
        g.say(Leave())

    with RawSocket(relay.port, receive_bytes=4096) as slow:
        slow.say(pair.join)
        assert isinstance(g.hear(), Paired)
        sending = threading.Thread(target=send_all)
        sending.start()
        received = b""
        while not received.endswith(CLOSE_1000):
            received += slow.tcp.recv(2048)
        sending.join()
    positions = [received.find(message) for message in messages]
    assert -1 not in positions
    assert positions == sorted(positions)


def test_a_connection_that_has_ended_leaves_nothing_for_the_collector_of_circles(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay()
    gc.collect()
    gc.disable()
    try:
        g, s = pair.meet(lambda: connect_to(relay))
        doors = [
            weakref.ref(each) for each in gc.get_objects() if isinstance(each, WebSocketConnection)
        ]
        assert len(doors) >= 2
        s.say(b"sealed")
        assert g.hear() == b"sealed"
        s.lose()
        assert g.hear() == PeerGone()
        g.socket.close()
        until = time.monotonic() + PATIENCE_S
        while any(door() is not None for door in doors):
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        gc.enable()
