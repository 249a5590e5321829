"""The outermost shell of both clients: errors become sentences and exit statuses here only."""

import contextlib
import errno
import gc
import os
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, ExitStatus, Interrupted, StateError, StorageError

_NEW_OBJECTS: Final = 20_000
"""How many make Python look for circles of objects: it looks at 700 by itself."""


def run(command: Callable[[], CertRelayError | None], report: Report) -> int:
    """Run a command.

    Args:
        command: Returns ``None`` for success, or the error that it ended with; may raise.
        report: Where the error is told.

    Returns:
        The process's exit status.
    """
    forbid_core_dumps()
    # What is loaded now stays: looking through it for circles again and again takes 4 ms.
    gc.set_threshold(_NEW_OBJECTS)
    try:
        error = command()
    except CertRelayError as raised:
        error = raised
    except KeyboardInterrupt:
        error = Interrupted("interrupted")
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.READER_GONE
    except OSError as unwritable:
        if unwritable.filename is not None:
            return _tell(_unexpected(unwritable), report)
        # Files and sockets tell their failures themselves: this is a standard stream's.
        error = StorageError("output_failed", why=errno.errorcode.get(unwritable.errno or 0, "EIO"))
    except Exception as unexpected:
        error = _unexpected(unexpected)
    return ExitStatus.OK if error is None else _tell(error, report)


def _unexpected(exception: Exception) -> CertRelayError:
    """A fault of ours.  A foreign exception's message may hold anything, so its type is told."""
    if os.environ.get("CERTRELAY_TRACEBACK"):
        import traceback  # 3 ms, for a fault of ours only

        traceback.print_exc()
    return StateError(type(exception).__name__)


def _tell(error: CertRelayError, report: Report) -> ExitStatus:
    with contextlib.suppress(OSError):  # a screen or a pipe that is gone
        report.error(error)
    return error.exit_status


def leave(status: int) -> NoReturn:
    """End the process: to take Python down object by object takes 10 ms and helps nobody."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        status = status or ExitStatus.READER_GONE
    except OSError:
        status = status or ExitStatus.STORAGE
    os._exit(status)


def forbid_core_dumps() -> None:
    """Let no crash write this process's memory, and with it keys and passwords, to a disk.

    Systems without the limit (Windows) write none by themselves.
    """
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
