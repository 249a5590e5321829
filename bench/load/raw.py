"""A WebSocket client that costs almost nothing, so that the load is not what gives first.

It speaks to servers that we started ourselves: its frames are masked with zeros, its key is
always the same, and it believes what it hears.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_REQUEST: Final = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: {address}\r\n{more}\r\n"
)


class Unwanted(Exception):
    """The server refused, or hung up."""


class Raw(asyncio.Protocol):
    """One socket.

    Args:
        port: Of this machine.
        path: Of the WebSocket.
        subprotocol: Asked for, if any.
        address: Which it pretends to come from, for a server that trusts 127.0.0.1.
    """

    def __init__(self, port: int, path: str, subprotocol: str = "", address: str = "") -> None:
        more = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        request = _REQUEST.format(path=path, port=port, address=address, more=more)
        self._port: Final = port
        self._request: Final = request.encode()
        self._buffer = b""
        self._stands = False
        self._gone = False
        self._heard: Final[deque[tuple[int, bytes]]] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._transport: Any = None

    async def open(self) -> None:
        """Connect; return once the WebSocket stands.

        Raises:
            OSError: If nobody listens.
            Unwanted: If the server wants no WebSocket.
        """
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", self._port)
        while not self._stands:
            await self._more()

    def text(self, message: str) -> None:
        """Send a text."""
        if not self._gone:
            self._transport.write(_frame(_TEXT, message.encode()))

    def zeros(self, size: int) -> None:
        """Send so many bytes as one message."""
        if not self._gone:
            self._transport.write(_zeros(size))

    def pings(self, count: int) -> None:
        """Send so many pings."""
        if not self._gone:
            self._transport.write(_frame(_PING, b"") * count)

    async def hear(self, word: str) -> str:
        """Give the next text that has this word.

        Raises:
            Unwanted: If the server reports an error, or hangs up.
        """
        while True:
            for _, message in self._take():
                if b'"error"' in message:
                    raise Unwanted(message.decode())
                if word.encode() in message:
                    return message.decode()
            await self._more()

    async def hear_bytes(self, size: int) -> None:
        """Wait for messages of so many bytes.

        Raises:
            Unwanted: If the server hangs up.
        """
        while size > 0:
            for opcode, message in self._take():
                if opcode == _BINARY:
                    size -= len(message)
            if size > 0:
                await self._more()

    def close(self) -> None:
        """End the connection after what was sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End it as a lost network does."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._stands:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head:
                self._transport.abort()
                return
            self._stands, self._buffer = True, rest
        while self._parse():
            pass
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        self._gone = True
        self._wake()

    def _parse(self) -> bool:
        """Take one frame off the buffer, if it is there whole."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        size, at = buffer[1] & 127, 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(buffer[2:at], "big")
        if len(buffer) < at + size:
            return False
        opcode, message = buffer[0] & 15, buffer[at : at + size]
        self._buffer = buffer[at + size :]
        if opcode == _PING:
            self._transport.write(_frame(_PONG, message))
        elif opcode in (_TEXT, _BINARY):
            self._heard.append((opcode, message))
        return True

    def _take(self) -> Iterator[tuple[int, bytes]]:
        while self._heard:
            yield self._heard.popleft()

    async def _more(self) -> None:
        if self._gone:
            raise Unwanted("gone")
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@lru_cache
def _zeros(size: int) -> bytes:
    return _frame(_BINARY, bytes(size))


def _frame(opcode: int, message: bytes) -> bytes:
    size = len(message)
    if size < 126:
        head = bytes((128 | opcode, 128 | size))
    else:
        head = bytes((128 | opcode, 254)) + size.to_bytes(2, "big")
    return head + bytes(4) + message
