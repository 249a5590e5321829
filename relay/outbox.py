"""What waits to be written to one socket: in order, and never more than a bound.

Sealed messages wait for room, so that a slow device makes its peer wait and the relay's
memory never grows.  Control messages do not wait, for no peer may hold up the relay; they are
small and few, and a device that leaves too many unread is cut off.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from certrelay.wire.close import CloseCode
from relay.settings import SocketLimits

MAX_CONTROL_WAITING: Final = 64
"""Control messages that may wait for one device: a room's whole life takes fewer than 20."""

Item = str | bytes | CloseCode


class Door(Protocol):
    """A socket that takes a sealed message past its writer; see `relay.forward`."""

    @property
    def is_writable(self) -> bool:
        """Whether it takes one now."""

    def write_sealed(self, sealed: bytes) -> None:
        """Write it."""


class Outbox:
    """The queue between a room and one socket's writer.

    Args:
        limits: How much may wait, and how long for.
        cut_off: Ends the socket at once, without a word; harmless if it has ended.
    """

    def __init__(self, limits: SocketLimits, cut_off: Callable[[], None]) -> None:
        self._limits: Final = limits
        self._cut_off: Final = cut_off
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._controls = 0
        self._last_call: asyncio.TimerHandle | None = None
        self._filled = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()
        self.ending = False
        """Whether a close was put, or the socket is gone: what is put now is dropped."""

        self._is_idle = False
        self.door: Door | None = None
        """Where a sealed message can be written at once, if the server has such a door."""

        self.dropped = False
        """Whether what waited was dropped: there is nothing left to write."""

    def put(self, text: str) -> None:
        """Queue a control message."""
        if self.ending:
            return
        self._controls += 1
        if self._controls > MAX_CONTROL_WAITING:
            self.give_up()
            return
        self._append(text)

    async def put_sealed(self, sealed: bytes) -> None:
        """Queue a sealed message, after waiting for room; the device has so long to make it."""
        try:
            if not self._space.is_set():
                async with asyncio.timeout(self._limits.slow_reader_s):
                    await self._space.wait()
        except TimeoutError:
            self.give_up()
        if self.ending:
            return
        self._bytes += len(sealed)
        if self._bytes >= self._limits.outbox_bytes:
            self._space.clear()
        self._append(sealed)

    def offer_sealed(self, sealed: bytes) -> bool:
        """Queue a sealed message if there is room for it now; else it is dropped."""
        if self.ending or not self._space.is_set():
            return False
        self._bytes += len(sealed)
        if self._bytes >= self._limits.outbox_bytes:
            self._space.clear()
        self._append(sealed)
        return True

    def write_at_once(self, sealed: bytes) -> bool:
        """Write a sealed message past the queue, if nothing waits and the device reads."""
        if not self.can_write_at_once:
            return False
        assert self.door is not None
        self.door.write_sealed(sealed)
        return True

    @property
    def can_write_at_once(self) -> bool:
        """Whether nothing waits, nothing is being written, and the device reads."""
        return (
            self._is_idle
            and not self._items
            and self.door is not None
            and not self.ending
            and self.door.is_writable
        )

    def put_close(self, code: CloseCode) -> None:
        """Queue the socket's end: what was put before is still written.

        The device has a while to take that; then it is cut off.
        """
        if not self.ending:
            self._append(code)
            self._end()
            loop = asyncio.get_running_loop()
            self._last_call = loop.call_later(self._limits.close_s, self._cut_off)

    def give_up(self) -> None:
        """Cut the device off."""
        self.discard()
        self._cut_off()

    def discard(self) -> None:
        """Drop what waits: the socket is gone.  Who waits for room goes on."""
        self._items.clear()
        if self._last_call is not None:
            self._last_call.cancel()
        self.dropped = True
        self._end()

    async def next(self) -> Item:
        """Wait for the next thing to write."""
        self._is_idle = True
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        self._is_idle = False
        item = self._items.popleft()
        if isinstance(item, bytes):
            self._bytes -= len(item)
            if self._bytes < self._limits.outbox_bytes:
                self._space.set()
        elif isinstance(item, str):
            self._controls -= 1
        elif self._last_call is not None:
            self._last_call.cancel()
        return item

    def _append(self, item: Item) -> None:
        self._items.append(item)
        self._filled.set()

    def _end(self) -> None:
        self.ending = True
        self._space.set()
