"""What is remembered of rooms that are over: one word each, for a while, bounded in number.

So a person who scans an old QR code hears that it was used, or that it expired.
"""

from collections import OrderedDict
from typing import Final

from certrelay.wire.ids import RoomId
from certrelay.wire.room import DeadWord


class DeadRooms:
    """The last words of rooms.

    Args:
        most: Rooms remembered at most; the oldest is forgotten first.
        keep_s: Seconds for which a word is kept.
    """

    def __init__(self, most: int, keep_s: float) -> None:
        self._most: Final = most
        self._keep_s: Final = keep_s
        # In the order of their ends, which is the order in which they are forgotten.
        self._words: Final[OrderedDict[RoomId, tuple[DeadWord, float]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._words)

    def add(self, room: RoomId, word: DeadWord, now: float) -> None:
        """Remember a room that ended at ``now``, in seconds."""
        self._words.pop(room, None)
        self._words[room] = (word, now + self._keep_s)
        self._drop_old(now)

    def word(self, room: RoomId, now: float) -> DeadWord | None:
        """Give a room's word, or ``None`` if nothing is remembered of it."""
        self._drop_old(now)
        kept = self._words.get(room)
        return None if kept is None else kept[0]

    def _drop_old(self, now: float) -> None:
        while self._words:
            oldest = next(iter(self._words))
            if len(self._words) <= self._most and now < self._words[oldest][1]:
                return
            del self._words[oldest]
