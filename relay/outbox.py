"""What is written to one socket: in order, and never more than a bound waits.

A slow device makes its peer wait: whoever puts a sealed message is told when there is room for
the next.  Control messages do not wait, for no peer may hold up the relay; they are small and
few, and a device that leaves too many unread is cut off.  So is one that has not taken within
``slow_reader_s`` what waited for it at their beginning, however much it reads meanwhile.
"""

import asyncio
from collections import deque
from typing import Final, Protocol

from certrelay.wire.close import CloseCode
from relay.ledger import Account
from relay.settings import SocketLimits

MAX_CONTROL_WAITING: Final = 64
"""Control messages that may wait for one device: a room's whole life takes fewer than 20."""

OutboxItem = str | bytes | CloseCode

Pending = asyncio.Future[None] | None
"""``None`` if something is done, else what is done once it is."""


class Transport(Protocol):
    """A socket as it is written to; see `relay.websocket`."""

    @property
    def is_writable(self) -> bool:
        """Whether it takes something now."""

    @property
    def unwritten(self) -> int:
        """Bytes that it has taken and not given to the system yet."""

    def write(self, item: OutboxItem) -> None:
        """Write a message, or close; while `is_writable` only."""

    def cut_off(self) -> None:
        """End the socket at once, without a word; harmless if it has ended."""


class Outbox:
    """What a room has for one socket.

    Args:
        limits: How much may wait, and how long for.
        transport: Where it is written.
        account: Counts the bytes that wait.
    """

    __slots__ = (
        "_account",
        "_bytes",
        "_controls",
        "_items",
        "_last_call",
        "_limits",
        "_new_bytes",
        "_room",
        "_transport",
        "_watch",
        "dropped",
        "ending",
    )

    def __init__(self, limits: SocketLimits, transport: Transport, account: Account) -> None:
        self._limits: Final = limits
        self._transport: Final = transport
        self._account: Final = account
        # Most sockets are silent at any time, so whatever only waits is made when it waits.
        self._items: deque[OutboxItem] | None = None
        self._room: asyncio.Future[None] | None = None
        """Set where there is none."""

        self._bytes = 0
        self._controls = 0
        self._last_call: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._new_bytes = 0
        """Bytes put since the watch began."""

        self.ending = False
        """Whether a close was put, or the socket is gone: what is put now is dropped."""

        self.dropped = False
        """Whether what waited was dropped: there is nothing left to write."""

    def put(self, text: str) -> None:
        """Write a control message, or let it wait."""
        if self.ending:
            return
        if self._controls >= MAX_CONTROL_WAITING:
            self.give_up()
            return
        self._put(text)

    def put_sealed(self, sealed: bytes) -> Pending:
        """Write a sealed message, or let it wait.

        Returns:
            What is done once there is room for another; until then none may be put.
        """
        if not self.ending:
            self._put(sealed)
            if self._items is not None and not self._has_room():
                if self._room is None:
                    self._room = asyncio.get_running_loop().create_future()
                return self._room
        return None

    def offer_sealed(self, sealed: bytes) -> bool:
        """Write a sealed message if there is room for it now; else it is dropped."""
        if self.ending or not self._has_room():
            return False
        self._put(sealed)
        return True

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
            self._last_call = loop.call_later(self._limits.close_s, self._transport.cut_off)

    def give_up(self) -> None:
        """Cut the device off."""
        self.discard()
        self._transport.cut_off()

    def discard(self) -> None:
        """Drop what waits: the socket is gone.  Who waits for room goes on."""
        self._items = None
        self._count(-self._bytes)
        for timer in (self._last_call, self._watch):
            if timer is not None:
                timer.cancel()
        self._last_call = self._watch = None
        self.dropped = True
        self._end()

    def flush(self) -> None:
        """Write what waits, as far as the device reads."""
        while self._items and self._transport.is_writable:
            self._write_next()

    def start_watch(self) -> None:
        """Begin to watch that the device takes what waits for it."""
        if self._watch is None and not self.dropped:
            self._new_bytes = 0
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(self._limits.slow_reader_s, self._look)

    def _look(self) -> None:
        """Cut the device off if anything still waits that waited when the watch began."""
        self._watch = None
        waiting = self._bytes + self._transport.unwritten
        if waiting > self._new_bytes:
            self.give_up()
        elif waiting:
            self.start_watch()

    def _put(self, item: OutboxItem) -> None:
        size = len(item) if isinstance(item, str | bytes) else 0
        self._new_bytes += size
        if not self._items and self._transport.is_writable:
            self._transport.write(item)
            return
        if self._items is None:
            self._items = deque()
        self._items.append(item)
        self._controls += isinstance(item, str)
        self._count(size)
        self.start_watch()

    def _write_next(self) -> None:
        assert self._items
        item = self._items.popleft()
        if not self._items:
            self._items = None
        if isinstance(item, CloseCode):
            if self._last_call is not None:
                self._last_call.cancel()
                self._last_call = None
        else:
            self._controls -= isinstance(item, str)
            self._count(-len(item))
            if self._room is not None and self._has_room():
                self._make_room()
        self._transport.write(item)

    def _count(self, size: int) -> None:
        if size:
            self._bytes += size
            self._account.change(size)

    def _has_room(self) -> bool:
        """Whether one more sealed message may wait: one always may where nothing does."""
        if not self._bytes:
            return True
        return self._bytes < self._limits.outbox_bytes and not self._account.is_crowded

    def _make_room(self) -> None:
        if self._room is not None:
            if not self._room.done():
                self._room.set_result(None)
            self._room = None

    def _end(self) -> None:
        self.ending = True
        self._make_room()
