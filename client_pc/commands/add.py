"""`certrelay add`: certificates out of files and folders, into the store."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import with_history
from client_pc.commands.stores import store_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument("places", nargs="+", metavar="FILE", help=texts.say("help.places"))
    options.add_store(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay add`."""
    from certrelay.client.path_text import path_of
    from client_pc.add import add

    root = store_of(arguments, settings, report)
    places = [path_of(each) for each in arguments.places]
    return add(root, places, with_history(report, settings, saved="add"))
