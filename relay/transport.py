"""uvicorn's two protocols, with the doors that it leaves open closed.

This module alone leans on uvicorn's internals, which is why pyproject.toml pins its minor
version; everything else is plain ASGI.  Closed here:

* Any number of connections may come, of any kind.
* An upgrade that is no good WebSocket handshake is never answered, and stays for ever.
* A half-sent HTTP request may stay for ever (uvicorn times only the pause between requests).
* Who asks again and again and never reads an answer stays for ever.
* A device that sends pings and never reads makes the write buffer grow without end.
* A message in endless empty fragments makes a list grow without end.
* A socket that is closed with something still to write stays until the device reads it.

The `relay.admission.Doorman` is in the application state that uvicorn hands to both.  A
socket's handler finds ``cut_off`` in its scope's state: it ends the connection at once.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from certrelay.limits import KIB
from relay.admission import Doorman

MAX_FRAGMENTS: Final = 64
"""Fragments of one message: a browser cuts 32 KiB into one or two."""

MAX_UNREAD_BYTES: Final = 256 * KIB
"""Bytes that may wait in one socket's write buffer.  What the relay sends by itself waits at
64 KiB already: only the answers to a stream of pings come so far."""

BAD_REQUEST: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class HttpDoor(H11Protocol):
    """An HTTP connection that must say in time what it wants."""

    _patience: asyncio.TimerHandle | None = None
    _is_last_call = False

    @property
    def _doorman(self) -> Doorman:
        doorman: Doorman = self.app_state["doorman"]
        return doorman

    def connection_made(self, transport: Any) -> None:
        """Let it in, unless there are too many."""
        super().connection_made(transport)
        if not self._doorman.enter(self.client):
            transport.abort()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        self._stop_waiting()
        self._doorman.leave(self.client)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        """Become a `WebSocketDoor`, which is the one to note its end."""
        self._stop_waiting()
        super().handle_websocket_upgrade(event)
        socket = self.transport.get_protocol()
        if not (isinstance(socket, WebSocketDoor) and socket.handshake_initiated):
            self.transport.write(BAD_REQUEST)
            self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._wait()

    def _wait(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(self._doorman.request_s, self._lose_patience)
        self._is_last_call = False

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        # An answer that is being written is not the stranger's delay, unless it is not read.
        if self.cycle is None or self.cycle.response_complete or self._is_last_call:
            self.transport.abort()
            return
        self._is_last_call = True
        self._patience = self.loop.call_later(self._doorman.answer_s, self._lose_patience)


class WebSocketDoor(WebSocketsSansIOProtocol):
    """A WebSocket that a stranger cannot make expensive."""

    _is_lost = False
    _is_served = False

    async def run_asgi(self) -> None:
        """Run the handler."""
        await super().run_asgi()
        self.served()

    def served(self) -> None:
        """Note that the handler has returned."""
        self._is_served = True
        self._let_go()

    _last_call: asyncio.TimerHandle | None = None

    @property
    def _doorman(self) -> Doorman:
        doorman: Doorman = self.app_state["doorman"]
        return doorman

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        if self._last_call is not None:
            self._last_call.cancel()
        self._doorman.leave(self.client)
        super().connection_lost(exc)
        self._is_lost = True
        self._let_go()

    def _let_go(self) -> None:
        """Break the circles through this object once nobody needs it.

        Else 70 objects for each connection wait for Python's collector of circles, which
        stops everything for seconds where ten thousand rooms wait.
        """
        if self._is_lost and self._is_served:
            self.scope = {}  # type: ignore[typeddict-item]
            del self.conn.parser

    def handle_connect(self, event: Any) -> None:
        """Begin the handshake, and let the handler cut the connection off."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["state"]["cut_off"] = self.cut_off

    def cut_off(self) -> None:
        """End the connection at once; what was not sent is lost."""
        self.stop_keepalive()
        self.transport.abort()

    def close_soon(self) -> None:
        """Give the device a while to take what is left; a closing transport waits for ever."""
        if self._last_call is None:
            self._last_call = self.loop.call_later(self._doorman.close_s, self.cut_off)

    def handle_close(self, event: Any) -> None:
        """Answer the device's close."""
        super().handle_close(event)
        self.close_soon()

    def handle_parser_exception(self) -> None:
        """Close a connection that breaks RFC 6455."""
        super().handle_parser_exception()
        self.close_soon()

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless the answers to earlier ones pile up."""
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
        if self.close_sent:
            self.close_soon()
