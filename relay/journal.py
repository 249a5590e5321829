"""What the relay writes down of its work.

An event, a role, a word of the protocol, sizes, seconds, and six hex digits of the hash of a
room's id: enough to follow one room.  Never a frame, an address, a whole id, a URL or a text
that a stranger chose, at no level.
"""

import logging
from typing import Final

from certrelay.wire.ids import RoomId

_log: Final = logging.getLogger("relay")


def write(event: str, room: RoomId | None = None, **values: str | int | float) -> None:
    """Write one line at INFO: ``event room=3fa2c1 role=s``."""
    _write(logging.INFO, event, room, values)


def write_detail(event: str, room: RoomId | None = None, **values: str | int | float) -> None:
    """Write one line at DEBUG: what happens many times in a room."""
    _write(logging.DEBUG, event, room, values)


def _write(
    level: int, event: str, room: RoomId | None, values: dict[str, str | int | float]
) -> None:
    if not _log.isEnabledFor(level):
        return  # the hash of a room's name costs more than a message's way through the relay
    named = {} if room is None else {"room": room.log_name}
    words = " ".join(f"{name}={value}" for name, value in {**named, **values}.items())
    _log.log(level, "%s %s", event, words)
