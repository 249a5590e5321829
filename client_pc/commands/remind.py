"""`certrelay remind`: certificates that end soon."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.limits import RENEWAL_DAYS
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import history_folder
from client_pc.commands.stores import stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_flag(command, texts, "--not-expired")
    options.add_flag(command, texts, "--notice")
    command.add_argument(
        "--days",
        type=options.days,
        default=RENEWAL_DAYS,
        metavar="N",
        help=texts.say("help.days"),
    )
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay remind`."""
    from client_pc.remind import Asked, remind

    asked = Asked(arguments.days, arguments.not_expired, arguments.notice)
    stores = stores_of(arguments, settings, report)
    return remind(stores, asked, report, history_folder(settings))
