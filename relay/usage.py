"""Usage history (이용내역): how many copies there were in which hour, and nothing about whom.

A relay that is told to appends to a file what it has counted, every ten minutes; a line names
an hour (UTC), numbers and words of the protocol.  No room, address, device or minute is in it.
Several processes may write to one file: a line is written at once, and lines add up.
"""

import asyncio
import errno
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from certrelay.limits import KIB
from relay import journal
from relay.clock import Clock, wall

VERSION: Final = 1
"""Of a line's form; lines of another one are passed over."""

EVERY_S: Final = 600.0
"""Seconds between two lines: so much is lost with a relay that is killed."""

SIZES: Final = (16, 64, 256, 1024, 4096)
"""Classes of the sealed bytes of a pair, in KiB: up to so many."""

CODE_EVENTS: Final = ("published", "entered", "missed")
"""What becomes of a typed code: shown; typed right as far as the relay knows; no such one."""

_KINDS: Final = ("opened", "paired", "bytes", "ended", "unscanned", "refused", "sizes", "codes")
_LATER_KINDS: Final = ("codes",)
"""What older lines do not have."""


class Counted:
    """What was counted in some time."""

    def __init__(self) -> None:
        self.opened = 0
        """Codes shown."""

        self.paired = 0
        """Codes scanned."""

        self.bytes = 0
        """Sealed bytes of the pairs that ended."""

        self.ended: Final[Counter[str]] = Counter()
        """Pairs that ended, by reason; ``left`` is a device's own end, done or given up."""

        self.unscanned: Final[Counter[str]] = Counter()
        """Codes that ended before a scan, by reason."""

        self.refused: Final[Counter[str]] = Counter()
        """Refusals by word."""

        self.sizes: Final[Counter[str]] = Counter()
        """Pairs that ended, by class of their bytes: the upper bound in KiB."""

        self.codes: Final[Counter[str]] = Counter()
        """Typed codes, by `CODE_EVENTS`; who connects by one is among ``paired`` too."""

    def __bool__(self) -> bool:
        counts = (self.opened, self.paired, self.ended, self.unscanned, self.refused, self.codes)
        return any(counts)

    def hear(self, event: str, values: Mapping[str, journal.Value]) -> None:
        """Count an event of the journal."""
        match event:
            case "opened":
                self.opened += 1
            case "paired":
                self.paired += 1
            case "refused":
                self.refused[str(values["code"])] += 1
            case "published" | "entered" | "missed":
                self.codes[event] += 1
            case "over" if values["word"] == "already_used":
                size = int(values["bytes"])
                self.ended[str(values["by"])] += 1
                self.bytes += size
                tops = (str(top) for top in SIZES if size <= top * KIB)
                self.sizes[next(tops, "more")] += 1
            case "over":
                self.unscanned[str(values["by"])] += 1

    def add(self, other: "Counted") -> None:
        """Count what another one has counted."""
        self.opened += other.opened
        self.paired += other.paired
        self.bytes += other.bytes
        for name in ("ended", "unscanned", "refused", "sizes", "codes"):
            getattr(self, name).update(getattr(other, name))

    def fields(self) -> dict[str, Any]:
        """Everything by name, for JSON."""
        return {kind: getattr(self, kind) for kind in _KINDS}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """The reverse of `fields`.

        Raises:
            ValueError, TypeError, KeyError: If it is not.
        """
        made = cls()
        made.opened, made.paired, made.bytes = (int(fields[kind]) for kind in _KINDS[:3])
        for kind in _KINDS[3:]:
            found = fields.get(kind, {}) if kind in _LATER_KINDS else fields[kind]
            counts = {str(word): int(count) for word, count in found.items()}
            getattr(made, kind).update(counts)
        return made


class Usage:
    """Writes down what the journal tells.

    Args:
        path: Made if it is not there, readable for its owner alone.
        clock: Seconds since the Unix epoch.

    Raises:
        OSError: If it cannot be written.
    """

    def __init__(self, path: Path, clock: Clock = wall) -> None:
        self._path: Final = path
        self._clock: Final = clock
        self._counted = Counted()
        self._hour = self._this_hour()
        self._append(b"")
        journal.listen(self._hear)

    def _this_hour(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%HZ")

    def _hear(self, event: str, values: Mapping[str, journal.Value]) -> None:
        if self._hour != self._this_hour():
            self.write()
        self._counted.hear(event, values)

    async def keep_writing(self) -> None:
        """Write now and then, for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.write()

    def write(self) -> None:
        """Append what was counted since the last time; what cannot be written waits."""
        if self._counted:
            fields = {"v": VERSION, "hour": self._hour, **self._counted.fields()}
            try:
                self._append(json.dumps(fields).encode() + b"\n")
            except OSError:
                journal.write_warning("usage_unwritten")
                return
        self._counted = Counted()
        self._hour = self._this_hour()

    def close(self) -> None:
        """Count no more, and write the rest."""
        journal.unlisten(self._hear)
        self.write()

    def _append(self, line: bytes) -> None:
        """Append a line, or fail with what was written cut off from all that follows.

        A disk that fills up takes a part of a line.  What is left of it ends at the line feed
        that the next line begins with, and `read` passes it over.
        """
        # Opened each time, so that the file can be put aside while the relay runs.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        file = os.open(self._path, flags, 0o600)
        try:
            if not line:
                return
            if _is_torn(file):
                line = b"\n" + line
            # All but the line feed is the whole line: the next one brings it.
            if os.write(file, line) < len(line) - 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)


def _is_torn(file: int) -> bool:
    """Whether what was last written to a file is no whole line."""
    size = os.lseek(file, 0, os.SEEK_END)
    if not size:
        return False
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1) != b"\n"


def read(paths: Iterable[Path], *, hourly: bool) -> dict[str, Counted]:
    """Add up what the files have, by day or by hour of this computer's own time, in order.

    Raises:
        OSError: If one cannot be read.
    """
    found: dict[str, Counted] = {}
    for path in paths:
        with path.open("rb") as lines:
            for hour, counted in filter(None, map(_read_line, lines)):
                name = hour.astimezone().strftime("%Y-%m-%d %H:00" if hourly else "%Y-%m-%d")
                found.setdefault(name, Counted()).add(counted)
    return dict(sorted(found.items()))


def _read_line(line: bytes) -> tuple[datetime, Counted] | None:
    """Read a line; ``None`` for one that no relay of this version has written whole."""
    try:
        fields = json.loads(line)
        if fields["v"] != VERSION:
            return None
        hour = datetime.strptime(fields["hour"], "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
        return hour, Counted.of(fields)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def rows(found: Mapping[str, Counted]) -> Iterator[tuple[str, ...]]:
    """A table's cells: when, codes, pairs, typed codes, ends by kind, unscanned, refused, KiB."""
    for name, counted in found.items():
        told = ("left", "grace", "timeout")
        others = counted.ended.total() - sum(counted.ended[reason] for reason in told)
        counts = (
            counted.opened,
            counted.paired,
            counted.codes["entered"],
            *(counted.ended[reason] for reason in told),
            others,
            counted.unscanned.total(),
            counted.refused.total(),
            round(counted.bytes / KIB),
        )
        yield name, *map(str, counts)
