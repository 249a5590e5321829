"""`certrelay join`: scan the code of another PC, or type it."""

import argparse
from pathlib import Path

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.common import history_folder, person
from client_pc.commands.copying import send_options
from client_pc.commands.stores import store_of, stores_of
from client_pc.settings import Settings


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument("address", nargs="?", metavar="ADDRESS|-", help=texts.say("help.address"))
    command.add_argument(
        "--picture", type=Path, metavar="FILE", help=texts.say("help.picture_file")
    )
    command.add_argument(
        "--send", action="append", default=[], metavar="TARGET", help=texts.say("help.send")
    )
    command.add_argument("--name", help=texts.say("help.name"))
    options.add_flag(command, texts, "--yes", "yes_join")
    options.add_form(command, texts)
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay join`."""
    from certrelay.endpoint.times import Times
    from client_pc.batch_list import Wanted
    from client_pc.join import JoinOptions, join
    from client_pc.receive import Incoming
    from client_pc.send import Outgoing

    if not settings.pcs:
        where = settings.origins["pcs"]
        raise UsageError("direction_closed", command="join", where=where)
    how = JoinOptions(
        arguments.address or settings.relay,
        arguments.picture,
        arguments.yes,
        arguments.name or settings.name,
        Times(number=settings.number_s, save_question=settings.save_question_s),
    )
    root, history = store_of(arguments, settings, report), history_folder(settings)
    named = [Wanted(target, {}) for target in arguments.send]
    what = send_options(arguments, named or None)
    with person(report) as shell:
        incoming = Incoming(root, shell, history, yes=arguments.yes)
        outgoing = Outgoing(stores_of(arguments, settings, report), what, shell, history)
        return join(how, settings, incoming, outgoing, shell)
