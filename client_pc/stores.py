"""The certificates that a command is about: one store, or every place of this computer.

Numbers count what `list` shows, so a number means the same for every command with the same
options.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from certrelay.client.flow.choosing import Candidate, select
from certrelay.client.home import expanded
from certrelay.client.store.reading import Entry, find, home_of, read_and_inspect
from certrelay.frozen import frozen


@frozen
class Stores:
    """One or several stores, read as one list."""

    roots: tuple[Path, ...]

    @property
    def root(self) -> Path:
        """The store that is written to."""
        return self.roots[0]

    def entries(self) -> tuple[Entry, ...]:
        """Everything found, in a stable order."""
        return tuple(entry for root in self.roots for entry in find(root))

    def pick(self, target: str) -> Candidate:
        """Find the one certificate that a person names.

        Args:
            target: A folder, a file, or a selector; see `certrelay.client.flow.choosing.select`.

        Raises:
            CertRelayError: If there is none, several, or a broken one.
        """
        path = expanded(Path(target))
        if _is_path(path, target):
            path = home_of(path)
            return Candidate(1, path, *read_and_inspect(path))
        (candidate,) = select(self.entries(), [target])
        return candidate


_SUFFIXES: Final = (".p12", ".pfx", ".der", ".cer", ".crt", ".key", ".pem")
"""A word that ends so is a file's name, though the file may not be there."""


def _is_path(path: Path, target: str) -> bool:
    # "1" is a number of the list even where a file of that name lies about.
    looks_like_one = "/" in target or "\\" in target or path.suffix.lower() in _SUFFIXES
    return not target.isdigit() and (path.exists() or looks_like_one)


def duplicates(entries: Sequence[Entry]) -> dict[Path, Path]:
    """Tell which entries are the same certificate as an earlier one, by fingerprint."""
    first: dict[str, Path] = {}
    again: dict[Path, Path] = {}
    for entry in entries:
        if entry.summary is None or entry.summary.certificate is None:
            continue
        fingerprint = entry.summary.certificate.fingerprint
        if fingerprint in first:
            again[entry.path] = first[fingerprint]
        else:
            first[fingerprint] = entry.path
    return again
