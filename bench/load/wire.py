"""A WebSocket client that costs little: sans-I/O ``websockets`` on an asyncio transport."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from certrelay.limits import MAX_MESSAGE_BYTES
from certrelay.wire.messages import SOCKET_PATH, SUBPROTOCOL

CONNECT_S: Final = 10.0


@dataclass(frozen=True)
class Relay:
    """Where a relay is reached."""

    port: int
    host: str = "127.0.0.1"
    path: str = "/"
    tls: ssl.SSLContext | None = None

    @classmethod
    def at(cls, url: str, tls: ssl.SSLContext | None = None) -> Self:
        """The relay of an origin, ``https://relay.example.kr/``; ``tls`` if not the usual one."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        context = (tls or ssl.create_default_context()) if secure else None
        return cls(port, parts.hostname or "", parts.path or "/", context)


class Wire(asyncio.Protocol):
    """One socket.

    Args:
        relay: Where it is; a number is a port of this machine.
        client: The address that it pretends to come from, for a relay that trusts 127.0.0.1.
        opened: Called once the WebSocket stands.
        heard: Called with each message.
        lost: Called once, when it has ended or never stood.
    """

    def __init__(
        self,
        relay: "int | Relay",
        client: str,
        opened: Callable[[], None],
        heard: Callable[[str | bytes], None],
        lost: Callable[[], None],
    ) -> None:
        self.relay: Final = Relay(relay) if isinstance(relay, int) else relay
        scheme = "ws" if self.relay.tls is None else "wss"
        place = f"{self.relay.host}:{self.relay.port}{self.relay.path}"
        uri = parse_uri(f"{scheme}://{place}{SOCKET_PATH}")
        protocols = [Subprotocol(SUBPROTOCOL)]
        self._protocol = ClientProtocol(uri, subprotocols=protocols, max_size=MAX_MESSAGE_BYTES)
        self._client = client
        self._opened, self._heard, self._lost = opened, heard, lost
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        request = self._protocol.connect()
        request.headers["X-Forwarded-For"] = self._client
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        waited = self._protocol.state is State.CONNECTING
        self._protocol.receive_data(data)
        if waited and self._protocol.state is State.OPEN:
            self._opened()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._heard(bytes(event.data).decode())
            elif isinstance(event, Frame) and event.opcode is Opcode.BINARY:
                self._heard(bytes(event.data))
        self._flush()
        if self._protocol.handshake_exc is not None or self._protocol.close_expected():
            self.close()

    def connection_lost(self, _error: Exception | None) -> None:
        lost, self._lost = self._lost, lambda: None
        self._transport = None
        lost()

    def send(self, message: str | bytes) -> None:
        """Send a message; one that is sent too late is lost."""
        if self._protocol.state is not State.OPEN:
            return
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()

    def close(self) -> None:
        """End the connection after what was sent."""
        if self._transport is not None:
            self._transport.close()

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if data and self._transport is not None:
            self._transport.write(data)


async def open_wire(wire: Wire) -> None:
    """Connect it; `lost` is called if that fails."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_S):
            relay = wire.relay
            await loop.create_connection(lambda: wire, relay.host, relay.port, ssl=relay.tls)
    except (OSError, TimeoutError):
        wire.connection_lost(None)
