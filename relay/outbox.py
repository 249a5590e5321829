"""What is written to one socket: in order, and never more than a bound waits.

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
    """A socket that takes what is written at once; see `relay.forward`."""

    @property
    def is_writable(self) -> bool:
        """Whether it takes something now."""

    def write(self, item: Item) -> None:
        """Write a message, or close."""

    def write_sealed(self, sealed: bytes) -> None:
        """Write a sealed message."""


class Outbox:
    """What a room has for one socket.  It is written by the socket's `Door`, or a task asks for
    the `next`.

    Args:
        limits: How much may wait, and how long for.
        cut_off: Ends the socket at once, without a word; harmless if it has ended.
    """

    __slots__ = (
        "_bytes",
        "_controls",
        "_cut_off",
        "_door",
        "_filled",
        "_items",
        "_last_call",
        "_limits",
        "_space",
        "dropped",
        "ending",
    )

    def __init__(self, limits: SocketLimits, cut_off: Callable[[], None]) -> None:
        self._limits: Final = limits
        self._cut_off: Final = cut_off
        self._door: Door | None = None
        # Most sockets are silent at any time, so whatever only waits is made when it waits.
        self._items: deque[Item] | None = None
        self._filled: asyncio.Event | None = None
        self._space: asyncio.Event | None = None
        """Set where there is none."""

        self._bytes = 0
        self._controls = 0
        self._last_call: asyncio.TimerHandle | None = None
        self.ending = False
        """Whether a close was put, or the socket is gone: what is put now is dropped."""

        self.dropped = False
        """Whether what waited was dropped: there is nothing left to write."""

    def open(self, door: Door) -> None:
        """Write by this door from now on; nothing waits yet."""
        self._door = door

    def put(self, text: str) -> None:
        """Write a control message, or let it wait."""
        if self.ending:
            return
        if self._controls >= MAX_CONTROL_WAITING:
            self.give_up()
            return
        self._put(text)

    async def put_sealed(self, sealed: bytes) -> None:
        """Write a sealed message, after waiting for room; the device has so long to make it."""
        try:
            if self._space is not None:
                async with asyncio.timeout(self._limits.slow_reader_s):
                    # Others wait too: whoever comes first may fill it again.
                    while self._space is not None:
                        await self._space.wait()
        except TimeoutError:
            self.give_up()
        if not self.ending:
            self._put(sealed)

    def offer_sealed(self, sealed: bytes) -> bool:
        """Write a sealed message if there is room for it now; else it is dropped."""
        if self.ending or self._space is not None:
            return False
        self._put(sealed)
        return True

    def write_now(self, sealed: bytes) -> None:
        """Write a sealed message past the queue, where it `can_write_at_once`."""
        assert self._door is not None
        self._door.write_sealed(sealed)

    @property
    def can_write_at_once(self) -> bool:
        """Whether nothing waits, nothing is being written, and the device reads."""
        door = self._door
        return door is not None and not self._items and not self.ending and door.is_writable

    def put_close(self, code: CloseCode) -> None:
        """End the socket: what was put before is still written.

        The device has a while to take that; then it is cut off.
        """
        if self.ending:
            return
        self._put(code)
        self._end()
        if self._items:
            loop = asyncio.get_running_loop()
            self._last_call = loop.call_later(self._limits.close_s, self._cut_off)

    def give_up(self) -> None:
        """Cut the device off."""
        self.discard()
        self._cut_off()

    def discard(self) -> None:
        """Drop what waits: the socket is gone.  Who waits for room goes on."""
        self._items = None
        self._forget_last_call()
        self.dropped = True
        self._end()

    def flush(self) -> None:
        """Write by the door what waits, as far as the device reads."""
        while self._door is not None and self._items and self._door.is_writable:
            self._door.write(self._pop())

    async def next(self) -> Item:
        """Wait for the next thing to write, where there is no door."""
        while not self._items:
            self._filled = asyncio.Event()
            await self._filled.wait()
        self._filled = None
        return self._pop()

    def _put(self, item: Item) -> None:
        if self.can_write_at_once:
            assert self._door is not None
            self._door.write(item)
            return
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        if isinstance(item, bytes):
            self._bytes += len(item)
            if self._bytes >= self._limits.outbox_bytes and self._space is None:
                self._space = asyncio.Event()
        elif isinstance(item, str):
            self._controls += 1
        if self._filled is not None:
            self._filled.set()

    def _pop(self) -> Item:
        assert self._items
        item = self._items.popleft()
        if not self._items:
            self._items = None
        if isinstance(item, bytes):
            self._bytes -= len(item)
            if self._bytes < self._limits.outbox_bytes:
                self._make_space()
        elif isinstance(item, str):
            self._controls -= 1
        else:
            self._forget_last_call()
        return item

    def _make_space(self) -> None:
        if self._space is not None:
            self._space.set()
            self._space = None

    def _forget_last_call(self) -> None:
        if self._last_call is not None:
            self._last_call.cancel()
            self._last_call = None

    def _end(self) -> None:
        self.ending = True
        self._make_space()
