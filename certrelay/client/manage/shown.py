"""Which list a person has seen: a number counts only as long as it is still that list.

Of each list only a digest is kept, in one small file for each choice of stores.
"""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from certrelay.client.path_text import path_text
from certrelay.client.private_file import write_private
from certrelay.client.store.reading import Entry
from certrelay.errors import UsageError

_FOLDER: Final = "shown"


class Shown:
    """What was shown last.

    Args:
        memory: The program's own folder; made when the first list is shown.
    """

    def __init__(self, memory: Path) -> None:
        self._folder: Final = memory / _FOLDER

    def remember(self, roots: Sequence[Path], entries: Sequence[Entry]) -> None:
        """This list is on the screen now.  A folder that cannot be written spoils nothing."""
        file = self._file(roots)
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(file, _digest(entries).encode())

    def check(self, roots: Sequence[Path], entries: Sequence[Entry]) -> None:
        """See that the list is the one that was shown; a first number shows it by itself.

        Raises:
            UsageError: ``list_changed``.
        """
        try:
            seen = self._file(roots).read_text("ascii")
        except (OSError, ValueError):
            self.remember(roots, entries)
            return
        if seen != _digest(entries):
            raise UsageError("list_changed")

    def _file(self, roots: Sequence[Path]) -> Path:
        named = json.dumps([path_text(root.absolute()) for root in roots])
        return self._folder / hashlib.sha256(named.encode()).hexdigest()[:32]


def _digest(entries: Sequence[Entry]) -> str:
    listed = [(path_text(entry.path.absolute()), _content(entry)) for entry in entries]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _content(entry: Entry) -> str:
    certificate = None if entry.summary is None else entry.summary.certificate
    return "" if certificate is None else certificate.fingerprint
