"""One WebSocket: every byte of it goes to the library's state machine, whose events are told.

Long because one state machine has all that a stranger can make of a socket.

`websockets.server.ServerProtocol` alone decides what the bytes mean; nothing here looks at one.
It writes all that is said too, but for sealed messages, whose frames are made here.
Its events go to the `relay.session.ConnectionSession`.  What this module adds is what a stranger
must not be able to make expensive:

* Work is done in portions, and other sockets have their turn between two of them.
* Control frames have a budget, and a message has so many fragments at most.
* Who does not read the answers, or does not answer a ping, is cut off.
* The system's buffers are small, and what waits here is counted (`relay.ledger`).

Source: RFC 6455; docs/protocol.md §4.1.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from certrelay.limits import KIB, MAX_FRAGMENTS, MAX_MESSAGE_BYTES
from certrelay.wire.close import CloseCode
from certrelay.wire.messages import SUBPROTOCOL
from relay import journal
from relay.ledger import Account
from relay.outbox import OutboxItem
from relay.session import ConnectionSession
from relay.settings import SocketLimits
from relay.turns import Turns

CONTROL_FRAMES: Final = 32
"""Control frames that a device may send at once: a client sends one in 20 s."""

CONTROL_FRAMES_PER_S: Final = 2.0
"""How fast that allowance fills again."""

TURN_FRAMES: Final = 32
"""Frames after which the other sockets have their turn."""

TURN_BYTES: Final = 64 * KIB
"""Bytes after which they have it."""

_FIRST_PORTION: Final = 512
_LAST_PORTION: Final = 8 * KIB
"""Bytes that are parsed at a time.  A portion can hold a frame for each 6 bytes, and none of them
can be put off; so it grows only while there are few, and a chunk of a copy is parsed at once."""

_FEW: Final = 4
"""Frames in a portion up to which it grows."""

_HIGH_WATER: Final = 32 * KIB
"""Bytes that may wait in the transport until messages wait in the outbox instead."""

KERNEL_BUFFER: Final = 32 * KIB
"""Bytes of the system's buffer for what is written; Linux doubles it."""

_BINARY: Final = Opcode.BINARY
_SHORT: Final = 126
"""Bytes from which the length of a frame takes two bytes more."""

_SILENT: Final = logging.getLogger("relay.websockets")
_SILENT.setLevel(logging.CRITICAL + 1)  # it has a line for each stranger who sends nonsense


class WebSocketConnection(asyncio.Protocol):
    """A WebSocket from its handshake to its end; a `relay.session.Transport`.

    Args:
        limits: Its times.
        turns: Says when the sockets of one address have done enough for a turn.
        gone: Called once when the TCP connection is gone.
    """

    __slots__ = (
        "__weakref__",
        "_account",
        "_at",
        "_control_at",
        "_controls",
        "_data",
        "_fragments",
        "_gone",
        "_has_heard",
        "_held",
        "_is_eof",
        "_is_gone",
        "_is_reading",
        "_is_text",
        "_is_told",
        "_keepalive",
        "_last_call",
        "_limits",
        "_loop",
        "_portion",
        "_protocol",
        "_session",
        "_turns",
        "_unanswered",
        "_unfinished",
        "is_writable",
        "transport",
    )

    def __init__(
        self, limits: SocketLimits, turns: Turns, gone: Callable[["WebSocketConnection"], None]
    ) -> None:
        self._limits: Final = limits
        self._turns: Final = turns
        self._gone: Final = gone
        self._loop: Final = asyncio.get_running_loop()
        self._protocol = ServerProtocol(
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            select_subprotocol=_select,
            max_size=MAX_MESSAGE_BYTES,
            logger=_SILENT,
        )
        self._session: ConnectionSession | None = None
        self._account: Account | None = None
        self.transport: Any = None

        self._data = b""
        self._at = 0
        """What has come, and how far it is parsed."""

        self._portion = _FIRST_PORTION
        self._unfinished = 0
        """Bytes of a frame that has begun to come."""

        self._held = 0
        """What of that is counted."""

        self._fragments: list[bytes] | None = None
        self._is_text = False
        self._controls = 0.0
        self._control_at = 0.0
        self._has_heard = True
        """Whether anything has come since the last ping."""

        self._unanswered = 0

        self._is_eof = False
        self._is_gone = False
        self._is_told = False
        """Whether the session knows that this is over: not before all that came is parsed."""

        self._is_reading = True
        self.is_writable = True
        """Whether it takes a message now, and none is being closed over."""

        self._keepalive: asyncio.TimerHandle | None = None
        self._last_call: asyncio.TimerHandle | None = None

    # --- the handshake ---

    def open(self, transport: Any, request: bytes) -> Request | None:
        """Take over a connection whose request asks for an upgrade.

        Returns:
            The request, for `accept` or `reject`; ``None`` if it is none, and not answered yet.
        """
        self.transport = transport
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._protocol.receive_data(request)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                return event
        self._protocol.data_to_send()  # what the library would answer names the fault at length
        return None

    def reject(self, answer: bytes) -> None:
        """Write an HTTP answer, and close."""
        self.transport.write(answer)
        self._start_last_call()
        self.transport.close()

    def accept(self, request: Request, headers: Sequence[tuple[str, str]] = ()) -> int:
        """Answer the request if it is good; else it is for `reject`, with the status given back."""
        response = self._protocol.accept(request)
        if response.status_code == 101:
            del response.headers["Date"]
            for name, value in headers:
                response.headers[name] = value
            self._protocol.send_response(response)
            self._write_pending()
            request.headers.clear()  # the library keeps it: 4 KiB
        return response.status_code

    @property
    def speaks(self) -> bool:
        """Whether the device has asked for the relay's subprotocol."""
        return self._protocol.subprotocol is not None

    def attach(self, session: ConnectionSession, account: Account, early: bytes) -> None:
        """Tell a session from now on what happens; ``early`` came with the request."""
        self._session = session
        self._account = account
        with contextlib.suppress(OSError):
            tcp = self.transport.get_extra_info("socket")
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
        self._keepalive = self._loop.call_later(self._limits.ping_s, self._ping)
        if early:
            self.data_received(early)

    # --- what comes ---

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        self._has_heard = True
        if self._data:
            self._data, self._at = self._data[self._at :] + data, 0
        else:
            self._data = data
            self._advance()

    def eof_received(self) -> None:
        """Take the end of the stream; what came before is parsed first."""
        self._is_eof = True
        self._advance()
        self.is_writable = False  # the transport closes itself now

    def connection_lost(self, _exc: Exception | None) -> None:
        """Note that it is gone; what came before is parsed all the same."""
        self._is_eof = self._is_gone = True
        self.is_writable = False
        self._stop_timers()
        self._gone(self)
        self._advance()
        self._release()

    def _advance(self) -> None:
        """Parse what has come, for one turn."""
        session, account, protocol = self._session, self._account, self._protocol
        if session is None or account is None:
            return
        frames, until = 0, self._at + TURN_BYTES
        while self._data and session.pending is None:
            if self._turn_is_over(account.address, frames, until):
                break
            portion = self._next_portion()
            protocol.receive_data(portion)
            events: list[Any] = protocol.events_received()
            for frame in events:
                if frame.opcode is _BINARY and frame.fin:
                    session.receive(bytes(frame.data))
                else:
                    self._hear(frame)
            self._unfinished = 0 if events else self._unfinished + len(portion)
            if len(events) > _FEW:
                self._portion = _FIRST_PORTION
            frames += len(events)
            self._turns.use(account.address, len(portion), len(events))
            if protocol.writes:
                self._write_pending()
            if protocol.state is not State.OPEN:
                self._end()
        else:
            if session.pending is not None:
                self._stop_reading()
            elif self._is_eof:
                protocol.receive_eof()
                self._write_pending()
                self._end()
        if self._held or self._data or self._unfinished or self._fragments:
            self._count()

    def _turn_is_over(self, address: str, frames: int, until: int) -> bool:
        """Say whether others have their turn now; then this goes on in a later one."""
        if frames < TURN_FRAMES and self._at < until and self._turns.has_left(address):
            return False
        self._stop_reading()
        self._turns.wait(address, self.resume_reading)
        return True

    def _next_portion(self) -> bytes:
        """Give the bytes to parse next; portions grow until there are many frames in one."""
        data, at, size = self._data, self._at, self._portion
        if len(data) - at > size:
            self._at += size
            if size < _LAST_PORTION:
                self._portion *= 2
            return data[at : at + size]
        self._data, self._at = b"", 0
        return data[at:] if at else data

    def _count(self) -> None:
        """Count what waits here: unparsed, and of a message that is not whole."""
        held = len(self._data) - self._at + self._unfinished
        if self._fragments is not None:
            held += sum(map(len, self._fragments))
        if held != self._held and self._account is not None:
            self._account.change(held - self._held)
            self._held = held

    def _hear(self, frame: Any) -> None:
        """Act on a frame that is no whole binary message."""
        match frame.opcode:
            case Opcode.BINARY | Opcode.TEXT:
                self._is_text = frame.opcode is Opcode.TEXT
                if frame.fin:
                    self._tell(bytes(frame.data))
                else:
                    self._fragments = [bytes(frame.data)]
            case Opcode.CONT:
                assert self._fragments is not None, "the library has seen the first"
                self._fragments.append(bytes(frame.data))
                if len(self._fragments) > MAX_FRAGMENTS:
                    self._refuse_flood("fragments")
                elif frame.fin:
                    whole, self._fragments = b"".join(self._fragments), None
                    self._tell(whole)
            case Opcode.PING | Opcode.PONG:
                self._count_control()

    def _tell(self, message: bytes) -> None:
        """Hand a whole message to the session."""
        assert self._session is not None
        if self._is_text:
            try:
                self._session.receive(message.decode())
            except UnicodeDecodeError:
                self._session.receive("")  # which is no message of the protocol, as this is none
        else:
            self._session.receive(message)

    def _count_control(self) -> None:
        now = self._loop.time()
        self._controls = max(0.0, self._controls - (now - self._control_at) * CONTROL_FRAMES_PER_S)
        self._control_at = now
        self._controls += 1
        if self._controls > CONTROL_FRAMES:
            self._refuse_flood("control_frames")

    def _refuse_flood(self, kind: str) -> None:
        if not self.transport.is_closing():
            journal.write("flooded", kind=kind)
            self._data, self._at = b"", 0
            self.cut_off()

    def _end(self) -> None:
        """Note that it is closed, or being closed."""
        self.is_writable = False
        if self._protocol.eof_sent and self._session is not None:
            self._is_told = True
            close = self._protocol.close_rcvd
            self._session.lost(for_good=close is not None and close.code == CloseCode.GOING_AWAY)

    # --- reading and writing ---

    def _stop_reading(self) -> None:
        if self._is_reading and not self._is_gone:
            self._is_reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Parse what is left, then read on."""
        self._advance()
        self._release()
        if not (self._data or self._is_reading or self._is_gone or self._is_busy):
            self._is_reading = True
            self.transport.resume_reading()

    @property
    def _is_busy(self) -> bool:
        return self._session is not None and self._session.pending is not None

    @property
    def unwritten(self) -> int:
        """Bytes that the transport has taken and not given to the system yet."""
        size: int = self.transport.get_write_buffer_size()
        return size

    def pause_writing(self) -> None:
        """Note that the transport has enough."""
        self.is_writable = False
        if self._session is not None:
            self._session.stall()

    def resume_writing(self) -> None:
        """Write what has waited for the device to read."""
        self.is_writable = self._protocol.state is State.OPEN
        if self._session is not None:
            self._session.flush()

    def write(self, item: OutboxItem) -> None:
        """Write a message, or close; while `is_writable` only."""
        if isinstance(item, bytes):
            if not (self._is_gone or self.transport.is_closing()):
                self.transport.write(_binary_frame(item))
            return
        if isinstance(item, str):
            self._protocol.send_text(item.encode())
        else:
            self._write_close(item)
        self._write_pending()

    def _write_close(self, code: CloseCode) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
        self.is_writable = False
        self._start_last_call()

    def _write_pending(self) -> None:
        """Give the transport what the library has to say."""
        for data in self._protocol.data_to_send():
            if self._is_gone or self.transport.is_closing():
                return
            if data:
                self.transport.write(data)
            else:  # the end of the stream
                self._start_last_call()
                self.transport.close()

    # --- its end ---

    def cut_off(self) -> None:
        """End it at once; what was not sent is lost."""
        self._stop_timers()
        self.transport.abort()

    def _start_last_call(self) -> None:
        """Give the device a while to take what is left; a closing transport waits for ever."""
        if self._last_call is None and not self._is_gone:
            self._last_call = self._loop.call_later(self._limits.close_s, self.cut_off)

    def _ping(self) -> None:
        """Ask whether the device is there; give up one that has not answered for too long.

        It would not read a close either.  While the relay does not read, it does not count.
        """
        has_answered = self._has_heard or not self._is_reading
        self._unanswered = 0 if has_answered else self._unanswered + 1
        if self._unanswered * self._limits.ping_s >= self._limits.ping_timeout_s:
            self.cut_off()
            return
        self._has_heard = False
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")
            self._write_pending()
        self._keepalive = self._loop.call_later(self._limits.ping_s, self._ping)

    def _release(self) -> None:
        """Break the circles through this object once nobody needs it.

        Else 70 objects for each connection wait for Python's collector of circles, which
        stops everything for seconds where ten thousand rooms wait.
        """
        if self._is_gone and (self._session is None or self._is_told):
            self._unfinished, self._fragments = 0, None
            self._count()
            self._session = self._account = None
            self._protocol.parser.close()

    def _stop_timers(self) -> None:
        for timer in (self._keepalive, self._last_call):
            if timer is not None:
                timer.cancel()
        self._keepalive = None


def _binary_frame(message: bytes) -> bytes:
    """Write a whole sealed message as one frame, unmasked, as a server does.

    The library takes three times as long for this as for reading it: it is what a copy consists of.
    """
    size = len(message)
    length = bytes((size,)) if size < _SHORT else b"\x7e" + size.to_bytes(2)
    return b"\x82" + length + message


def _select(_protocol: ServerProtocol, offered: Any) -> Subprotocol | None:
    """Take the relay's subprotocol, or none: who lacks it is told so in a WebSocket."""
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None
