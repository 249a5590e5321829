"""The simulated phone's command line."""

import argparse
import random
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from certrelay import standard_streams
from certrelay.client.home import expanded
from certrelay.client.terminal import program
from certrelay.client.terminal.arguments import add_common, main_parser, manner_of, texts_for
from certrelay.client.terminal.lines import standard_input
from certrelay.client.terminal.manner import make_report
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts
from certrelay.texts.parser import Parser

PROGRAM = "certrelay-phone"


def start() -> NoReturn:
    """The script ``certrelay-phone``."""
    standard_streams.ensure()
    program.leave(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: see README.md."""
    argv = sys.argv[1:] if argv is None else list(argv)
    texts = texts_for(argv)
    report = make_report(texts, PROGRAM, manner_of(argv))

    def command() -> CertRelayError | None:
        arguments = make_parser(texts).parse_args(argv)
        outcome: CertRelayError | None = arguments.run(arguments, report)
        return outcome

    return program.run(command, report)


def make_parser(texts: Texts) -> Parser:
    """Make the parser of all commands."""
    parser = main_parser(PROGRAM, texts)
    commands = parser.add_commands()

    for name, add in (("init", _add_init), ("scan", _add_scan)):
        words = texts.say(f"help.phone.{name}")
        commands.add_parser(name, help=words, description=words, fill=partial(add, texts=texts))
    return parser


def _add_init(init: Parser, texts: Texts) -> None:
    init.add_argument("keystore", type=Path, metavar="KEYSTORE")
    init.set_defaults(run=_init)
    add_common(init, texts)


def _add_scan(scan: Parser, texts: Texts) -> None:
    scan.add_argument("picture", metavar="PICTURE|-", help=texts.say("help.picture"))
    scan.add_argument("--code", action="store_true", help=texts.say("help.phone.code"))
    scan.add_argument(
        "--keystore", type=Path, required=True, metavar="DIR", help=texts.say("help.keystore")
    )
    scan.add_argument("--platform", default="android", help=texts.say("help.platform"))
    scan.add_argument("--app", metavar="G6.2.0", help=texts.say("help.app"))
    scan.add_argument("--os", metavar="14", help=texts.say("help.os"))
    scan.add_argument("--name", help=texts.say("help.name"))
    scan.add_argument(
        "--send", action="append", default=[], metavar="SELECTOR", help=texts.say("help.send")
    )
    scan.add_argument("--yes", action="store_true", help=texts.say("help.yes"))
    scan.set_defaults(run=_scan)
    add_common(scan, texts)


def _init(arguments: argparse.Namespace, report: Report) -> None:
    from datetime import UTC, datetime

    from certrelay.pki.validity import last_day
    from client_mobile_sim.keystore import PASSWORD, fill

    for made in fill(expanded(arguments.keystore), datetime.now(UTC)):
        until = last_day(made.not_after)
        text = report.texts.say("phone.made", cn=made.cn, not_after=until)
        report.event("made", text, cn=made.cn, not_after=until, path=str(made.path))
        report.result(str(made.path))
    text = report.texts.say("phone.made.password", password=PASSWORD)
    report.event("made_password", text, password=PASSWORD)
    report.event("note", report.texts.say("phone.made.next", path=str(arguments.keystore)))


def _scan(arguments: argparse.Namespace, report: Report) -> CertRelayError | None:
    from certrelay.client.flow.scanning import read_url
    from certrelay.client.flow.session import Shell
    from certrelay.e2e.origin import Origin
    from certrelay.e2e.qr import QrCode
    from client_mobile_sim import profiles
    from client_mobile_sim.phone import Phone, scan, type_code

    lines = standard_input(lambda: report.question)
    with lines.interrupts.watched(lines.wake):
        shell = Shell(report, lines, random.uniform)
        is_typed = arguments.code
        qr = (
            type_code(Origin.parse(arguments.picture), shell)
            if is_typed
            else QrCode.from_url(read_url(arguments.picture, lines))
        )
        hello = profiles.hello(arguments.platform, arguments.app, arguments.os, arguments.name)
        phone = Phone(hello, expanded(arguments.keystore), tuple(arguments.send), yes=arguments.yes)
        return scan(qr, phone, shell, asks=is_typed)
