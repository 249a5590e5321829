"""Rooms that nobody has claimed and whose G is gone: they cost their creator no socket.

So few of them may stand, for each address and in all; the oldest goes for a newer one.  A room
with a socket, or one that was ever claimed, never goes for another.
"""

from typing import Final

from certrelay.wire.ids import RoomId
from certrelay.wire.room import Room
from relay.settings import AdmissionLimits


def is_half(room: Room) -> bool:
    """Whether a room is one of these."""
    return room.s is None and not room.g.here


class HalfRooms:
    """The half rooms of one node, the oldest first.

    Args:
        limits: Its ``half_rooms`` and ``half_rooms_per_address`` count.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._most: Final = limits.half_rooms
        self._most_per_address: Final = limits.half_rooms_per_address
        self._rooms: Final[dict[RoomId, str]] = {}
        self._by_address: Final[dict[str, dict[RoomId, None]]] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def note(self, room: Room, address: str) -> RoomId | None:
        """Note what has become of a room that was created from an address.

        Returns:
            The room that must end because there are too many now; it is forgotten here.
        """
        if not is_half(room):
            self.forget(room.id)
            return None
        if room.id in self._rooms:
            return None
        abandoned = self._add(room, address)
        if abandoned is not None:
            self.forget(abandoned)
        return abandoned

    def _add(self, room: Room, address: str) -> RoomId | None:
        self._rooms[room.id] = address
        own = self._by_address.setdefault(address, {})
        own[room.id] = None
        if len(own) > self._most_per_address:
            return next(iter(own))
        if len(self._rooms) > self._most:
            return next(iter(self._rooms))
        return None

    def forget(self, room: RoomId) -> None:
        """Note that a room is over, or no half one any more."""
        address = self._rooms.pop(room, None)
        if address is not None:
            own = self._by_address[address]
            del own[room]
            if not own:
                del self._by_address[address]
