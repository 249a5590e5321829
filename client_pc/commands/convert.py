"""`certrelay convert`: a certificate in another form."""

import argparse

from certrelay.client.terminal.arguments import add_common
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, UsageError
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
    command.add_argument("--to", choices=("p12", "npki"), required=True, help=texts.say("help.to"))
    options.add_style(command, texts)
    options.add_km(command, texts, "with")
    command.add_argument("-o", "--out", metavar="PLACE", help=texts.say("help.out"))
    command.add_argument("--name", metavar="NAME", help=texts.say("help.file_name"))
    options.add_flag(command, texts, "--new-password")
    options.add_flag(command, texts, "--dry-run")
    options.add_stores(command, texts)
    add_common(command, texts)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> CertRelayError | None:
    """Run `certrelay convert`."""
    from client_pc.change import Conversion, convert

    stores, report = stores_of(arguments, settings, report), with_history(report, settings)
    own = {
        "to": arguments.to,
        "style": arguments.style,
        "km": arguments.km == "with",
        "out": arguments.out,
        "name": arguments.name,
        "new_password": arguments.new_password,
    }
    if not is_single(arguments):
        if arguments.out == "-" or arguments.name:
            raise UsageError("not_together", one="--name, --out -", other="TARGET…")
        return run_batch("convert", own, arguments, stores, report)
    if arguments.out == "-" and arguments.json:
        raise UsageError("not_together", one="--out -", other="--json")
    conversion = Conversion(**own, dry_run=arguments.dry_run)
    with person(report) as shell:
        convert(stores, arguments.targets[0], conversion, shell)
    return None
