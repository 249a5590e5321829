"""The trash of a store: what was deleted lies there for 30 days and can be put back.

It lies in the store itself, so that a rename in one step puts it there and back, and no program
that looks for certificates finds it.  Each deleted certificate has a folder: ``entry.json`` says
what it was, ``content`` holds its files.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from certrelay.client.path_text import path_of, path_text
from certrelay.client.store.reading import files_by_role, is_set
from certrelay.client.store.system import Disk, storage_error
from certrelay.errors import StorageError
from certrelay.frozen import frozen
from certrelay.limits import TRASH_DAYS

FOLDER: Final = ".certrelay-trash"
_ENTRY: Final = "entry.json"
_CONTENT: Final = "content"
_LOOKS: Final = 20
"""How often is looked again where other programs work in the trash at the same moment."""


@frozen
class Deleted:
    """A certificate in the trash."""

    at: datetime
    path: Path
    """Where it was, and where `restore` puts it."""

    fingerprint: str | None
    owner: str
    """A stranger's text."""

    folder: Path
    """Where it lies in the trash."""

    @property
    def until(self) -> datetime:
        """When it goes for good."""
        return self.at + timedelta(days=TRASH_DAYS)

    def fields(self) -> dict[str, Any]:
        """What a script reads."""
        return {
            "path": self.path,
            "fingerprint": self.fingerprint,
            "owner": self.owner,
            "deleted_at": self.at.isoformat(),
            "until": self.until.isoformat(),
        }


class Trash:
    """The trash of one store.

    Args:
        root: The store.
        disk: What changes it.
    """

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self._root: Final = root
        self._folder: Final = root / FOLDER
        self._disk: Final = disk or Disk()

    def put(self, path: Path, fingerprint: str | None, owner: str, now: datetime) -> None:
        """Take a certificate away: its folder with all that is in it, its file, its set of files.

        Raises:
            StorageError: If it cannot be moved; then all of it is where it was.
        """
        files = sorted(files_by_role(path).values()) if is_set(path) else [path]
        folder = self._folder / f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        entry = {
            "at": now.astimezone(UTC).isoformat(),
            "path": path_text(path.absolute()),
            "fingerprint": fingerprint,
            "owner": owner,
        }
        gone: list[tuple[Path, Path]] = []
        try:
            self._make(folder)
            self._disk.make_folder(folder / _CONTENT)
            self._disk.write(folder / _ENTRY, json.dumps(entry).encode())
            for file in files:
                moved = folder / _CONTENT / file.name
                self._disk.rename(file, moved)  # a link is moved, not what it points to
                gone.append((file, moved))
            self._disk.sync_folder(path.parent)
        except OSError as error:
            if len(gone) < len(files):
                with contextlib.suppress(OSError):
                    for file, moved in gone:
                        self._disk.rename(moved, file)
                    self._disk.remove_tree(folder)
            raise storage_error(error, path) from error

    def _make(self, folder: Path) -> None:
        """Make a folder in the trash, and the trash: another program may make or remove it now."""
        for looks_left in reversed(range(_LOOKS)):
            with contextlib.suppress(FileExistsError):
                self._disk.make_folder(self._folder)
            try:
                self._disk.make_folder(folder)
            except FileNotFoundError:
                if not looks_left:
                    raise
            else:
                return

    def deleted(self) -> tuple[Deleted, ...]:
        """What lies there, newest first; nothing of which another program has no file yet."""
        found = []
        for folder in _below(self._folder):
            if not _below(folder / _CONTENT):
                continue
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                entry = json.loads((folder / _ENTRY).read_text("utf-8"))
                at = datetime.fromisoformat(entry["at"]).astimezone(UTC)
                owner, fingerprint = str(entry["owner"]), entry["fingerprint"]
                found.append(Deleted(at, path_of(entry["path"]), fingerprint, owner, folder))
        return tuple(sorted(found, key=lambda each: each.at, reverse=True))

    def restore(self, deleted: Deleted) -> None:
        """Put a certificate back where it was.

        Raises:
            StorageError: ``name_taken`` if something stands there now, ``not_in_trash`` if another
                program was faster, or what the disk says.
        """
        content = deleted.folder / _CONTENT
        if not _below(content):
            raise StorageError("not_in_trash", selector=str(deleted.path))
        pairs = [(file, deleted.path.parent / file.name) for file in _below(content)]
        for _, target in pairs:
            if os.path.lexists(target):
                raise StorageError("name_taken", path=str(target))
        done: list[tuple[Path, Path]] = []
        try:
            deleted.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file, target in pairs:
                self._disk.rename(file, target)
                done.append((file, target))
            self._disk.sync_folder(deleted.path.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                for file, target in done:
                    self._disk.rename(target, file)
            raise storage_error(error, deleted.path) from error
        self._disk.remove_tree(deleted.folder)

    def empty(self, before: datetime | None = None) -> int:
        """Remove for good what was deleted before a moment, or all of it.

        Returns:
            How many certificates went.
        """
        gone = 0
        for each in self.deleted():
            if before is None or each.at < before:
                self._disk.remove_tree(each.folder)
                gone += not each.folder.exists()
        with contextlib.suppress(OSError):
            self._disk.remove_folder(self._folder)
        return gone

    def drop_old(self, now: datetime) -> int:
        """Remove for good what has lain there for `TRASH_DAYS`."""
        return self.empty(now - timedelta(days=TRASH_DAYS))


def find_deleted(trashes: Sequence[Trash], target: str) -> tuple[Trash, Deleted]:
    """Find what was deleted last and is named by its fingerprint, path, or a part of the owner.

    Raises:
        StorageError: ``not_in_trash``.
    """
    wanted = target.strip()
    tests: tuple[Callable[[Deleted], bool], ...] = (
        lambda each: len(wanted) >= 8 and (each.fingerprint or "").startswith(wanted.lower()),
        lambda each: each.path == path_of(wanted).absolute(),
        lambda each: wanted.casefold() in each.owner.casefold(),
    )
    for test in tests:
        for trash in trashes:
            for deleted in trash.deleted():
                if wanted and test(deleted):
                    return trash, deleted
    raise StorageError("not_in_trash", selector=target)


def _below(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
