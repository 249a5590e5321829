"""`certrelay trash`: what lies in the trash, and its end."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import person
from client_pc.commands.stores import stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_flag(command, texts, "--empty")
    options.add_flag(command, texts, "--yes", "yes_delete")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay trash`."""
    from client_pc.trash_view import empty_trash, show_trash

    stores = stores_of(arguments, settings, report)
    if not arguments.empty:
        show_trash(stores, report)
        return None
    with person(report) as shell:
        return empty_trash(stores, shell, yes=arguments.yes)
