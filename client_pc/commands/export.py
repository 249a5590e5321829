"""`certrelay export`: certificates go from this PC to a phone."""

import argparse
from typing import TYPE_CHECKING

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import history_folder
from client_pc.commands.copying import copy_options, run_copy, send_options
from client_pc.commands.stores import entries_of, filter_of, stores_of
from client_pc.settings import Settings, check_direction

if TYPE_CHECKING:
    from certrelay.client.flow.session import Shell
    from certrelay.client.manage.stores import Stores
    from client_pc.batch_list import Wanted


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_targets(command, texts)
    options.add_batch(command, texts)
    options.add_copying(command, texts)
    options.add_flag(command, texts, "--yes")
    options.add_form(command, texts)
    options.add_flag(command, texts, "--dry-run")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay export`."""
    from client_pc import batch_list
    from client_pc.send import send

    check_direction("export", settings)
    stores = stores_of(arguments, settings, report)
    how, history = copy_options(arguments, settings), history_folder(settings)
    password = None
    if arguments.password_fd is not None:
        password = batch_list.first_line(arguments.password_fd)
    wanted = _wanted(arguments, stores)

    def copy(shell: "Shell") -> CertRelayError | None:
        what = send_options(
            arguments,
            wanted,
            password=password,
            keep_going=arguments.keep_going or not shell.lines.is_terminal,
            is_list=arguments.listed is not None,
            dry_run=arguments.dry_run,
        )
        return send(stores, what, how, shell, history)

    return run_copy(copy, arguments, report)


def _wanted(arguments: argparse.Namespace, stores: "Stores") -> "list[Wanted] | None":
    """The certificates that are listed, fit the conditions or are named; ``None`` asks for them.

    Raises:
        UsageError: ``no_target`` if the list is empty.
    """
    from client_pc import batch_list

    if arguments.listed is not None:
        listed = list(batch_list.read_list(arguments.listed, to_blank=True))
        if not listed:
            raise UsageError("no_target")
        return listed
    if not filter_of(arguments).is_empty:
        return list(batch_list.targets_of(entries_of(arguments, stores), {}))
    return [batch_list.Wanted(target, {}) for target in arguments.targets] or None
