"""`certrelay import`: certificates come from the phone to this PC."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from certrelay.client.flow.session import Shell
from certrelay.e2e.qr import Direction
from certrelay.errors import CertRelayError, StorageError
from client_pc.copy import CopyOptions, copy

if TYPE_CHECKING:
    from certrelay.client.flow.receiving import Receiving
    from client_pc.history.record import Witness


def check_writable(root: Path) -> None:
    """See that the folder, or the first one above it that is there, may be written.

    Raises:
        StorageError: ``not_a_folder``, ``read_only`` or ``denied`` with ``path``.
    """
    there = next(path for path in (root, *root.absolute().parents) if path.exists())
    if not there.is_dir():
        raise StorageError("not_a_folder", path=str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise StorageError("read_only" if _is_read_only(there) else "denied", path=str(there))


def _is_read_only(folder: Path) -> bool:
    """Tell whether the whole file system is; Windows does not say."""
    if sys.platform == "win32":
        return False
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def receive(
    root: Path, options: CopyOptions, shell: Shell, past: Path | None, *, yes: bool
) -> CertRelayError | None:
    """Receive once; give the error with which it ended, if any.

    Args:
        root: The NPKI folder to store into.
        options: Relay, files for the QR code, this PC's name.
        shell: Report, answers, clock.
        past: The folder of the history, if the person wants one.
        yes: Answer the save question with yes.

    Raises:
        StorageError: If it is plain before the code is shown that nothing can be stored.
    """
    check_writable(root)
    handlers: list[Receiving] = []
    witnesses: list[Witness] = []

    def make_handler() -> "Witness":
        # Loaded here: it takes 60 ms, and by now the code is on the screen.
        from datetime import UTC, datetime

        from certrelay.client.flow.receiving import Receiving
        from certrelay.client.store.store import Store
        from client_pc.history.record import Witness

        store = Store(root)
        store.clean()
        handlers.append(Receiving(store, yes=yes, today=lambda: datetime.now(UTC)))
        witnesses.append(Witness(handlers[-1]))
        return witnesses[-1]

    ended = copy(Direction.TO_PC, make_handler, options, shell)
    if not handlers:
        return ended.error  # no code was ever shown
    from client_pc.history.record import remember

    saved = handlers[-1].saved
    if shell.report.columns is None:  # on a screen they stand already
        for each in saved:
            shell.report.result(str(each["path"]))
    if ended.error is None:
        texts = shell.report.texts
        shell.report.event("done", texts.say("pc.done.import", count=len(saved)))
    peer, arrived = witnesses[-1].peer, handlers[-1].summaries
    remember(past, "import", peer, arrived, ended=ended, report=shell.report)
    # Nothing was stored, and this PC knows better than the other device why.
    has_failed = ended.error is not None and ended.error.code == "rejected"
    return handlers[-1].failure or ended.error if has_failed else ended.error
