"""A WebSocket client that costs little: sans-I/O ``websockets`` on an asyncio transport."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from certrelay.limits import MAX_MESSAGE_BYTES
from certrelay.wire.messages import SOCKET_PATH, SUBPROTOCOL

CONNECT_S: Final = 10.0


class Wire(asyncio.Protocol):
    """One socket.

    Args:
        port: Of the relay, on this machine.
        client: The address that it pretends to come from, for a relay that trusts 127.0.0.1.
        opened: Called once the WebSocket stands.
        heard: Called with each message.
        lost: Called once, when it has ended or never stood.
    """

    def __init__(
        self,
        port: int,
        client: str,
        opened: Callable[[], None],
        heard: Callable[[str | bytes], None],
        lost: Callable[[], None],
    ) -> None:
        uri = parse_uri(f"ws://127.0.0.1:{port}/{SOCKET_PATH}")
        protocols = [Subprotocol(SUBPROTOCOL)]
        self._protocol = ClientProtocol(uri, subprotocols=protocols, max_size=MAX_MESSAGE_BYTES)
        self._client = client
        self._opened, self._heard, self._lost = opened, heard, lost
        self._transport: asyncio.Transport | None = None
        self.port: Final = port

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
            await loop.create_connection(lambda: wire, "127.0.0.1", wire.port)
    except (OSError, TimeoutError):
        wire.connection_lost(None)
