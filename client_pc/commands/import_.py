"""`certrelay import`: certificates come from a phone to this PC."""

import argparse
from typing import TYPE_CHECKING

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import history_folder
from client_pc.commands.copying import copy_options, run_copy
from client_pc.commands.stores import store_of
from client_pc.settings import Settings, check_direction

if TYPE_CHECKING:
    from certrelay.client.flow.session import Shell


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_copying(command, texts)
    options.add_flag(command, texts, "--yes")
    options.add_store(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay import`."""
    from client_pc.receive import receive

    check_direction("import", settings)
    root = store_of(arguments, settings, report)
    how, history = copy_options(arguments, settings), history_folder(settings)

    def copy(shell: "Shell") -> CertRelayError | None:
        return receive(root, how, shell, history, yes=arguments.yes)

    return run_copy(copy, arguments, report)
