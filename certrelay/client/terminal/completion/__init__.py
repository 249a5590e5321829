"""Completion for shells, written from the programs' own parsers.

The certificates that are named to a command come from the program itself, as words that no shell
reads as anything but a word.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from certrelay.client.terminal.completion import bash, fish, powershell, zsh
from certrelay.client.terminal.grammar import Grammar

ShellName = Literal["bash", "zsh", "fish", "powershell"]

_WRITERS: Final[dict[ShellName, Callable[[Sequence[Grammar]], str]]] = {
    "bash": bash.script,
    "zsh": zsh.script,
    "fish": fish.script,
    "powershell": powershell.script,
}


def script(shell: ShellName, programs: Sequence[Grammar]) -> str:
    """Write what a person loads into the shell."""
    return _WRITERS[shell](programs)
