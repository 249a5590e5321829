"""The certificates that a command is about: one store or several, read as one list.

Numbers count what `list` shows, so a number means the same for every command with the same
options; where the list has changed since it was shown it means nothing any more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from certrelay.bundle import Kind
from certrelay.client.flow.choosing import Candidate, select
from certrelay.client.manage.sealed import Sealed
from certrelay.client.manage.shown import Shown
from certrelay.client.path_text import path_of
from certrelay.client.store.reading import Entry, find, home_of, is_certificate, read_and_inspect
from certrelay.errors import CertRelayError, StorageError, UsageError
from certrelay.frozen import frozen
from certrelay.safe_text import printable


@frozen
class Stores:
    """One or several stores, read as one list."""

    roots: tuple[Path, ...]
    named: tuple[Path, ...] = ()
    """Those that somebody has named: one that is not there is a mistake, or a stick left out."""

    memory: Path | None = None
    """The folder of what this program remembers; ``None`` if it shall remember nothing."""

    @property
    def root(self) -> Path:
        """The store that is written to."""
        return self.roots[0]

    @property
    def missing(self) -> StorageError | None:
        """That a store which was named is not there."""
        gone = next((root for root in self.named if not root.exists()), None)
        return None if gone is None else StorageError("no_store", path=str(gone))

    def entries(self) -> tuple[Entry, ...]:
        """Everything found, each once, in a stable order; what was unlocked once is known."""
        found = {entry.path: entry for root in self.roots for entry in find(root)}
        if self.memory is None:
            return tuple(found.values())
        sealed = Sealed(self.memory)
        return tuple(sealed.completed(entry) for entry in found.values())

    def root_of(self, path: Path) -> Path:
        """The store that a certificate lies in; the one that is written to if it lies in none."""
        return next((root for root in self.roots if root in path.parents), self.root)

    def pick(
        self,
        target: str,
        prefer: Kind | None = None,
        *,
        one_file: bool = False,
        entries: Sequence[Entry] | None = None,
    ) -> Candidate:
        """Find the one certificate that a person names.

        Args:
            target: A folder, a file, or a selector; see `certrelay.client.flow.choosing.select`.
            prefer: Of several files of one certificate, the kind that is taken.
            one_file: Whether it must be clear which of several files is meant.
            entries: What was found already.

        Raises:
            CertRelayError: If there is none, several, or a broken one.
        """
        path = named_path(target)
        if path is not None:
            path = home_of(path)
            return Candidate(1, path, *read_and_inspect(path))
        known = self.entries() if entries is None else entries
        (candidate,) = self._selected(target, known, prefer, one_file=one_file)
        return candidate

    def pick_entry(
        self,
        target: str,
        entries: Sequence[Entry] | None = None,
        prefer: Kind | None = None,
        *,
        one_file: bool = True,
    ) -> Entry:
        """Find what is named: a broken one too, and never a folder that is none.

        Raises:
            CertRelayError: If there is none, or several.
        """
        path = named_path(target)
        if path is not None:
            path = home_of(path)
            if not is_certificate(path):
                read_and_inspect(path)  # says best what it is
                raise UsageError("selector_unknown", selector=printable(target))
            return _entry_at(path)
        entries = self.entries() if entries is None else entries
        number = target.strip()
        if number.isdigit() and 1 <= int(number) <= len(entries):
            self._check_numbers(entries)
            return entries[int(number) - 1]
        return self.pick(target, prefer, one_file=one_file, entries=entries).entry

    def _selected(
        self, target: str, entries: Sequence[Entry], prefer: Kind | None, *, one_file: bool
    ) -> tuple[Candidate, ...]:
        if target.strip().isdigit() and int(target) <= len(entries):
            self._check_numbers(entries)
        try:
            return select(entries, [target], prefer, one_file=one_file)
        except CertRelayError as error:
            if error.code in ("no_certificates", "selector_unknown") and self.missing:
                raise self.missing from None
            raise

    def _check_numbers(self, entries: Sequence[Entry]) -> None:
        if self.memory is not None:
            Shown(self.memory).check(self.roots, entries)

    def remember_shown(self, entries: Sequence[Entry]) -> None:
        """A person sees this list now: its numbers count from here on."""
        if self.memory is not None:
            Shown(self.memory).remember(self.roots, entries)


def _entry_at(path: Path) -> Entry:
    """What lies at a path, also if it is broken."""
    kind: Kind = "npki" if path.is_dir() else "pkcs12"
    try:
        return Entry(path, kind, *read_and_inspect(path), None)
    except CertRelayError as error:
        return Entry(path, kind, None, None, error)


_SUFFIXES: Final = (".p12", ".pfx", ".der", ".cer", ".crt", ".key", ".pem")
"""A word that ends so is a file's name, though the file may not be there."""


def named_path(target: str) -> Path | None:
    """The path that a target is; ``None`` if it is a selector.

    Raises:
        UsageError: ``selector_unknown`` for an empty one, which would be the current folder.
    """
    if not target.strip():
        raise UsageError("selector_unknown", selector="")
    path = path_of(target)
    looks_like_one = "/" in target or "\\" in target or path.suffix.lower() in _SUFFIXES
    # "1" is a number of the list even where a file of that name lies about.
    return path if not target.isdigit() and (path.exists() or looks_like_one) else None


def duplicates(entries: Sequence[Entry]) -> dict[Path, Path]:
    """Tell which entries are the same certificate as an earlier one, by fingerprint.

    A pair and a PKCS#12 file of one certificate are no copies of each other: each has its use.
    """
    first: dict[tuple[str, str], Path] = {}
    again: dict[Path, Path] = {}
    for entry in entries:
        if entry.summary is None or entry.summary.certificate is None:
            continue
        key = (entry.kind, entry.summary.certificate.fingerprint)
        if key in first:
            again[entry.path] = first[key]
        else:
            first[key] = entry.path
    return again
