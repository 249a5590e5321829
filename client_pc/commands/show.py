"""`certrelay show`: what a certificate says."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import person
from client_pc.commands.stores import entries_of, filter_of, stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_targets(command, texts)
    options.add_flag(command, texts, "--open")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay show`."""
    from client_pc.show import show, show_several

    stores = stores_of(arguments, settings, report)
    with person(report) as shell:
        if len(arguments.targets) == 1 and filter_of(arguments).is_empty:
            show(stores.pick(arguments.targets[0]), shell, opened=arguments.open)
            return None
        return show_several(entries_of(arguments, stores), shell, opened=arguments.open)
