"""`certrelay man`: a program's manual page."""

import argparse

from certrelay.client.terminal.report import Report
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.settings import Settings
from client_pc.words import PROGRAMS


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument(
        "program",
        nargs="?",
        choices=PROGRAMS,
        default=PROGRAMS[0],
        metavar="PROGRAM",
        help=texts.say("help.program"),
    )
    options.add_language(command, texts)
    command.set_defaults(works_without_settings=True)


def run(arguments: argparse.Namespace, _settings: Settings, report: Report) -> None:
    """Run `certrelay man`."""
    from client_pc.shell_integration import show_manual

    show_manual(arguments.program, report)
