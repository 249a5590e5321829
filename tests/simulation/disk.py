"""A disk that can fail or lose its power at any call, and knows what would outlast that.

Files really lie in a folder (in memory, where the system has one), written by the real
`certrelay.client.store.system.Disk`.  Beside it stands a list of what no fsync has made lasting
yet: names that were made or changed, and contents.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

from certrelay.client.store import parts, store, system
from certrelay.client.store.system import Disk


class Crash(BaseException):
    """The process is gone, in the middle of a system call."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What happens at one call: an error number, or ``None`` for a crash."""

    number: int | None
    for_good: bool = False
    """Whether every later call fails as well."""


@dataclass(slots=True)
class _Name:
    """A change of names that may still be forgotten."""

    made: Path
    moved_from: Path | None = None


class SimDisk(Disk):
    """One device's disk.  It notes paths, so nothing is reached by descriptors here."""

    @property
    def root(self) -> Path | None:
        return None

    @root.setter
    def root(self, root: Path | None) -> None:
        """Nobody puts links into a simulated disk."""

    def __init__(self, folder: Path, draw: Random) -> None:
        self.folder = folder
        self.process = 1
        """The number of the program that runs now; those before are gone."""

        self.calls = 0
        self.failures: dict[int, Failure] = {}
        self.log: list[str] = []
        self._draw = draw
        self._crashed = False
        self._lasting_error: int | None = None
        self._names: list[_Name] = []
        self._contents: set[Path] = set()
        self._opened: dict[int, Path] = {}

    # --- what the store calls ---

    def make_folder(self, path: Path) -> None:
        self._call("mkdir", path)
        super().make_folder(path)
        self._names.append(_Name(path))

    def rename(self, source: Path, target: Path) -> None:
        self._call("rename", target)
        super().rename(source, target)
        self._moved(source, target)

    def replace(self, source: Path, target: Path) -> None:
        self._call("replace", target)
        super().replace(source, target)
        self._moved(source, target)

    def remove_file(self, path: Path) -> None:
        self._call("unlink", path)
        super().remove_file(path)
        self._forget(path)

    def remove_folder(self, path: Path) -> None:
        self._call("rmdir", path)
        super().remove_folder(path)
        self._forget(path)

    def sync_all(self) -> None:
        self._call("sync", self.folder)
        self._names.clear()
        self._contents.clear()

    # --- what `certrelay.client.store.system` calls ---

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        creates = bool(flags & os.O_CREAT)
        if creates:
            self._call("create", path)
        descriptor = os.open(path, flags, mode)
        self._opened[descriptor] = path
        if creates:
            self._names.append(_Name(path))
            self._contents.add(path)
        return descriptor

    def fsync(self, descriptor: int) -> None:
        path = self._opened[descriptor]
        self._call("fsync", path)
        if path.is_dir():
            self._names = [name for name in self._names if name.made.parent != path]
        else:
            self._contents.discard(path)

    def link(self, source: Path, target: Path, **more: Any) -> None:
        self._call("link", target)
        os.link(source, target, **more)
        self._names.append(_Name(target))
        if source in self._contents:
            self._contents.add(target)

    # --- what happens to it ---

    def restart(self) -> None:
        """Another program runs, on what the last one left."""
        self.process += 1
        self._crashed = False

    def repair(self) -> None:
        """No call fails any more."""
        self.failures = {}
        self._lasting_error = None

    def settle(self) -> None:
        """Let everything last that is there, and count calls from here."""
        self._names.clear()
        self._contents.clear()
        self.calls = 0
        self.log.clear()

    def lose_power(self) -> None:
        """Forget, as chance has it, what no fsync had made lasting."""
        for path in sorted(self._contents):
            if path.exists() and self._draw.random() < 0.7:
                os.truncate(path, self._draw.randint(0, path.stat().st_size))
        forgetful = self._draw.choice((0.1, 0.5, 0.9))
        for name in reversed(self._names):
            if self._draw.random() < forgetful:
                self._undo(name)
        self._names.clear()
        self._contents.clear()

    def lasts(self, path: Path) -> bool:
        """Tell whether all of ``path`` is there, and would be after the loss of power."""
        if not path.exists():
            return False
        names = [name.made for name in self._names]
        return not any(
            name == path or name in path.parents or path in name.parents
            for name in (*names, *self._contents)
        )

    def _call(self, what: str, path: Path) -> None:
        if self._crashed:
            raise Crash
        self.calls += 1
        self.log.append(f"{what} {path.name}")
        failure = self.failures.get(self.calls)
        if failure is not None and failure.number is None:
            self._crashed = True
            raise Crash
        if failure is not None and failure.for_good:
            self._lasting_error = failure.number
        number = failure.number if failure is not None else self._lasting_error
        if number == errno.ENOSPC and failure is None and what in ("unlink", "rmdir", "rename"):
            return  # that needs no room
        if what == "sync":
            return  # it asks nobody
        if number is not None:
            raise OSError(number, os.strerror(number))

    def _moved(self, source: Path, target: Path) -> None:
        def follow(path: Path) -> Path:
            if path == source or source in path.parents:
                return target / path.relative_to(source)
            return path

        self._contents = {follow(path) for path in self._contents}
        for name in self._names:
            # Its own making is forgotten together with its moving.
            name.made = follow(name.made)
        self._names.append(_Name(target, source))

    def _forget(self, path: Path) -> None:
        self._contents.discard(path)
        self._names = [name for name in self._names if name.made != path]

    def _undo(self, name: _Name) -> None:
        if not name.made.exists():
            return
        if name.moved_from is not None and name.moved_from.parent.is_dir():
            name.made.rename(name.moved_from)
        elif name.made.is_dir():
            shutil.rmtree(name.made)
        else:
            name.made.unlink()


class _Os:
    """Stands in for ``os`` where the store's modules use it."""

    def __init__(self) -> None:
        self.disk: SimDisk | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        assert self.disk is not None
        return self.disk.open(path, flags, mode)

    def fsync(self, descriptor: int) -> None:
        assert self.disk is not None
        self.disk.fsync(descriptor)

    def link(self, source: Path, target: Path, **more: Any) -> None:
        assert self.disk is not None
        self.disk.link(source, target, **more)

    def getpid(self) -> int:
        assert self.disk is not None
        return self.disk.process

    def urandom(self, size: int) -> bytes:
        assert self.disk is not None
        return self.disk._draw.randbytes(size)

    def kill(self, process: int, _signal: int) -> None:
        assert self.disk is not None
        if process != self.disk.process:
            raise ProcessLookupError


_OS = _Os()


@contextlib.contextmanager
def simulated_os() -> Iterator[None]:
    """Let the store's modules call the disk in use instead of the system."""
    with contextlib.ExitStack() as stack:
        for module in (parts, store, system):
            stack.enter_context(mock.patch.object(module, "os", _OS))
        yield


@contextlib.contextmanager
def in_use(disk: SimDisk) -> Iterator[None]:
    """Whose program runs now."""
    before, _OS.disk = _OS.disk, disk
    try:
        yield
    finally:
        _OS.disk = before


def memory_folder() -> Path | None:
    """Where files cost least; ``None`` for the system's own temporary folder."""
    folder = Path("/dev/shm")
    return folder if folder.is_dir() and os.access(folder, os.W_OK) else None
