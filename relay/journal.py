"""What the relay writes down of its work.

An event, a role, a word of the protocol, sizes, seconds, and six hex digits of the hash of a
room's id: enough to follow one room.  Never a frame, an address, a whole id, a URL or a text
that a stranger chose, at no level.  Who counts hears the same events, without the room.
"""

import json
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from certrelay.wire.ids import RoomId

Value = str | int | float
Listener = Callable[[str, Mapping[str, Value]], None]

NOTICE: Final = 35
"""Between WARNING and ERROR: a turn of the relay's own life, told at the usual level too."""

_FRAMES: Final = 6
"""Calls of a fault that are written down, the innermost first."""

_log: Final = logging.getLogger("relay")
_listeners: Final[list[Listener]] = []

logging.addLevelName(NOTICE, "NOTICE")


has_details: Final[Callable[[], bool]] = partial(_log.isEnabledFor, logging.DEBUG)
"""Whether `write_detail` writes anything: asked first where a message's way is short."""


def listen(listener: Listener) -> None:
    """Let somebody hear every event, whatever is logged."""
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Undo `listen`."""
    _listeners.remove(listener)


def write(event: str, room: RoomId | None = None, **values: Value) -> None:
    """Write one line at INFO: ``event room=3fa2c1 role=s``."""
    for listener in _listeners:
        listener(event, values)
    _write(logging.INFO, event, room, values)


def write_probed(event: str, room: RoomId | None = None, **values: Value) -> None:
    """Write one line at DEBUG, of what a probe did: who counts people hears only ``probed``."""
    for listener in _listeners:
        listener("probed", {"what": event})
    _write(logging.DEBUG, event, room, {"probe": 1, **values})


def write_detail(event: str, room: RoomId | None = None, **values: Value) -> None:
    """Write one line at DEBUG: what happens many times in a room.  Nobody counts it."""
    _write(logging.DEBUG, event, room, values)


def write_notice(event: str, **values: Value) -> None:
    """Write one line at NOTICE: that the relay has started, is ready again, or ends."""
    for listener in _listeners:
        listener(event, values)
    _write(NOTICE, event, None, values)


def write_warning(event: str, **values: Value) -> None:
    """Write one line at WARNING: what an operator should know of."""
    for listener in _listeners:
        listener(event, values)
    _write(logging.WARNING, event, None, values)


def write_fault(error: BaseException) -> None:
    """Write our own fault at ERROR: its kind and where it was raised; never its text."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    _write(logging.ERROR, "fault", None, {"kind": type(error).__name__, "at": where})


def _write(level: int, event: str, room: RoomId | None, values: Mapping[str, Value]) -> None:
    if not _log.isEnabledFor(level):
        return  # the hash of a room's name costs more than a message's way through the relay
    named: dict[str, Value] = {} if room is None else {"room": room.log_name}
    fields = {**named, **values}
    words = " ".join(f"{name}={value}" for name, value in fields.items())
    _log.log(level, "%s %s", event, words, extra={"event": event, "fields": fields})


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``time`` (UTC), ``level``, ``event``, and the event's values."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record; one that is not the journal's has its text in ``message``."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
        }
        event = getattr(record, "event", None)
        if event is None:
            line |= {"event": "message", "logger": record.name, "message": record.getMessage()}
        else:
            line |= {"event": event, **getattr(record, "fields", {})}
        if record.exc_info and record.exc_info[0]:
            line["kind"] = record.exc_info[0].__name__  # not its text: it may be a stranger's
        return json.dumps(line, ensure_ascii=False)
