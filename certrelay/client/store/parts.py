"""Unfinished folders: where things are made before they get their place, and how they go.

Each is called `PART_PREFIX`, the computer, the process and a random, inside the store's root
so that a rename stays on one file system.  A crash may leave one behind; whoever opens the
store next removes it, once the process that made it is gone.
"""

import hashlib
import os
import re
import time
from pathlib import Path
from typing import Final

from certrelay.client.store.system import Disk

PART_PREFIX: Final = ".certrelay-part-"
_PART: Final = re.compile(re.escape(PART_PREFIX) + r"([0-9a-f]{6})-([0-9]{1,10})-[0-9a-f]{16}")

STALE_S: Final = 3600.0
"""Seconds after which an unfinished folder of another computer counts as left behind."""


def fresh(root: Path) -> Path:
    """Name a new unfinished folder; it is not made yet."""
    return root / f"{PART_PREFIX}{_host()}-{os.getpid()}-{os.urandom(8).hex()}"


def clean(root: Path, disk: Disk) -> int:
    """Remove what crashed programs left in a root and in the folders of its authorities.

    Returns:
        The number of unfinished folders removed.
    """
    removed = 0
    authorities = _folders_in(root)
    below = [inner for folder in authorities for inner in _folders_in(folder)]
    for folder in (root, *authorities, *below):
        for path in _folders_in(folder, parts=True):
            if _is_stale(path):
                removed += remove(path, disk)
    return removed


def remove(part: Path, disk: Disk) -> bool:
    """Remove an unfinished folder; ``False`` if it is left for the next start.

    It may have stood in its place for a moment, and have been taken back.  That must last
    before the first file goes, or a loss of power could leave the rest in that place.
    """
    try:
        disk.sync_folder(part.parent)
    except OSError:
        return False
    disk.remove_tree(part)
    return True


def _folders_in(folder: Path, *, parts: bool = False) -> list[Path]:
    """The folders in a folder, no links: the unfinished ones, or all others.

    Another program may work in the store at the same moment: what has gone meanwhile is empty.
    """
    try:
        return [
            path
            for path in folder.iterdir()
            if path.name.startswith(PART_PREFIX) is parts
            and path.is_dir()
            and not path.is_symlink()
            and (not parts or _PART.fullmatch(path.name))
        ]
    except OSError:
        return []


def _host() -> str:
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:6]


def _is_stale(part: Path) -> bool:
    match = _PART.fullmatch(part.name)
    if match and match[1] == _host() and not _is_alive(int(match[2])):
        return True
    try:
        return time.time() - part.lstat().st_mtime > STALE_S
    except OSError:
        return False


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # there, os.kill would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
