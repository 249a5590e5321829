"""The paths that the centre may work on: those that its own tasks have named, and its own drops.

A page names a path by the text that it was shown, or a drop by its name; a path from nowhere
names nothing.

Source: docs/security.md, attack 83.
"""

import re
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

from certrelay.client.path_text import path_of
from certrelay.errors import StorageError
from certrelay.limits import MAX_CRL_BYTES, MIB
from client_pc.centre.for_page import shown

MAX_DROPPED_FILE: Final = MAX_CRL_BYTES
"""Bytes of one file: the largest that any command reads, a revocation list."""

MAX_DROPPED: Final = 64 * MIB
"""Bytes of all files together."""

MAX_DROPPED_FILES: Final = 2000
_MAX_DEPTH: Final = 12
_MAX_PART: Final = 180
"""Bytes of one part of a name."""

_MAX_KNOWN: Final = 100_000
"""Paths that are remembered: more than anybody's stores hold."""

_FOLDER: Final = "centre-files"
_CHUNK: Final = 64 * 1024
_DROP: Final = re.compile(r"f[1-9][0-9]{0,8}")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Names that are devices on Windows."""


class BadName(ValueError):
    """A dropped file's name is no honest one."""


class TooMuch(ValueError):
    """Dropped files are too large, or too many."""


class Readable(Protocol):
    """What bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Give up to so many bytes; none at the end."""


class KnownPlaces:
    """Paths by the text that a page was shown."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._known: dict[str, str | None] = {}

    def learn(self, paths: Iterable[str]) -> None:
        """Remember paths that an event names; two that look alike name nothing."""
        with self._lock:
            for path in paths:
                name = shown(path)
                if len(self._known) < _MAX_KNOWN or name in self._known:
                    same = self._known.get(name, path) == path
                    self._known[name] = path if same else None

    def named(self, name: str) -> str | None:
        """Give the path that was shown so; ``None`` if none was, or several."""
        with self._lock:
            return self._known.get(name)


class Drops:
    """Files that a person has dropped on the page, in a private folder.

    Args:
        parent: Where that folder is made.  What a killed centre has left there goes now.

    Raises:
        StorageError: ``data_folder``, if it cannot be made.
    """

    def __init__(self, parent: Path) -> None:
        self._lock: Final = threading.Lock()
        self._root: Final = parent / _FOLDER
        shutil.rmtree(self._root, ignore_errors=True)
        try:
            self._root.mkdir(mode=0o700)
        except OSError:
            raise StorageError("data_folder", path=str(self._root)) from None
        self._count = 0
        self._files = 0
        self._size = 0

    def put(self, name: str, into: str | None, content: Readable, size: int) -> str | None:
        """Take a file.

        Args:
            name: Its name, with the folders above it where a folder was dropped.
            into: The drop that it belongs to; a new one if nothing is said.
            content: What it holds; not more than ``size`` is read.
            size: Its bytes.

        Returns:
            The drop's name; ``None`` if the file ended early.

        Raises:
            BadName: If its name would lead elsewhere, or ``into`` is no drop.
            TooMuch: If there is no room for it.
            OSError: If it cannot be written.
        """
        parts = _parts(name)
        with self._lock:
            if into is None:
                self._count += 1
                into = f"f{self._count}"
            elif self._folder(into) is None:
                raise BadName
            if size > MAX_DROPPED_FILE or self._size + size > MAX_DROPPED:
                raise TooMuch
            if self._files >= MAX_DROPPED_FILES:
                raise TooMuch
            self._files += 1
            self._size += size
        path = self._root.joinpath(into, *parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            while size:
                chunk = content.read(min(size, _CHUNK))
                if not chunk:
                    break
                file.write(chunk)
                size -= len(chunk)
        if size:
            path.unlink()
            return None
        return into

    def _folder(self, drop: str) -> Path | None:
        known = _DROP.fullmatch(drop) is not None and int(drop[1:]) <= self._count
        return self._root / drop if known else None

    def path(self, drop: str, *, folder: bool = False) -> Path | None:
        """Give the place of a drop: its file if it is a single one, else its folder.

        Args:
            drop: Its name.
            folder: Whether it is the folder in any case.
        """
        place = self._folder(drop)
        if place is None or not place.is_dir():
            return None
        # Whoever drops a folder of folders means what is in them.
        while len(inside := list(place.iterdir())) == 1 and inside[0].is_dir():
            place = inside[0]
        is_single = len(inside) == 1 and not folder
        return inside[0] if is_single else place

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._root, ignore_errors=True)


def _parts(name: str) -> list[str]:
    parts = name.replace("\\", "/").split("/")
    if not all(map(_is_honest, parts)) or len(parts) > _MAX_DEPTH:
        raise BadName
    return parts


def _is_honest(part: str) -> bool:
    try:
        size = len(part.encode())
    except UnicodeEncodeError:
        return False
    return (
        0 < size <= _MAX_PART
        and part.strip(". ") != ""
        and part[-1] not in ". "
        and ":" not in part
        and part.isprintable()
        and _RESERVED.fullmatch(part) is None
    )


def downloads(home: Callable[[], Path]) -> Path:
    """The person's folder for downloads; the home folder where there is none."""
    for name in ("Downloads", "다운로드"):
        if (folder := home() / name).is_dir():
            return folder
    return home()


def real_path(named: str) -> Path:
    """The path behind a name of `KnownPlaces`."""
    return path_of(named)
