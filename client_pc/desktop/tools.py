"""Programs of the system that do a part of the work: run silently, with a time limit."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Final

from certrelay.errors import NotConfirmed

_PATIENCE_S: Final = 60.0
"""Seconds for one of them: PowerShell alone may need ten on a cold computer."""

_NO_WINDOW: Final = 0x0800_0000
"""CREATE_NO_WINDOW: else a console would flash up."""


def run(
    command: Sequence[str], more: Mapping[str, str] | None = None, platform: str = sys.platform
) -> str | None:
    """Run a program; give what it wrote, or ``None`` if it failed or is not there.

    Args:
        command: The program and its arguments.
        more: What its environment has beside ours: the way for texts, which needs no quoting.
        platform: The system.
    """
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(more or {})},
            timeout=_PATIENCE_S,
            check=True,
            creationflags=_NO_WINDOW if platform == "win32" else 0,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")


def demand(command: Sequence[str], more: Mapping[str, str] | None = None) -> str:
    """Run a program that must succeed.

    Raises:
        NotConfirmed: ``system_refused`` with ``program``.
    """
    said = run(command, more)
    if said is None:
        raise NotConfirmed("system_refused", program=_name(command[0]))
    return said


def powershell(script: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The command line of a script for Windows' own PowerShell, by its full path."""
    return (
        _system_program(environment, "WindowsPowerShell", "v1.0", "powershell.exe"),
        "-NoProfile",
        "-NonInteractive",
        "-ExecutionPolicy",
        "Bypass",
        "-Command",
        script,
    )


def schtasks(environment: Mapping[str, str], *arguments: str) -> tuple[str, ...]:
    """The command line of Windows' task scheduler."""
    return (_system_program(environment, "schtasks.exe"), *arguments)


def _system_program(environment: Mapping[str, str], *parts: str) -> str:
    root = environment.get("SYSTEMROOT", r"C:\Windows")
    return str(PureWindowsPath(root, "System32", *parts))


def _name(program: str) -> str:
    return PureWindowsPath(program).name if "\\" in program else Path(program).name
