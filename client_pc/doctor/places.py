"""Where certificates lie, and whether what arrives could be stored."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from certrelay.client.store.reading import find
from certrelay.errors import CertRelayError
from certrelay.limits import MIB
from client_pc.doctor.finding import CheckResult
from client_pc.folders import data_folder
from client_pc.places import found

_ROOM_BYTES: Final = 4 * MIB
"""Bytes that must be free: the largest bundle, and what is written beside it."""


def all_places(store: Path) -> Iterator[CheckResult]:
    """Look at every place; then at the one that is written to, and the history's."""
    for place in dict.fromkeys((store, *found())):
        if place.exists():
            yield _read(place)
    yield _writable("store", store)
    try:
        history = _writable("history", data_folder())
    except CertRelayError as error:
        history = CheckResult.of_error("history", error)
    if history.state == "bad":
        yield history


def _read(place: Path) -> CheckResult:
    try:
        entries = find(place)
    except CertRelayError as error:
        return CheckResult.of_error("place", error)
    broken = sum(entry.summary is None for entry in entries)
    values: dict[str, str | int] = {
        "path": str(place),
        "count": len(entries) - broken,
        "broken": broken,
    }
    return CheckResult("place", "note" if broken else "good", "broken" if broken else "", values)


def _writable(check: str, folder: Path) -> CheckResult:
    """Try it: a file is written into the folder, or into the first one above that is there."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    values: dict[str, str | int] = {"path": str(folder), "there": str(there)}
    if not there.is_dir():
        return CheckResult(check, "bad", "no_folder", values)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"certrelay")
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(there).free
    except OSError as error:
        return CheckResult(check, "bad", "denied", {**values, "why": error.strerror or "?"})
    if free < _ROOM_BYTES:
        return CheckResult(check, "bad", "full", values)
    return CheckResult(check, "good", "" if folder == there else "new", values)
