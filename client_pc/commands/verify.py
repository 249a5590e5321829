"""`certrelay verify`: whether a certificate holds."""

import argparse
from pathlib import Path

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import person
from client_pc.commands.several import is_single, run_batch
from client_pc.commands.stores import stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_targets(command, texts)
    options.add_batch(command, texts)
    options.add_flag(command, texts, "--verbose")
    options.add_flag(command, texts, "--idn")
    command.add_argument(
        "--ca", type=Path, action="append", default=[], metavar="FILE", help=texts.say("help.ca")
    )
    command.add_argument("--crl", type=Path, metavar="FILE", help=texts.say("help.crl"))
    options.add_flag(command, texts, "--online")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay verify`."""
    stores = stores_of(arguments, settings, report)
    if is_single(arguments):
        from client_pc.verify import Asked, verify

        asked = Asked(arguments.idn, arguments.ca, arguments.crl, arguments.online)
        with person(report) as shell:
            return verify(stores, arguments.targets[0], asked, shell)
    own = {
        "idn": arguments.idn,
        "authorities": [str(path.absolute()) for path in arguments.ca],
        "crl": None if arguments.crl is None else str(arguments.crl.absolute()),
        "online": arguments.online,
    }
    return run_batch("verify", own, arguments, stores, report)
