"""`certrelay add`: certificates out of files and folders into the store.

No password is asked: nothing is opened, and every byte stays as it is.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from certrelay.client.flow.choosing import Candidate
from certrelay.client.store.reading import find, home_of, is_certificate, read_and_inspect
from certrelay.client.store.store import Store
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, SomeFailed
from client_pc.telling import tell_saved


def add(root: Path, places: Sequence[Path], report: Report) -> CertRelayError | None:
    """Put copies of certificates into a store; where they come from nothing changes.

    Args:
        root: The store, an NPKI folder.
        places: Certificate folders, files, and folders that hold several certificates.

    Returns:
        ``some_failed``, if one of several cannot be read or stored; each is told by itself.

    Raises:
        CertRelayError: The only one's.
    """
    sources = [source for place in places for source in _sources(place)]
    store, failed = Store(root), 0
    store.clean()
    there = {
        (entry.kind, entry.summary.certificate): entry.path
        for entry in find(root)
        if entry.summary is not None and entry.summary.certificate is not None
    }
    for source in sources:
        try:
            candidate = Candidate(1, source, *read_and_inspect(source))
            same = (candidate.item.kind, candidate.summary.certificate)
            if same in there:
                tell_saved(candidate, there[same], "duplicate", candidate.about(report))
                continue
            saved = store.save(candidate.item, candidate.summary.place, beside=True)
        except CertRelayError as error:
            if len(sources) == 1:
                raise
            report.error(error)
            failed += 1
        else:
            tell_saved(candidate, saved.path, saved.status, candidate.about(report))
    return SomeFailed("some_failed", count=len(sources), failed=failed) if failed else None


def _sources(place: Path) -> Iterator[Path]:
    """The certificates that a place is or holds; the place itself, where there are none."""
    home = home_of(place)
    found = () if is_certificate(home) or not home.is_dir() else find(home)
    yield from (entry.path for entry in found) if found else (home,)
