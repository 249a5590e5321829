"""`certrelay list`: the certificates of this PC."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.stores import filter_of, stores_of
from client_pc.settings import Settings
from client_pc.words import COLUMNS, SORTS


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    options.add_flag(command, texts, "--verbose")
    options.add_filter(command, texts)
    command.add_argument("--sort", choices=SORTS, help=texts.say("help.sort"))
    command.add_argument(
        "--columns",
        type=_columns,
        metavar="NAMES",
        help=texts.say("help.columns", names=", ".join(COLUMNS)),
    )
    options.add_flag(command, texts, "--csv")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay list`."""
    from client_pc.manage import ListView, list_all

    columns = arguments.columns or (COLUMNS if arguments.verbose else None)
    condition = filter_of(arguments)
    view = ListView(condition, arguments.sort, columns, arguments.csv, arguments.all_places)
    return list_all(stores_of(arguments, settings, report), view, report)


def _columns(text: str) -> tuple[str, ...]:
    columns = tuple(text.replace(" ", "").split(","))
    if not set(columns) <= set(COLUMNS):
        raise ValueError
    return columns
