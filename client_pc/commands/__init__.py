"""The commands of `certrelay`, one file each: its options, and what it does with them.

A command's file is loaded when the command is used: a program's start is mostly imports. What
several commands share stands beside them: `options`, `stores`, `copying`, `several`, `common`.
"""

import argparse
from importlib import import_module
from keyword import iskeyword
from typing import Final, Protocol, cast

from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.settings import Settings

COMMAND_NAMES: Final = (
    "import",
    "export",
    "join",
    "list",
    "show",
    "verify",
    "passwd",
    "convert",
    "unlock",
    "add",
    "delete",
    "restore",
    "trash",
    "history",
    "remind",
    "config",
    "doctor",
    "desktop",
    "centre",
    "demo",
    "completion",
    "man",
)
"""The commands, in the order of ``--help``; each has a file of its name here."""


class CommandFile(Protocol):
    """A command's file."""

    def add_options(self, command: Parser, texts: Texts, /) -> None:
        """Give the command's parser its arguments, in the order of ``--help``.

        A command that works with settings which cannot be used sets
        ``works_without_settings``.
        """

    def run(
        self, arguments: argparse.Namespace, settings: Settings, report: Report, /
    ) -> CertRelayError | None:
        """Run; give the error it ended with, or raise."""


def load(name: str) -> CommandFile:
    """Load a command's file; a word of Python's has a low line behind it there."""
    module = import_module(f"{__name__}.{name}_" if iskeyword(name) else f"{__name__}.{name}")
    return cast(CommandFile, module)
