"""How the system starts this program: the command behind an icon and behind a daily task."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from certrelay.frozen import frozen

ARCHIVE_VARIABLES: Final = ("CERTRELAY_ARCHIVE", "CERTRELAY_ARCHIVE_PYTHON")
"""Set by the archive that runs without installing: its path, and the Python that it ran under."""


@frozen
class Launcher:
    """What is put in front of a command's words."""

    words: tuple[str, ...]
    """The interpreter first."""

    is_archive: bool = False

    def centre(self, *arguments: str) -> tuple[str, ...]:
        """The centre, for people who see no terminal."""
        if self.is_archive:
            return (*self.words, "--icon", *arguments)
        # -P: no client_pc of the folder in which the desktop starts programs is taken for it.
        return (*self.words, "-P", "-m", "client_pc.icon", *arguments)

    def command(self, *arguments: str) -> tuple[str, ...]:
        """One of the program's commands."""
        if self.is_archive:
            return (*self.words, *arguments)
        return (*self.words, "-P", "-m", "client_pc", *arguments)


def launcher(
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
    executable: str | None = None,
) -> Launcher:
    """The command for this installation: its own Python, whatever stands on the path later.

    On Windows it is ``pythonw``, which opens no console.
    """
    environment = os.environ if environment is None else environment
    archive, python = (environment.get(name) for name in ARCHIVE_VARIABLES)
    if archive and python:
        return Launcher((_windowless(python, platform), archive), is_archive=True)
    return Launcher((_windowless(executable or sys.executable, platform),))


def _windowless(python: str, platform: str) -> str:
    if platform != "win32":
        return python
    beside = Path(python).with_name("pythonw.exe")
    return str(beside) if beside.exists() else python
