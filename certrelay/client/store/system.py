"""The system calls that a store makes, each of which can fail; tests replace this class."""

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import Final

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


class Disk:
    """What changes a disk.  Every method raises ``OSError`` as the system does."""

    def make_folder(self, path: Path) -> None:
        """Make a folder that only its owner enters; it must not be there yet."""
        path.mkdir(mode=0o700)

    def write(self, path: Path, content: bytes) -> None:
        """Write a new file that only its owner reads, down to the disk's surface."""
        descriptor = os.open(path, _CREATE, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, source: Path, target: Path) -> None:
        """Give a folder its final name; the target must not be there."""
        source.rename(target)

    def place(self, source: Path, target: Path) -> None:
        """Give a file its final name without ever replacing another file."""
        try:
            os.link(source, target, follow_symlinks=False)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):
            # A file system without hard links (a USB stick): look, then rename.
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            source.rename(target)
            return
        source.unlink()

    def replace(self, source: Path, target: Path) -> None:
        """Put a file in another one's place in one step."""
        source.replace(target)

    def sync_folder(self, path: Path) -> None:
        """Make names in a folder last; Windows cannot and need not."""
        if os.name == "nt":
            return
        descriptor = os.open(path, os.O_RDONLY)
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
        descriptor = os.open(path, mode | getattr(os, "O_NOFOLLOW", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove_file(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name."""
        os.link(source, target, follow_symlinks=False)

    def exchange(self, one: Path, other: Path) -> None:
        """Swap two folders in one step, where the system can.

        Raises:
            OSError: ``ENOTSUP`` where it cannot (Windows, some file systems).
        """
        if not _swap(os.fsencode(one), os.fsencode(other)):
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


def _swap(one: bytes, other: bytes) -> bool:
    """Ask the system for a swap of two names; ``False`` if it knows none."""
    if sys.platform not in ("linux", "darwin"):
        return False
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    swap = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
    if sys.platform == "darwin":
        call = getattr(library, "renamex_np", None)
        return call is not None and call(one, other, swap) == 0
    call, here = getattr(library, "renameat2", None), -100
    return call is not None and call(here, one, here, other, swap) == 0


def storage_error(error: OSError, path: Path) -> StorageError:
    """Say what an ``OSError`` of a store means to a person."""
    return StorageError(_CODES.get(error.errno or 0, "write_failed"), path=str(path))
