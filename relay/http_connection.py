"""One HTTP connection, and how it becomes a WebSocket: uvicorn's protocol, hardened.

This module leans on uvicorn's internals (and `relay.server` on its state), which is why
pyproject.toml pins its minor version.  Closed here:

* Any number of connections may come, of any kind, and ask as fast as they like.
* An upgrade that is no good WebSocket handshake is never answered, and stays for ever.
* A half-sent HTTP request may stay for ever (uvicorn times only the pause between requests).
* Who asks again and again and never reads an answer stays for ever.
* What breaks HTTP while it is answered raises, and asyncio writes a traceback for it.

An upgrade is decided here and goes no further than this: no ASGI has a part in a WebSocket.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from h11 import IDLE, LocalProtocolError, Request
from starlette.requests import HTTPConnection
from uvicorn.protocols.http.h11_impl import H11Protocol

from relay import journal
from relay.admission import ConnectionLimiter
from relay.app import access_key_of
from relay.settings import SocketLimits
from relay.socket import Sockets
from relay.turns import Turns
from relay.websocket import WebSocketConnection


@dataclass(frozen=True)
class Gate:
    """What a connection needs to know of the relay; in uvicorn's application state."""

    limiter: ConnectionLimiter
    limits: SocketLimits
    sockets: Sockets
    refusal: Callable[[HTTPConnection], HTTPStatus | None]
    """With which status an upgrade is refused; ``None`` admits it."""

    address: Callable[[HTTPConnection], str]
    """Whose allowance a connection uses."""

    headers: Mapping[str, str]
    """Of every answer that is no page."""

    turns: Turns
    """Of the WebSockets."""

    upgraded_headers: Sequence[tuple[str, str]] = ()
    """Of the answer to a good upgrade."""


def plain_answer(status: HTTPStatus, headers: Mapping[str, str]) -> bytes:
    """Write a whole answer after which the connection closes."""
    body = f"{status.phrase}\n"
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "content-type: text/plain; charset=utf-8",
        f"content-length: {len(body)}",
        "connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


class HttpConnection(H11Protocol):
    """An HTTP connection that must say in time what it wants."""

    _idle: asyncio.TimerHandle | None = None
    _is_last_call = False
    _is_refused = False

    @property
    def _gate(self) -> Gate:
        gate: Gate = self.app_state["gate"]
        return gate

    def connection_made(self, transport: Any) -> None:
        """Let it in, unless there are too many."""
        super().connection_made(transport)
        if not self._gate.limiter.enter(self.client):
            self._is_refused = True
            transport.abort()
            return
        self._start_idle_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        self._stop_idle_timer()
        self._gate.limiter.leave(self.client)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; who breaks HTTP in the middle of an answer is cut off."""
        if self._is_refused:
            return
        try:
            super().data_received(data)
        except LocalProtocolError:
            journal.write("refused", code="http")
            self.transport.abort()
        except Exception as fault:
            journal.write_fault(fault)
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Say that this is no HTTP, unless an answer has begun already; and close."""
        if self.conn.our_state is IDLE:
            self.transport.write(plain_answer(HTTPStatus.BAD_REQUEST, self._gate.headers))
            self.transport.close()
        else:
            self.transport.abort()

    def handle_websocket_upgrade(self, event: Request) -> None:
        """Become a `WebSocketConnection`, which is the one to note its end."""
        self._stop_idle_timer()
        self.connections.discard(self)
        # What stays must not hold this object, which is 8 KiB of HTTP.
        gate, client = self._gate, self.client
        connections: set[Any] = cast(Any, self.connections)

        def gone(connection: WebSocketConnection) -> None:
            connections.discard(connection)
            gate.limiter.leave(client)

        head = [event.method, b" ", event.target, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            head += [name, b": ", value, b"\r\n"]
        early, _ = self.conn.trailing_data
        asked = HTTPConnection(cast(Any, self.scope))
        connection = WebSocketConnection(gate.limits, gate.turns, gone)
        connections.add(connection)
        request = connection.open(self.transport, b"".join([*head, b"\r\n"]))
        status = HTTPStatus.BAD_REQUEST if request is None else gate.refusal(asked)
        if status is None and request is not None:
            answered = connection.accept(request, gate.upgraded_headers)
            if answered == HTTPStatus.SWITCHING_PROTOCOLS:
                gate.sockets.attach(connection, gate.address(asked), early, access_key_of(asked))
                return
            status = HTTPStatus(answered)
        assert status is not None
        connection.reject(plain_answer(status, gate.headers))

    def on_response_complete(self) -> None:
        """Go on to the next request, which may have come already, when it is due."""
        self._start_idle_timer()
        wait_s = self._gate.limiter.request_wait_s(self.client)
        if wait_s:
            self.loop.call_later(wait_s, super().on_response_complete)
        else:
            super().on_response_complete()

    def _start_idle_timer(self) -> None:
        self._stop_idle_timer()
        self._idle = self.loop.call_later(self._gate.limits.request_s, self._give_up)
        self._is_last_call = False

    def _stop_idle_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _give_up(self) -> None:
        # An answer that is being written is not the stranger's delay, unless it is not read.
        if self.cycle is None or self.cycle.response_complete or self._is_last_call:
            self.transport.abort()
            return
        self._is_last_call = True
        self._idle = self.loop.call_later(self._gate.limits.answer_s, self._give_up)
