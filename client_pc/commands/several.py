"""A command run on several certificates."""

import argparse
from typing import TYPE_CHECKING, Any

from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from client_pc.commands.common import person
from client_pc.commands.stores import entries_of, filter_of

if TYPE_CHECKING:
    from certrelay.client.manage.stores import Stores
    from client_pc.batch import BatchCommand


def is_single(arguments: argparse.Namespace) -> bool:
    """Whether one certificate is named, and its questions are asked as ever."""
    plain = arguments.listed is None and arguments.password_fd is None
    return plain and len(arguments.targets) == 1 and filter_of(arguments).is_empty


def run_batch(
    command: "BatchCommand",
    options: dict[str, Any],
    arguments: argparse.Namespace,
    stores: "Stores",
    report: Report,
) -> CertRelayError | None:
    """Run a command on the certificates that are listed, named or fit the conditions.

    Args:
        command: The command.
        options: Its own options.
        arguments: The command line.
        stores: Where certificates are looked for.
        report: Told how each of them went.
    """
    from client_pc import batch, batch_list
    from client_pc.asking import ask_for_all

    with person(report) as shell:
        keep_going = arguments.keep_going or not shell.lines.is_terminal
        dry_run = getattr(arguments, "dry_run", False)
        how = batch.Batch(command, options, keep_going, dry_run, arguments.verbose)
        answers = {}
        if arguments.password_fd is not None:
            answers["password"] = batch_list.first_line(arguments.password_fd)
        if arguments.listed is not None:
            listed = batch_list.read_list(arguments.listed)
            wanted = [batch_list.Wanted(e.target, {**answers, **e.answers}) for e in listed]
        else:
            to = {"p12": "npki", "npki": "pkcs12"}.get(options.get("to", ""))
            prefer: Any = "pkcs12" if command == "unlock" else to
            entries = entries_of(arguments, stores, prefer, one_file=command == "passwd")
            needs_new = command == "passwd" or options.get("new_password", False)
            answers = ask_for_all(answers, shell, needs_new=needs_new)
            wanted = list(batch_list.targets_of(entries, answers))
        return batch.run(how, wanted, stores, shell)
