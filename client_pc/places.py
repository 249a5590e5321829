"""Where certificates lie on a PC, for each system.

Each system has one place that is written to by default, and several more where programs and
USB sticks keep certificates.  The places are data: `patterns` is a pure function, `found`
looks which of them are there.

Source: the field's customs; docs/architecture.md.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import Final

from certrelay.client.home import home as home_folder
from certrelay.errors import UsageError

_FIRST_DRIVE: Final = ascii_uppercase.index("C")


def default_root(
    platform: str = sys.platform,
    home: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """The NPKI folder that is read and written where none is named.

    Args:
        platform: As ``sys.platform`` says it.
        home: The person's home folder.
        environment: ``USERPROFILE`` counts on Windows.

    Raises:
        UsageError: ``no_home``.
    """
    return Path(patterns(platform, home, environment)[0])


def patterns(
    platform: str = sys.platform,
    home: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[str, ...]:
    """All places where a system's programs keep certificates, the default one first.

    ``*`` stands for any one folder: the name of a person or of a drive.
    """
    home = home_folder() if home is None else home
    if platform == "win32":
        profile = environment.get("USERPROFILE") or str(home)
        programs = (
            environment.get("ProgramFiles") or "C:\\Program Files",
            environment.get("ProgramFiles(x86)") or "C:\\Program Files (x86)",
        )
        return (
            f"{profile}\\AppData\\LocalLow\\NPKI",
            *(f"{folder}\\NPKI" for folder in programs),
            *(f"{letter}:\\NPKI" for letter in ascii_uppercase[_FIRST_DRIVE:]),
        )
    if platform == "darwin":
        return (
            f"{home}/Library/Preferences/NPKI",
            f"{home}/Documents/NPKI",
            f"{home}/NPKI",
            "/Volumes/*/NPKI",
        )
    return (
        f"{home}/NPKI",
        f"{home}/PKI/NPKI",
        "/media/*/*/NPKI",
        "/run/media/*/*/NPKI",
    )


def found(
    places: tuple[str, ...] | None = None,
) -> tuple[Path, ...]:
    """The places that are there, each once, in the order of `patterns`.

    Names are matched without case.  A place that may not be looked at is passed over, and
    so is a second name of one that was found already.
    """
    seen: list[Path] = []
    if places is None:
        try:
            places = patterns()
        except UsageError:
            places = ()
    for pattern in places:
        for path in _matching(Path(pattern)):
            if not any(_is_same(path, other) for other in seen):
                seen.append(path)
    return tuple(seen)


def _matching(pattern: Path) -> Iterator[Path]:
    """Give the folders that match; the drive or the root itself is taken as it is."""
    paths = [Path(pattern.anchor)]
    for part in pattern.parts[1:] if pattern.anchor else pattern.parts:
        paths = [inner for path in paths for inner in _inside(path, part)]
    yield from paths


def _inside(folder: Path, name: str) -> list[Path]:
    from certrelay.client.store.reading import same_name  # with all that reads certificates: 20 ms

    try:
        if name != "*" and (folder / name).is_dir():
            return [folder / name]
        inner = sorted(folder.iterdir())
        return [path for path in inner if path.is_dir() and name in ("*", path.name)] or [
            path for path in inner if path.is_dir() and same_name(path.name, name)
        ]
    except OSError:
        return []


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
