"""`certrelay demo`: a copy on this PC alone, with certificates made up for it."""

import argparse
from pathlib import Path

from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument("--keep", type=Path, metavar="DIR", help=texts.say("help.keep"))
    options.add_language(command, texts)


def run(
    arguments: argparse.Namespace, _settings: Settings, report: Report
) -> CertRelayError | None:
    """Run `certrelay demo`."""
    from client_pc.demo import demo

    return demo(report, arguments.keep)
