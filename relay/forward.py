"""A WebSocket without ASGI: once it is accepted, its session is called for what happens.

While a socket is silent, ASGI keeps 23 coroutine frames and 8 queues for it: 23 KiB, and two of
them are a pair.  Here the handler returns after it has accepted, and the session stays.  A sealed
message that comes whole, while nothing older is under way, is unmasked, counted by the same
rules and written to the other socket in one call.

The relay needs nothing of this module: by `relay.transport.WebSocketDoor` alone everything goes
the way of ASGI (tests run over both).  It leans on the internals of uvicorn and of
``websockets``; python -m bench.relays tells what it is worth.

Source: RFC 6455 §5.2 for the bytes.
"""

from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled part
    from websockets.utils import apply_mask

from certrelay.limits import MAX_MESSAGE_BYTES
from certrelay.wire.close import CloseCode
from relay.outbox import Item
from relay.session import Session
from relay.transport import WebSocketDoor

_WHOLE_TEXT: Final = 0x81
_WHOLE_BINARY: Final = 0x82
"""The first byte of a frame that is a whole message."""

_MASKED: Final = 0x80
_MASK_BYTES: Final = 4


class _Nobody:
    """In the place of ASGI's queue: nobody reads it any more."""

    def put_nowait(self, event: object) -> None:
        """Drop an event; the session was called for it."""


class _Gate:
    """In the place of ASGI's event: nobody waits for it."""

    __slots__ = ("is_open",)

    def __init__(self) -> None:
        self.is_open = True

    def set(self) -> None:
        """Open it: the device reads."""
        self.is_open = True

    def clear(self) -> None:
        """Shut it: enough is under way."""
        self.is_open = False


_NOBODY: Final[Any] = _Nobody()


class ForwardingDoor(WebSocketDoor):
    """A WebSocket that can be handed to a session; see `relay.session.OpenDoor`."""

    _session: Session | None = None

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._gate: Final = _Gate()

    def handle_connect(self, event: Any) -> None:
        """Begin the handshake, and let the handler find this door."""
        super().handle_connect(event)
        self._request = event
        if not self.close_sent:
            self.scope["state"]["door"] = self

    async def run_asgi(self) -> None:
        """Run the handler, which may hand the socket over and return."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.send_500_response()  # the fault was written down by `relay.app`
        if self._session is not None:
            self._forget_the_handshake()
        elif self.close_timer is None:
            self.transport.close()
        self.served()

    def _forget_the_handshake(self) -> None:
        """Empty what the library keeps of it: 4 KiB."""
        self.scope = {}  # type: ignore[typeddict-item]
        self._request.headers.clear()
        self.response.headers.clear()

    def hand_over(self, session: Session) -> None:
        """Call the session from now on, first for what has come meanwhile."""
        earlier, self.queue = self.queue, _NOBODY
        self._gate.is_open = self.writable.is_set()
        self.writable = self._gate  # type: ignore[assignment]
        self._session = session
        while not earlier.empty():
            event: Any = earlier.get_nowait()
            if event["type"] == "websocket.receive":
                session.receive(event["text"] if "text" in event else event["bytes"])
            else:
                session.lost()
        if not session.is_busy:
            self.resume_reading()

    # --- what happens to the socket ---

    def data_received(self, data: bytes) -> None:
        """Take bytes: as many whole sealed messages as there are, then the rest."""
        session = self._session
        is_in_a_message = self.read_paused or self.conn.reader.buffer or self.frames
        if session is not None and not is_in_a_message and not self.close_sent:
            data = self._carry_whole(data, session)
        if data:
            super().data_received(data)

    def _carry_whole(self, data: bytes, session: Session) -> bytes:
        """Carry what can be; give back what is left."""
        at, end = 0, len(data)
        while end - at >= 2 + _MASK_BYTES and data[at] == _WHOLE_BINARY:
            size, head = data[at + 1] - _MASKED, 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4]), 4
            body = at + head + _MASK_BYTES
            if not 0 <= size <= MAX_MESSAGE_BYTES or size == 127 or body + size > end:
                break
            sealed = apply_mask(data[body : body + size], data[body - _MASK_BYTES : body])
            if not session.carry_at_once(sealed):
                break
            at = body + size
        return data[at:] if at else data

    def send_receive_event_to_app(self) -> None:
        """Hand a message on; text that is not UTF-8 as an empty one, which is no message."""
        session = self._session
        if session is None:
            super().send_receive_event_to_app()
            return
        whole, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return
        message: str | bytes = whole
        if self.curr_msg_data_type == "text":
            try:
                message = whole.decode()
            except UnicodeDecodeError:
                message = ""
        session.receive(message)
        if session.is_busy and not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def resume_writing(self) -> None:
        """Write what has waited for the device to read."""
        super().resume_writing()
        if self._session is not None:
            self._session.flush()

    def handle_close(self, event: Any) -> None:
        """Answer the device's close."""
        super().handle_close(event)
        self._lose()

    def handle_parser_exception(self) -> None:
        """Close a connection that breaks RFC 6455."""
        super().handle_parser_exception()
        self._lose()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        super().connection_lost(exc)
        self._lose()

    def _lose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.lost()

    # --- what is written to it ---

    @property
    def is_writable(self) -> bool:
        """Whether a message can be written now, and none is being closed over."""
        return self._gate.is_open and not self.close_sent and not self.disconnected

    def write(self, item: Item) -> None:
        """Write a message, or close; while `is_writable` only."""
        if isinstance(item, CloseCode):
            self._write_close(item)
        elif isinstance(item, str):
            self.write_sealed(item.encode(), _WHOLE_TEXT)
        else:
            self.write_sealed(item)

    def write_sealed(self, sealed: bytes, first: int = _WHOLE_BINARY) -> None:
        """Write a whole message of at most ``MAX_MESSAGE_BYTES``."""
        size = len(sealed)
        head = bytes((first, size)) if size < 126 else bytes((first, 126)) + size.to_bytes(2)
        self.transport.write(head + sealed)

    def _write_close(self, code: CloseCode) -> None:
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)
        self.close_soon()
