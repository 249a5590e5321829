"""One socket's talk with the relay, as calls: while nothing is said, no coroutine waits.

A text message is talk with the relay, a binary message is talk with the other end and is
passed on unread.  What a device says is acted upon in its order, one message after the other.

Source: docs/protocol.md §4.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

from certrelay.errors import ProtocolError
from certrelay.wire.close import CloseCode
from certrelay.wire.messages import Leave, Refused, Resume, decode_from_device
from relay import journal
from relay.admission import Admission
from relay.hub import Hub, Line, Seat
from relay.outbox import Door


class OpenDoor(Door, Protocol):
    """A socket that tells a session by itself what happens to it; see `relay.forward`."""

    def hand_over(self, session: "Session") -> None:
        """From now on call the session's `receive`, `carry_at_once`, `lost` and `flush`."""

    def resume_reading(self) -> None:
        """Read on, after `receive` left the session busy."""


class Session:
    """What one socket says, and what becomes of it.

    Args:
        hub: The home of the rooms.
        admission: Counts requests by address.
        line: The socket as the hub sees it.
        patience_s: Seconds for each message until a room is reached.
        is_draining: Whether newcomers are sent elsewhere.
    """

    __slots__ = (
        "_admission",
        "_carry",
        "_door",
        "_hub",
        "_is_draining",
        "_is_lost",
        "_leave",
        "_patience",
        "_patience_s",
        "_waiting",
        "_work",
        "line",
    )

    def __init__(
        self,
        hub: Hub,
        admission: Admission,
        line: Line,
        patience_s: float,
        is_draining: Callable[[], bool],
    ) -> None:
        self.line: Final = line
        self._hub: Final = hub
        self._admission: Final = admission
        self._patience_s: Final = patience_s
        self._is_draining: Final = is_draining
        self._carry: Final = getattr(hub, "carry_at_once", None)
        self._patience: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None
        self._waiting: deque[str | bytes] | None = None
        self._door: OpenDoor | None = None
        self._leave: Callable[[Session], None] | None = None
        self._is_lost = False

    def be_patient(self) -> None:
        """Give the device its time for the next message; in a room it may be silent."""
        self._stop_waiting()
        if self.line.seat is None and not self.line.outbox.ending:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self._patience_s, self.line.close, CloseCode.TIMEOUT)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    async def take(self, message: str | bytes) -> None:
        """Act on one message; what is none, or has no place here, ends the socket."""
        self._stop_waiting()
        try:
            await self._act(message)
        except ProtocolError:
            self.line.refuse(Refused("bad_message"))
        self.be_patient()

    async def _act(self, message: str | bytes) -> None:
        line = self.line
        if isinstance(message, bytes):
            if line.seat is None:
                raise ProtocolError("bad_message")
            await self._hub.carry(line, message)
            return
        match decode_from_device(message):
            case Leave():
                if line.seat is None:
                    raise ProtocolError("bad_message")
                await self._hub.leave(line)
            case request:
                if line.seat not in (None, Seat.of(request)):
                    raise ProtocolError("bad_message")
                if self._is_draining() and not isinstance(request, Resume):
                    await self._hub.lost(line)
                    line.close(CloseCode.RESTART)
                    return
                retry_in_ms = self._admission.retry_after_ms(line.address)
                if retry_in_ms:
                    line.refuse(Refused("rate_limited", retry_in_ms=retry_in_ms))
                else:
                    await self._hub.ask(line, request)

    async def end(self) -> None:
        """Note that the socket says no more."""
        self._stop_waiting()
        await self._hub.lost(self.line)

    # --- for a door that tells what happens ---

    def open(self, door: OpenDoor, leave: Callable[["Session"], None]) -> None:
        """Let the door tell what happens from now on; ``leave`` is called at the end."""
        self._door = door
        self._leave = leave
        self.line.outbox.open(door)
        self.be_patient()
        door.hand_over(self)

    @property
    def is_busy(self) -> bool:
        """Whether the door should read no more for now."""
        return self._work is not None

    def carry_at_once(self, sealed: bytes) -> bool:
        """Pass a sealed message on now, or not at all: then `receive` takes it."""
        if self._work is not None or self._carry is None:
            return False
        carried: bool = self._carry(self.line, sealed)
        return carried

    def receive(self, message: str | bytes) -> None:
        """Take what the device says next."""
        if self._work is None:
            self._work = asyncio.get_running_loop().create_task(self._take_all(message))
            return
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(message)

    def flush(self) -> None:
        """Write what waits: the device reads again."""
        self.line.outbox.flush()

    def lost(self) -> None:
        """Note that the socket is gone."""
        if self._is_lost:
            return
        self._is_lost = True
        self.line.outbox.discard()
        if self._work is None:
            self._work = asyncio.get_running_loop().create_task(self._take_all(None))

    async def _take_all(self, message: str | bytes | None) -> None:
        """Act on what waits, up to the end of it or of the socket."""
        await self._mind_faults(self._take_waiting(message))
        if self.line.outbox.ending:
            # After a fault of ours too: a seat that nobody gives back keeps its device out.
            await self._mind_faults(self.end())
        self._work = self._waiting = None
        if self._is_lost:
            assert self._leave is not None
            self._leave(self)
        elif self._door is not None:
            self._door.resume_reading()

    async def _take_waiting(self, message: str | bytes | None) -> None:
        while message is not None and not self.line.outbox.ending:
            await self.take(message)
            message = self._waiting.popleft() if self._waiting else None

    async def _mind_faults(self, work: Coroutine[Any, Any, None]) -> None:
        """Let a fault of ours end this socket, and no other."""
        try:
            await work
        except Exception as fault:
            journal.write_fault(fault)
            self.line.outbox.give_up()
