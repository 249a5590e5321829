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
from certrelay.client.store.file_names import same_file_name
from certrelay.errors import UsageError

_DRIVES: Final = ascii_uppercase[ascii_uppercase.index("C") :]
_GOVERNMENT: Final = ("GPKI", "EPKI")
"""Folders beside NPKI, of civil servants' programs and of schools': ``C:\\GPKI\\Certificate``."""


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
    first = Path(patterns(platform, home, environment)[0])
    return next(iter(_inside(first.parent, first.name)), first)  # npki, where it is called so


def npki_folder(path: Path, *, reading: bool = False) -> Path:
    """Find the NPKI folder that somebody means who names a folder one or two levels off.

    A USB stick's root, ``NPKI``, ``NPKI/yessign`` and ``NPKI/yessign/USER`` all lead to
    ``NPKI``, where banks' programs look; names are matched without case.  On a drive without
    one, ``NPKI`` is the folder to make.  A folder that fits nothing is taken as it is.

    Args:
        path: What was named; need not be there.
        reading: A certificate's own folder is read as it is; written is to the store above.
    """
    if _is_npki(path):
        return path
    if _is_user(path.parent):
        return path if reading else path.parents[2]
    if (inner := next(iter(_inside(path, "NPKI")), None)) is not None:
        return inner
    if _holds_authorities(path):
        return path
    if _is_user(path):
        return path.parents[1]
    if _is_npki(path.parent) or (_is_authority(path) and _inside(path, "USER")):
        return path.parent
    return path / "NPKI" if os.path.ismount(path) else path


def _is_npki(path: Path) -> bool:
    return path.name.upper() == "NPKI"


def _is_user(path: Path) -> bool:
    """Tell whether a folder is an authority's USER; somebody's home may have that name too."""
    above = path.parent
    known = _is_authority(above) or _is_npki(above.parent)
    return path.name.upper() == "USER" and len(path.parents) > 1 and known


def _is_authority(path: Path) -> bool:
    from certrelay.pki.naming import CA_FOLDERS

    return path.name.casefold() in {name.casefold() for name in CA_FOLDERS.values()}


def _holds_authorities(folder: Path) -> bool:
    """Tell whether folders of authorities lie in a folder, whatever it is called."""
    return any(_inside(inner, "USER") for inner in _inside(folder, "*"))


def patterns(
    platform: str = sys.platform,
    home: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[str, ...]:
    """All places where a system's programs keep certificates, the default one first.

    The folders of civil servants (GPKI) and of schools (EPKI) come last: they are read, and
    nothing new is laid there.  ``*`` stands for any one folder: the name of a person or of a
    drive.
    """
    home = home_folder() if home is None else home
    if platform == "win32":
        profile = environment.get("USERPROFILE") or str(home)
        programs = (
            environment.get("ProgramFiles") or "C:\\Program Files",
            environment.get("ProgramFiles(x86)") or "C:\\Program Files (x86)",
        )
        shared = (f"{profile}\\AppData\\LocalLow\\", *(f"{drive}:\\" for drive in _DRIVES))
        return (
            f"{shared[0]}NPKI",
            *(f"{folder}\\NPKI" for folder in programs),
            *(f"{above}NPKI" for above in shared[1:]),
            *(f"{above}{name}" for name in _GOVERNMENT for above in shared),
        )
    folders = (
        (f"{home}/Library/Preferences", f"{home}/Documents", f"{home}", "/Volumes/*")
        if platform == "darwin"
        else (f"{home}", f"{home}/PKI", "/media/*/*", "/run/media/*/*")
    )
    return tuple(f"{folder}/{name}" for name in ("NPKI", *_GOVERNMENT) for folder in folders)


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


def drives(platform: str = sys.platform) -> tuple[str, ...]:
    """The patterns of removable drives' own folders, in which files may lie loose."""
    if platform == "win32":
        return tuple(f"{letter}:\\" for letter in _DRIVES[1:])
    return ("/Volumes/*",) if platform == "darwin" else ("/media/*/*", "/run/media/*/*")


def loose(folder: Path) -> bool:
    """Tell whether certificates lie in a folder itself, beside the NPKI folder that is in it."""
    from certrelay.client.store.reading import find

    return any(entry.path.parent == folder for entry in find(folder))


def _matching(pattern: Path) -> Iterator[Path]:
    """Give the folders that match; the drive or the root itself is taken as it is."""
    paths = [Path(pattern.anchor)]
    for part in pattern.parts[1:] if pattern.anchor else pattern.parts:
        paths = [inner for path in paths for inner in _inside(path, part)]
    yield from paths


def _inside(folder: Path, name: str) -> list[Path]:
    try:
        if name != "*" and (folder / name).is_dir():
            return [folder / name]
        inner = sorted(folder.iterdir())
        return [path for path in inner if path.is_dir() and name in ("*", path.name)] or [
            path for path in inner if path.is_dir() and same_file_name(path.name, name)
        ]
    except OSError:
        return []


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
