"""`certrelay import`: certificates come from the phone to this PC."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from certrelay.client.flow.session import Shell
from certrelay.e2e.qr import Direction
from certrelay.errors import CertRelayError, StorageError
from client_pc.copy import CopyOptions, copy

if TYPE_CHECKING:
    from certrelay.client.flow.receiving import Receiving
    from certrelay.endpoint.events import Ended
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


class Incoming:
    """The receiving PC's part in a copy, and what follows it.

    Args:
        root: The NPKI folder to store into.
        shell: Report, answers, clock.
        past: The folder of the history, if the person wants one.
        yes: Answer the save question with yes.
    """

    def __init__(self, root: Path, shell: Shell, past: Path | None, *, yes: bool) -> None:
        self._root: Final = root
        self._report: Final = shell.report
        self._past: Final = past
        self._yes: Final = yes
        self._receiving: Receiving | None = None
        self._witness: Witness | None = None

    def check(self) -> None:
        """See that something can be stored.

        Raises:
            StorageError: If it is plain that nothing can.
        """
        check_writable(self._root)

    def make(self) -> "Witness":
        """Make the part, anew for each session."""
        # Loaded here: it takes 60 ms, and by now the code is on the screen.
        from datetime import UTC, datetime

        from certrelay.client.flow.receiving import Receiving
        from certrelay.client.store.store import Store
        from client_pc.history.record import Witness
        from client_pc.route import Route

        store = Store(self._root)
        store.clean()
        self._receiving = Receiving(store, yes=self._yes, today=lambda: datetime.now(UTC))
        self._witness = Witness(Route(self._receiving, "unknown"))
        return self._witness

    def finish(self, ended: "Ended") -> CertRelayError | None:
        """Tell what was stored and remember it; give the error with which it ended, if any."""
        if self._receiving is None or self._witness is None:
            return ended.error  # no code was ever shown
        from client_pc.history.record import remember

        saved, report = self._receiving.saved, self._report
        if report.columns is None:  # on a screen they stand already
            for each in saved:
                report.result(str(each["path"]))
        if ended.error is None:
            report.event("done", report.texts.say("pc.done.import", count=len(saved)))
        peer, arrived = self._witness.peer, self._receiving.summaries
        remember(self._past, "import", peer, arrived, ended=ended, report=report)
        # Nothing was stored, and this PC knows better than the other device why.
        has_failed = ended.error is not None and ended.error.code == "rejected"
        return self._receiving.failure or ended.error if has_failed else ended.error


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
    incoming = Incoming(root, shell, past, yes=yes)
    incoming.check()
    return incoming.finish(copy(Direction.TO_PC, incoming.make, options, shell))
