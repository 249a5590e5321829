"""`certrelay delete`: certificates into the trash."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import person, with_history
from client_pc.commands.stores import entries_of, stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_targets(command, texts)
    options.add_flag(command, texts, "--yes", "yes_delete")
    options.add_flag(command, texts, "--forever")
    options.add_flag(command, texts, "--dry-run")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay delete`."""
    from client_pc.deletion import Deletion, delete

    stores = stores_of(arguments, settings, report)
    how = Deletion(arguments.yes, arguments.forever, arguments.dry_run)
    with person(with_history(report, settings)) as shell:
        return delete(stores, entries_of(arguments, stores, one_file=True), how, shell)
