"""One program at a time at a file that several may change."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock beside ``path`` as long as the block runs; others wait.

    It lies in a file of its own, since ``path`` itself may be exchanged.  Where the system or the
    file system knows no locks, nothing is held.

    Raises:
        OSError: The file of the lock cannot be made.
    """
    beside = path.with_name(f".{path.name}.lock")
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(beside, flags, 0o600)
    try:
        with suppress(OSError):
            _lock(descriptor)
        yield
    finally:
        os.close(descriptor)  # which lets go of the lock


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # waits for ten seconds
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)
