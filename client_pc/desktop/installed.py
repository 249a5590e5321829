"""What was put on the desktop, written down before it is put there.

So what is taken away later is exactly that, also after a crash in the middle, under another
release, or with other folders in the environment.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from certrelay.client.path_text import path_of, path_text
from certrelay.client.private_file import write_private
from certrelay.errors import StorageError

_FILE: Final = "desktop.json"


class Installed:
    """The list of what was installed, in a file of its own.

    Args:
        folder: The program's data folder; made if it is not there.

    Raises:
        StorageError: ``output_file``, if the list cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._file: Final = folder / _FILE
        self._paths: Final[list[Path]] = []
        self._folders: Final[list[Path]] = []
        self.has_reminder = False
        self._kept: Final[set[Path]] = set()
        self._read()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is installed."""
        return not self._paths and not self.has_reminder

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is installed, in the order in which it was put there."""
        return tuple(self._paths)

    def put(self, path: Path, content: bytes, mode: int = 0o644) -> None:
        """Put a file in its place in one step; nothing happens if it lies there already.

        Raises:
            StorageError: ``desktop_taken`` if something lies there that is not ours;
                ``output_file`` if it cannot be written.
        """
        with _told(path):
            if _content(path) == content and path.stat().st_mode & 0o777 == mode:
                self._claim(path, is_same=True)
                return
            self._claim(path)
            beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            try:
                beside.write_bytes(content)
                beside.chmod(mode)
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)

    def link(self, path: Path, target: str) -> None:
        """Put a symbolic link in its place.

        Raises:
            StorageError: As `put`.
        """
        with _told(path):
            if path.is_symlink() and os.readlink(path) == target:  # noqa: PTH115 - the text itself
                self._claim(path, is_same=True)
                return
            self._claim(path)
            path.unlink(missing_ok=True)
            path.symlink_to(target)

    def expect(self, path: Path) -> None:
        """Write down a file that a program of the system is about to put there.

        Raises:
            StorageError: As `put`.
        """
        with _told(path):
            self._claim(path)

    def remember_reminder(self) -> None:
        """Write down that the system is about to be told of a daily task."""
        self.has_reminder = True
        self._write()

    def forget_reminder(self) -> None:
        """Write down that the system knows of no daily task any more."""
        self.has_reminder = False
        self._write()

    def settle(self) -> None:
        """Take away what an earlier installation has put there and this one has not.

        Raises:
            StorageError: ``output_file``.
        """
        for path in [path for path in self._paths if path not in self._kept]:
            self._take_away(path)
        self._write()

    def remove(self) -> None:
        """Take away everything, and the list.

        Raises:
            StorageError: ``output_file``; what is still there stays on the list.
        """
        self._kept.clear()
        try:
            while self._paths:
                self._take_away(self._paths[-1])
        finally:
            self._write()
        with _told(self._file):
            self._file.unlink(missing_ok=True)
        self._leave_folders()

    def _claim(self, path: Path, *, is_same: bool = False) -> None:
        """Write a path down as ours, and make its folder."""
        if path not in self._paths and not is_same and os.path.lexists(path):
            raise StorageError("desktop_taken", path=str(path))
        self._kept.add(path)
        if path not in self._paths:
            self._paths.append(path)
            self._make_folder(path.parent)
            self._write()
        else:
            self._make_folder(path.parent)

    def _make_folder(self, folder: Path, mode: int = 0o755) -> None:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        new = [each for each in reversed(missing) if each not in self._folders]
        self._folders.extend(new)
        for each in reversed(missing):
            each.mkdir(mode=mode, exist_ok=True)

    def _take_away(self, path: Path) -> None:
        with _told(path):
            path.unlink(missing_ok=True)
        self._paths.remove(path)
        self._leave_folders()

    def _leave_folders(self) -> None:
        """Take away the folders that we made and that hold nothing any more."""
        for folder in sorted(self._folders, key=lambda each: len(each.parts), reverse=True):
            with contextlib.suppress(OSError):
                folder.rmdir()
            if not folder.exists():
                self._folders.remove(folder)

    def _read(self) -> None:
        try:
            found = json.loads(self._file.read_bytes())
            self._paths.extend(path_of(text) for text in found["paths"])
            self._folders.extend(path_of(text) for text in found["folders"])
            self.has_reminder = found["reminder"] is True
        except FileNotFoundError:
            return
        except (OSError, ValueError, LookupError, TypeError):
            raise StorageError("output_file", path=str(self._file)) from None

    def _write(self) -> None:
        with _told(self._file):
            self._make_folder(self._file.parent, 0o700)
            found = {
                "paths": [path_text(path) for path in self._paths],
                "folders": [path_text(path) for path in self._folders],
                "reminder": self.has_reminder,
            }
            write_private(self._file, json.dumps(found, indent=1).encode())


def _content(path: Path) -> bytes | None:
    """What lies there, if it is a plain file."""
    try:
        return None if path.is_symlink() or not path.is_file() else path.read_bytes()
    except OSError:
        return None


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError):  # a ValueError is a NUL in the path
        raise StorageError("output_file", path=str(path)) from None
