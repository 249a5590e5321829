"""Bytes of WebSockets, cut anywhere: what the relay and the library's own server make of them.

python -m tests.relay.parsing [--frames 1000000]     random frames, head and payload written
                                                     apart and cut anywhere; counts the garbled
"""

import argparse
import asyncio
import itertools
import random
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol
from websockets.utils import apply_mask

from certrelay.limits import MAX_MESSAGE_BYTES
from certrelay.wire.messages import SUBPROTOCOL
from relay.settings import SocketLimits
from relay.turns import Turns
from relay.websocket import WebSocketConnection

Heard = tuple[list[str | bytes], bytes]
"""The messages that came, and the bytes that were answered."""

HANDSHAKE: Final = (
    b"GET /v1/ws HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: certrelay.v1\r\n\r\n"
)


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = b"\x82\x85\x81\x80",
    length: str = "",
) -> bytes:
    """Write a frame by hand, also one that no library would.

    Args:
        opcode: 0 to 15.
        payload: Not masked yet.
        fin: Whether it is the last of its message.
        rsv: The three reserved bits.
        mask: ``None`` for a frame that is not masked.
        length: ``16`` or ``64`` for a length of so many bits where fewer would do.
    """
    head = bytes([fin << 7 | rsv << 4 | opcode])
    masked, size = (mask is not None) << 7, len(payload)
    if size > 65_535 or length == "64":
        head += bytes([masked | 127]) + size.to_bytes(8)
    elif size > 125 or length == "16":
        head += bytes([masked | 126]) + size.to_bytes(2)
    else:
        head += bytes([masked | size])
    if mask is None:
        return head + payload
    return head + mask + apply_mask(payload, mask)


class FakeTcp:
    """A transport of asyncio that takes everything at once."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.is_reading = True
        self.is_closed = False

    def set_protocol(self, protocol: Any) -> None: ...

    def set_write_buffer_limits(self, high: int) -> None: ...

    def get_extra_info(self, _name: str) -> "FakeTcp":
        return self

    def setsockopt(self, *_: int) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True


class FakeSession:
    """Notes what is told; a slow one is busy after each message until the loop has run."""

    def __init__(self, *, slow: bool) -> None:
        self.messages: list[str | bytes] = []
        self.pending: asyncio.Future[None] | None = None
        self.connection: WebSocketConnection | None = None
        self.is_lost = False
        self._slow = slow

    def receive(self, message: str | bytes) -> None:
        assert not self.is_lost, "a message after the end"
        self.messages.append(message)
        if self._slow and self.pending is None:
            loop = asyncio.get_running_loop()
            self.pending = loop.create_future()
            loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self.pending = None
        assert self.connection is not None
        self.connection.resume_reading()

    def lost(self, *, for_good: bool = False) -> None:
        self.is_lost = True

    def flush(self) -> None: ...

    def stall(self) -> None: ...


class FakeAccount:
    """Counts what is held."""

    held = 0
    address = "198.51.100.7"

    def change(self, size: int) -> None:
        self.held += size
        assert self.held >= 0


def open_connection(*, slow: bool = False) -> tuple[WebSocketConnection, FakeTcp, FakeSession]:
    """A WebSocket of the relay after its handshake, on a transport without a network."""
    tcp, session = FakeTcp(), FakeSession(slow=slow)
    connection = WebSocketConnection(SocketLimits(), Turns(), lambda _connection: None)
    session.connection = connection
    request = connection.open(tcp, HANDSHAKE)
    assert request is not None
    assert connection.accept(request) == 101
    tcp.written.clear()
    connection.attach(cast(Any, session), cast(Any, FakeAccount()), b"")
    return connection, tcp, session


async def relay_hears(parts: Iterable[bytes], *, slow: bool = False) -> Heard:
    """What the relay makes of bytes that come in these parts, and then the end of the stream."""
    connection, tcp, session = open_connection(slow=slow)
    for part in parts:
        while not tcp.is_reading:
            await asyncio.sleep(0)
        if tcp.is_closed:
            break
        connection.data_received(part)
    while not tcp.is_reading:
        await asyncio.sleep(0)
    if not tcp.is_closed:
        connection.eof_received()
    connection.connection_lost(None)
    while not session.is_lost:
        await asyncio.sleep(0)
    return session.messages, bytes(tcp.written)


async def library_hears(cases: Iterable[bytes]) -> list[Heard]:
    """What the library's own server makes of bytes that come at once."""
    messages: list[str | bytes] = []
    ended = asyncio.Event()

    async def handle(socket: ServerConnection) -> None:
        try:
            while True:
                messages.append(await socket.recv())
        except ConnectionClosed:
            ended.set()

    heard = []
    async with serve(
        handle,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        ping_interval=None,
    ) as server:
        port = server.sockets[0].getsockname()[1]
        for case in cases:
            messages.clear()
            ended.clear()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(case)
            writer.write_eof()
            answered = await reader.read()
            await ended.wait()
            writer.close()
            heard.append((list(messages), answered))
    return heard


def cuts(data: bytes) -> Iterator[tuple[bytes, ...]]:
    """The same bytes whole, cut at every position, and byte by byte."""
    yield (data,)
    for at in range(1, len(data)):
        yield data[:at], data[at:]
    yield tuple(data[at : at + 1] for at in range(len(data)))


async def count_garbled(frames: int, seed: int) -> tuple[int, int]:
    """Send random frames, head and payload apart, cut anywhere; count those that came and went."""
    draw = random.Random(seed)
    sent = garbled = 0
    while sent < frames:
        connection, tcp, session = open_connection()
        written, expected = bytearray(), []
        for _ in range(200):
            size = draw.choice((0, 1, 2, 25, 50, 125, 126, 130, 300, 1050))
            payload = draw.randbytes(size)
            written += frame(2, payload, mask=draw.randbytes(4))
            expected.append(payload)
        at = 0
        while at < len(written):
            size = draw.choice((1, 2, 4, 6, 8, 14, 100, 1000, 5000))
            while not tcp.is_reading:
                await asyncio.sleep(0)
            connection.data_received(bytes(written[at : at + size]))
            at += size
        while not tcp.is_reading:
            await asyncio.sleep(0)
        connection.connection_lost(None)
        got = session.messages
        garbled += sum(a != b for a, b in itertools.zip_longest(expected, got))
        sent += len(expected)
    return sent, garbled


def main() -> int:
    """Run the command; the status is 1 if a frame was garbled."""
    parser = argparse.ArgumentParser(prog="python -m tests.relay.parsing")
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    began = time.monotonic()
    sent, garbled = asyncio.run(count_garbled(arguments.frames, arguments.seed))
    print(f"{sent} frames, {garbled} garbled, {time.monotonic() - began:.0f} s")
    return 1 if garbled else 0


if __name__ == "__main__":
    sys.exit(main())
