"""uvicorn's two protocols, with the doors that it leaves open closed.

This module alone leans on uvicorn's internals, which is why pyproject.toml pins its minor
version; everything else is plain ASGI.  Closed here:

* A half-sent HTTP request may stay for ever (uvicorn times only the pause between requests).
* A device that sends pings and never reads makes the write buffer grow without end.
* A message in endless empty fragments makes a list grow without end.
* A socket that is closed with something still to write stays until the device reads it.

A socket's handler finds ``cut_off`` in its scope's state: it ends the connection at once.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from certrelay.limits import KIB

MAX_FRAGMENTS: Final = 64
"""Fragments of one message: a browser cuts 32 KiB into one or two."""

MAX_UNREAD_BYTES: Final = 256 * KIB
"""Bytes a device may leave unread in one socket's write buffer; what the relay sends by itself
waits at 64 KiB already, so only answers to pings come so far."""


class WebSocketDoor(WebSocketsSansIOProtocol):
    """A WebSocket that a stranger cannot make expensive."""

    def handle_connect(self, event: Any) -> None:
        """Begin the handshake, and let the handler cut the connection off."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["state"]["cut_off"] = self.cut_off

    def cut_off(self) -> None:
        """End the connection at once; what was not sent is lost."""
        self.stop_keepalive()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless answers to earlier ones pile up."""
        if self.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self.cut_off()
            return
        super().data_received(data)

    def handle_cont(self, event: Any) -> None:
        """Take a fragment, unless there are too many of them."""
        if len(self.frames) >= MAX_FRAGMENTS:
            self.cut_off()
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a message on; text that is not UTF-8 as an empty one, which is no message."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = [b""]
        super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        """Give up a device that answers no ping; it would not read a close either."""
        self.cut_off()

    async def send(self, message: Any) -> None:
        """Send what the handler says, or tell it that the socket has ended."""
        try:
            await super().send(message)
        except RuntimeError:
            if self.close_sent:
                raise ClientDisconnected from None
            raise


def http_door(request_s: float, most: int) -> type[H11Protocol]:
    """Make the protocol of new connections.

    Args:
        request_s: Seconds that a connection has for each whole request.
        most: Connections at once, of any kind; one more is closed without a word.
    """

    class HttpDoor(H11Protocol):
        """An HTTP connection that must say what it wants."""

        patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            if len(self.connections) > most:
                transport.abort()
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def handle_websocket_upgrade(self, event: Any) -> None:
            self._stop_waiting()
            super().handle_websocket_upgrade(event)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._wait()

        def _wait(self) -> None:
            self._stop_waiting()
            self.patience = self.loop.call_later(request_s, self._lose_patience)

        def _stop_waiting(self) -> None:
            if self.patience is not None:
                self.patience.cancel()
                self.patience = None

        def _lose_patience(self) -> None:
            # An answer that is being written is not the stranger's delay.
            if self.cycle is None or self.cycle.response_complete:
                self.transport.abort()

    return HttpDoor
