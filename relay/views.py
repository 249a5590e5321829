"""What one of many nodes knows by itself: its sockets, and the rooms they speak in."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from certrelay.wire.ids import Role, RoomId
from certrelay.wire.room import Room
from relay.admission import AddressCounter
from relay.half_rooms import HalfRooms
from relay.hub import Line, Seat
from relay.records import Name, Record, node_of
from relay.settings import AdmissionLimits

_LATE_S: Final = 0.005
"""Seconds added to each wait for a deadline: too early would be in vain."""


@dataclass(slots=True, eq=False)
class View:
    """A room as this node knows it."""

    raw: bytes
    """What lay in the store when this node last heard of the room."""

    record: Record
    """What that says, with what was carried since."""

    owner: str | None = None
    """The address that it counts for, if it was created here."""

    timer: asyncio.TimerHandle | None = None


class Views:
    """A node's sockets by name, and its rooms.

    Args:
        node: The node's name.
        limits: How many rooms may be created here.
        now: Seconds on the store's clock.
        due: Called when a room's deadline has come.
    """

    def __init__(
        self,
        node: str,
        limits: AdmissionLimits,
        now: Callable[[], float],
        due: Callable[[RoomId], None],
    ) -> None:
        self.node: Final = node
        self.rooms: Final[dict[RoomId, View]] = {}
        self.rooms_of: Final = AddressCounter(limits.rooms_per_address)
        """The rooms that were, or are being, created here, by address."""

        self.half: Final = HalfRooms(limits)
        """Those of them that cost their creator nothing."""

        self._now: Final = now
        self._due: Final = due
        self._lines: Final[dict[Name, Line]] = {}
        self._names: Final[dict[Line, Name]] = {}
        self._numbered = 0

    # --- sockets ---

    def name(self, line: Line) -> Name:
        """Name a socket; it keeps its name until it is lost."""
        if line not in self._names:
            self._numbered += 1
            self._names[line] = f"{self.node}:{self._numbered}"
            self._lines[self._names[line]] = line
        return self._names[line]

    def line(self, name: Name | None) -> Line | None:
        """The socket of that name, if it is here and not lost."""
        return None if name is None else self._lines.get(name)

    def lose(self, line: Line) -> Name | None:
        """Forget a socket; gives its name if it had one."""
        name = self._names.pop(line, None)
        if name is not None:
            self._lines.pop(name, None)
        return name

    # --- rooms ---

    def own_rooms(self) -> list[Room]:
        """The rooms that count for this node: where it speaks for G, or for S alone."""
        found = []
        for view in self.rooms.values():
            name = view.record.names.get(Role.G) or view.record.names.get(Role.S)
            if name is not None and node_of(name) == self.node:
                found.append(view.record.room)
        return found

    def far_ends(self) -> Iterator[tuple[RoomId, Role, Name]]:
        """The ends of this node's rooms that other nodes speak for."""
        for room, view in self.rooms.items():
            for role, name in view.record.names.items():
                if node_of(name) != self.node:
                    yield room, role, name

    def see(self, room: RoomId, raw: bytes, record: Record) -> list[Line]:
        """Note what has become of a room; gives the sockets that speak for no end any more."""
        view = self.rooms.get(room)
        if view is None:
            if any(node_of(name) == self.node for name in record.names.values()):
                view = self.rooms[room] = View(raw, record)
                self.watch(room, view)
            return []
        gone = [
            line
            for role, name in view.record.names.items()
            if record.names.get(role) != name and (line := self._lines.get(name)) is not None
        ]
        known = view.record.room
        view.raw = raw
        view.record = record.counted(known.carried_bytes, known.carried_messages)
        self.watch(room, view)
        return gone

    def seat(self, room: RoomId, record: Record) -> None:
        """Let the sockets that speak for a room's ends know it."""
        for role, name in record.names.items():
            line = self._lines.get(name)
            if line is not None and not line.outbox.ending:
                line.seat = Seat(room, role)

    def seated(self, room: RoomId) -> list[tuple[Role, Name, Line]]:
        """The sockets that speak in a room."""
        view = self.rooms.get(room)
        return [
            (role, name, line)
            for role, name in (view.record.names.items() if view else ())
            if (line := self._lines.get(name)) is not None and line.seat == Seat(room, role)
        ]

    def drop(self, room: RoomId) -> None:
        """Forget a room."""
        view = self.rooms.pop(room, None)
        if view is None:
            return
        if view.timer is not None:
            view.timer.cancel()
        if view.owner is not None:
            self.rooms_of.remove(view.owner)
        self.half.forget(room)

    def watch(self, room: RoomId, view: View, at_least_s: float = 0.0) -> None:
        """Be there at a room's deadline, ``at_least_s`` from now."""
        if view.timer is not None:
            view.timer.cancel()
        wait_s = max(at_least_s, view.record.room.deadline - self._now()) + _LATE_S
        view.timer = asyncio.get_running_loop().call_later(wait_s, self._due, room)
