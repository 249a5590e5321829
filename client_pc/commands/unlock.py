"""`certrelay unlock`: a PKCS#12 file that others sealed, made usable."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import person, with_history
from client_pc.commands.several import is_single, run_batch
from client_pc.commands.stores import stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_targets(command, texts)
    options.add_batch(command, texts)
    options.add_flag(command, texts, "--verbose")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay unlock`."""
    from client_pc.change import unlock

    stores, report = stores_of(arguments, settings, report), with_history(report, settings)
    if not is_single(arguments):
        return run_batch("unlock", {}, arguments, stores, report)
    with person(report) as shell:
        unlock(stores, arguments.targets[0], shell)
    return None
