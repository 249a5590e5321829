"""The system calls that a store makes, each of which can fail; tests replace this class."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypedDict

from certrelay.errors import StorageError

_CREATE: Final = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_CODES: Final = {
    errno.ENOSPC: "disk_full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.ENOTDIR: "not_a_folder",
    errno.ELOOP: "not_a_folder",
}
_FOLDER: Final = (
    getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)
_THROUGH: Final = _FOLDER | getattr(os, "O_PATH", os.O_RDONLY)
"""How a folder is opened in order to reach what is in it."""

_BY_DESCRIPTOR: Final = {os.open, os.mkdir, os.rename, os.link, os.unlink, os.rmdir, os.stat} <= (
    os.supports_dir_fd
)
"""Whether the system takes a name together with the open folder that it is in: not on Windows."""


class _In(TypedDict, total=False):
    dir_fd: int


class Disk:
    """What changes a disk.  Every method raises ``OSError`` as the system does.

    Below ``root`` no link is ever followed, not even one that somebody puts in a folder's place
    between two of our steps: where the system can, every name is reached from folder to folder by
    descriptors, and what is no folder then is refused.
    """

    root: Path | None = None
    """A store's root, which may itself be a link; ``None`` if nothing is to be guarded."""

    def make_folder(self, path: Path) -> None:
        """Make a folder that only its owner enters; it must not be there yet."""
        with self._reach(path) as (name, inside):
            os.mkdir(name, 0o700, **inside)  # noqa: PTH102 - in an open folder

    def write(self, path: Path, content: bytes) -> None:
        """Write a new file that only its owner reads, down to the disk's surface."""
        with self._reach(path) as (name, inside):
            descriptor = os.open(name, _CREATE, 0o600, **inside)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, source: Path, target: Path) -> None:
        """Give a folder its final name; the target must not be there."""
        with self._reach(source) as (one, here), self._reach(target) as (other, there):
            os.rename(one, other, src_dir_fd=here.get("dir_fd"), dst_dir_fd=there.get("dir_fd"))

    def place(self, source: Path, target: Path) -> None:
        """Give a file its final name without ever replacing another file."""
        try:
            self.link(source, target)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):
            # A file system without hard links (a USB stick): look, then rename.
            if self._is_there(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            Disk.rename(self, source, target)
            return
        with self._reach(source) as (name, inside):
            os.unlink(name, **inside)

    def replace(self, source: Path, target: Path) -> None:
        """Put a file in another one's place in one step."""
        with self._reach(source) as (one, here), self._reach(target) as (other, there):
            os.replace(one, other, src_dir_fd=here.get("dir_fd"), dst_dir_fd=there.get("dir_fd"))

    def sync_folder(self, path: Path) -> None:
        """Make names in a folder last; Windows cannot and need not."""
        if os.name == "nt":
            return
        with self._reach(path) as (name, inside):
            flags = os.O_RDONLY | (_FOLDER if inside else 0)
            descriptor = os.open(name, flags, **inside)
        try:
            os.fsync(descriptor)
        except OSError as error:
            # Some network and FUSE file systems know no such thing for folders.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise
        finally:
            os.close(descriptor)

    def sync_all(self) -> None:
        """Make everything last, on every disk: slow, but it needs no permission.

        Windows cannot and need not: see `sync_folder`.
        """
        if sys.platform != "win32":
            os.sync()

    def sync_file(self, path: Path) -> None:
        """Make the content of a file last that somebody else wrote."""
        # Windows syncs only what is open for writing.
        mode = os.O_RDWR if os.name == "nt" else os.O_RDONLY
        with self._reach(path) as (name, inside):
            descriptor = os.open(name, mode | getattr(os, "O_NOFOLLOW", 0), **inside)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove_file(self, path: Path) -> None:
        """Remove a file."""
        with self._reach(path) as (name, inside):
            os.unlink(name, **inside)

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        with self._reach(path) as (name, inside):
            os.rmdir(name, **inside)

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name."""
        with self._reach(source) as (one, here), self._reach(target) as (other, there):
            folders = {"src_dir_fd": here.get("dir_fd"), "dst_dir_fd": there.get("dir_fd")}
            os.link(one, other, follow_symlinks=False, **folders)

    def exchange(self, one: Path, other: Path) -> None:
        """Swap two folders in one step, where the system can.

        Raises:
            OSError: ``ENOTSUP`` where it cannot (Windows, some file systems).
        """
        with self._reach(one) as (first, here), self._reach(other) as (second, there):
            folders = (here.get("dir_fd"), there.get("dir_fd"))
            if not _swap(os.fsencode(first), os.fsencode(second), folders):
                raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    def remove_tree(self, folder: Path) -> None:
        """Remove a folder and all in it, as far as it goes; never follows a link."""
        with contextlib.suppress(OSError):
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    self.remove_tree(path)
                else:
                    with contextlib.suppress(OSError):
                        self.remove_file(path)
        with contextlib.suppress(OSError):
            self.remove_folder(folder)

    def _is_there(self, path: Path) -> bool:
        with self._reach(path) as (name, inside):
            try:
                os.stat(name, follow_symlinks=False, **inside)  # noqa: PTH116 - in an open folder
            except FileNotFoundError:
                return False
        return True

    @contextlib.contextmanager
    def _reach(self, path: Path) -> Iterator[tuple[Path | str, _In]]:
        """Open the folder that a path is in, link by link refused, as long as the block runs.

        Yields:
            The name in it, and the descriptor as the calls of ``os`` take it; the path itself and
            no descriptor if it is not below the root.

        Raises:
            NotADirectoryError: If there is a link, or no folder, on the way.
        """
        if self.root is None or not _BY_DESCRIPTOR or self.root not in path.parents:
            yield path, {}
            return
        *above, name = path.relative_to(self.root).parts
        folder = os.open(self.root, _THROUGH & ~getattr(os, "O_NOFOLLOW", 0))
        try:
            for each in above:
                inner = os.open(each, _THROUGH, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield name, {"dir_fd": folder}
        finally:
            os.close(folder)


def _swap(one: bytes, other: bytes, folders: tuple[int | None, int | None] = (None, None)) -> bool:
    """Ask the system for a swap of two names; ``False`` if it knows none.

    Args:
        one: A name.
        other: Another one.
        folders: The open folders that they are in; ``None`` for a path.
    """
    if sys.platform not in ("linux", "darwin"):
        return False
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    # renameat2 of Linux with RENAME_EXCHANGE, renameatx_np of macOS with RENAME_SWAP.
    call = getattr(library, "renameat2" if sys.platform == "linux" else "renameatx_np", None)
    current = -100 if sys.platform == "linux" else -2  # AT_FDCWD
    here, there = (current if folder is None else folder for folder in folders)
    return call is not None and call(here, one, there, other, 2) == 0


def others_can_read(path: Path) -> bool:
    """Tell whether other users of this computer can read a file that was made for its owner: on a
    stick with exFAT or FAT nobody can be kept out."""
    if os.name == "nt":
        return False
    try:
        inner = next(iter(sorted(path.iterdir())), path) if path.is_dir() else path
        return bool(inner.stat().st_mode & 0o044)
    except OSError:
        return False


def storage_error(error: OSError, path: Path) -> StorageError:
    """Say what an ``OSError`` of a store means to a person."""
    return StorageError(_CODES.get(error.errno or 0, "write_failed"), path=str(path))
