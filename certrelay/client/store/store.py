"""A store of certificates on a disk: each is there whole or not at all, and none is replaced.

    <root>/<CA>/USER/<DN>/signCert.der …      <root>/PKCS12/<name>.p12

A certificate is written into a folder of its own name ending (`certrelay.client.store.parts`)
inside the root, synced, then renamed into its place in one step.  A crash leaves at most that
folder, which `Store.clean` removes later.

Source: docs/protocol.md §7 (commit); docs/security.md, attacks 17 and 18.
"""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from certrelay.bundle import Item
from certrelay.client.store import parts
from certrelay.client.store.file_names import same_file_name
from certrelay.client.store.reading import (
    FILE_NAMES,
    PKCS12_ENDINGS,
    read_file,
    read_folder,
)
from certrelay.client.store.system import Disk, storage_error
from certrelay.errors import CertificateError, StorageError
from certrelay.frozen import frozen
from certrelay.pki.naming import Place, is_place, numbered

MAX_BESIDE: Final = 999
"""Certificates of one name that are kept beside each other."""

_LOOKS: Final = 20
"""How often is looked again where other programs work in the store at the same moment."""

_OTHERS_WORK: Final = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOENT})
"""What the system says where another program has taken a name, or removed a folder, just now."""


@frozen
class SavedFile:
    """A file of a saved certificate: its name on the disk, and its SHA-256 in hex."""

    name: str
    sha256: str


@frozen
class Saved:
    """Where a certificate lies now, and whether it was there before."""

    status: Literal["stored", "duplicate"]
    path: Path
    files: tuple[SavedFile, ...]


class Store:
    """A store below one root folder, which need not be there yet.

    Args:
        root: The NPKI folder.
        disk: What does the writing; tests pass one that fails.
    """

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self.root: Final = root
        self._disk: Final = disk or Disk()
        self._disk.root = root

    def holds(self, item: Item, place: Place) -> Path | None:
        """Give the path under which exactly these bytes are stored, if they are."""
        for path in self._candidates(place):
            if not _is_there(path):
                break
            if _holds(path, item):
                return path
        # A PKCS#12 file may lie there under a name that a person or an older release gave it.
        others = _pkcs12_files(path.parent) if item.kind == "pkcs12" else ()
        return next((path for path in others if _holds(path, item)), None)

    def name_is_taken(self, item: Item, place: Place) -> bool:
        """Tell whether another certificate stands under that name, and this one nowhere."""
        first = next(self._candidates(place))
        return _is_there(first) and self.holds(item, place) is None

    def save(self, item: Item, place: Place, *, beside: bool = False) -> Saved:
        """Store an item.

        Args:
            item: What to store; its files are written byte for byte.
            place: From `certrelay.pki.check.Summary.place`.
            beside: Store it under the next free number if its name is taken.

        Returns:
            Where it is; ``duplicate`` if the same bytes were there, and nothing was written.

        Raises:
            StorageError: ``name_taken``, ``disk_full``, ``read_only``, ``denied``,
                ``not_a_folder``, ``write_failed``.  Nothing of this item is left then.
            ValueError: If the place is not a safe one: a bug in the caller.
        """
        if not is_place(place):
            raise ValueError("not a place in a store")
        for _ in range(_LOOKS):
            try:
                if (there := self.holds(item, place)) is not None:
                    self._make_last(there)
                    return Saved("duplicate", there, _saved_files(item, there))
                target = self._free_path(place, beside=beside)
                self._write(item, target)
            except OSError as error:
                if error.errno in _OTHERS_WORK:  # another process was faster: look again
                    continue
                raise storage_error(error, self.root) from error
            return Saved("stored", target, _saved_files(item, target))
        raise StorageError("name_taken", path=str(self.root))

    def clean(self) -> int:
        """Remove what crashed programs left unfinished; give the number of folders removed.

        Only folders of our own naming go, and only when the process that made them is gone
        or, if it ran on another computer, after an hour.
        """
        return parts.clean(self.root, self._disk)

    def _make_last(self, path: Path) -> None:
        """Sync what is there: whoever wrote it may have ended before its last sync."""
        for file in path.iterdir() if path.is_dir() else (path,):
            if file.is_file() and not file.is_symlink():
                self._disk.sync_file(file)
        if path.is_dir():
            self._disk.sync_folder(path)
        self._sync_names(path.parent, ())

    def _sync_names(self, folder: Path, made: Sequence[Path]) -> None:
        """Make every name on the way to ``folder`` last, also those that were there already.

        A program that ended in the middle may have made them and synced none.
        """
        while folder != self.root.parent:
            self._disk.sync_folder(folder)
            folder = folder.parent
        above = [each.parent for each in made if each.parent in self.root.parents]
        for folder in dict.fromkeys((self.root.parent, *above)):
            try:
                self._disk.sync_folder(folder)
            except PermissionError:  # above the store, so perhaps not ours to open
                self._disk.sync_all()

    def _candidates(self, place: Place) -> Iterator[Path]:
        """Give the paths of a name and its numbered neighbours, as the disk spells them."""
        parent = self.root
        for name in place[:-1]:
            parent /= _spelled(parent, name)
            if parent.is_symlink() or (_is_there(parent) and not parent.is_dir()):
                raise StorageError("not_a_folder", path=str(parent))
        for number in range(1, MAX_BESIDE + 1):
            name = place[-1] if number == 1 else numbered(place, number)[-1]
            yield parent / _spelled(parent, name)

    def _free_path(self, place: Place, *, beside: bool) -> Path:
        for path in self._candidates(place):
            if not _is_there(path):
                return path
            if not beside:
                break
        raise StorageError("name_taken", path=str(path))

    def _write(self, item: Item, target: Path) -> None:
        """Write everything into an unfinished folder, then give it its place."""
        part = parts.fresh(self.root)
        source = part if item.kind == "npki" else part / "pkcs12"
        made: list[Path] = []
        complete = False
        try:
            for folder in _missing(target.parent):
                if self._make(folder):
                    made.append(folder)
            self._disk.make_folder(part)
            for file in item.files:
                self._disk.write(part / FILE_NAMES.get(file.role, file.role), file.content)
            self._disk.sync_folder(part)
            complete = True
            if source == part:
                self._disk.rename(part, target)
            else:
                self._disk.place(source, target)
                self._disk.remove_folder(part)
            self._sync_names(target.parent, made)
        except BaseException:  # Ctrl-C too
            # Our part has a name of its own, so if it is gone it stands in its place.
            if complete and (not _is_there(source) or _same_file(source, target)):
                self._take_back(target, part)
            else:
                self._disk.remove_tree(part)
            for folder in reversed(made):
                with contextlib.suppress(OSError):
                    self._disk.remove_folder(folder)
            raise

    def _make(self, folder: Path) -> bool:
        """Make a folder; ``False`` if another process has just made it."""
        try:
            self._disk.make_folder(folder)
        except FileExistsError:
            if not folder.is_dir() or folder.is_symlink():
                raise
            return False
        return True

    def _take_back(self, target: Path, part: Path) -> None:
        """Undo the placing in one step, so that a crash leaves no part of it in its place."""
        if target.is_dir():
            try:
                self._disk.rename(target, part)
            except BaseException:  # a disk that takes nothing any more, perhaps
                self._disk.remove_tree(target)
            else:
                parts.remove(part, self._disk)
        else:
            with contextlib.suppress(OSError):
                self._disk.remove_file(target)
            self._disk.remove_tree(part)


def _pkcs12_files(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.suffix.lower() in PKCS12_ENDINGS)
    except OSError:
        return []


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _spelled(parent: Path, name: str) -> str:
    """The name as it stands in a folder already, in whatever case or normal form."""
    if _is_there(parent / name):
        return name
    try:
        return next(
            (p.name for p in sorted(parent.iterdir()) if same_file_name(p.name, name)), name
        )
    except OSError:
        return name


def _missing(folder: Path) -> list[Path]:
    """The folders to make, outermost first, so that ``folder`` is there."""
    missing = []
    while not _is_there(folder):
        missing.append(folder)
        folder = folder.parent
    return missing[::-1]


def _holds(path: Path, item: Item) -> bool:
    """Tell whether every file of the item is at that path, byte for byte."""
    if path.is_symlink():
        return False
    try:
        if item.kind == "pkcs12":
            return read_file(path) == item.get("pkcs12")
        there = read_folder(path)
    except CertificateError:
        return False
    return all(there.get(file.role) == file.content for file in item.files)


def _saved_files(item: Item, path: Path) -> tuple[SavedFile, ...]:
    return tuple(
        SavedFile(FILE_NAMES.get(file.role, path.name), file.sha256.hex()) for file in item.files
    )
