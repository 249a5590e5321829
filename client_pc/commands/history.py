"""`certrelay history`: what was copied and changed on this PC."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import person
from client_pc.commands.stores import stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_flag(command, texts, "--clear")
    options.add_flag(command, texts, "--yes", "yes_delete")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay history`."""
    from client_pc.folders import data_folder
    from client_pc.history import History
    from client_pc.history.show import clear_history, show_history

    history = History(data_folder())
    if not arguments.clear:
        show_history(history, stores_of(arguments, settings, report), report)
        return None
    if arguments.store or arguments.all_places:
        raise UsageError("not_together", one="--clear", other="--store")
    with person(report) as shell:
        return clear_history(history, shell, yes=arguments.yes)
