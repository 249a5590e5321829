"""`certrelay restore`: a certificate out of the trash."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import with_history
from client_pc.commands.stores import stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_target(command, texts)
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """Run `certrelay restore`."""
    from client_pc.deletion import restore

    stores = stores_of(arguments, settings, report)
    restore(stores, arguments.target, with_history(report, settings))
