"""The PC client's command line: arguments in, a command run, an exit status out."""

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from certrelay.errors import CertRelayError
from certrelay.terminal import program
from certrelay.terminal.arguments import Parser, add_common, main_parser, texts_for, wants_json
from certrelay.terminal.report import Report, make_report
from certrelay.texts import Texts

if TYPE_CHECKING:
    from certrelay.story.session import Shell
    from client_pc.room import RoomOptions
    from client_pc.shelf import Shelf

PROGRAM = "certrelay"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: see README.md."""
    argv = sys.argv[1:] if argv is None else list(argv)
    texts = texts_for(argv)
    report = make_report(texts, PROGRAM, as_json=wants_json(argv))

    def command() -> CertRelayError | None:
        arguments = _parser(texts).parse_args(argv)
        outcome: CertRelayError | None = arguments.run(arguments, report)
        return outcome

    return program.run(command, report)


def _parser(texts: Texts) -> Parser:
    parser = main_parser(PROGRAM, texts)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str) -> argparse.ArgumentParser:
        words = texts.say(f"help.{name}")
        return commands.add_parser(name, help=words, description=words)

    receive = add("import")
    _add_room_options(receive, texts)
    receive.add_argument("--yes", action="store_true", help=texts.say("help.yes"))
    receive.set_defaults(run=_import)

    send = add("export")
    send.add_argument("selectors", nargs="*", metavar="SELECTOR", help=texts.say("help.selector"))
    _add_room_options(send, texts)
    send.add_argument("--yes", action="store_true", help=texts.say("help.yes"))
    send.add_argument("--as", dest="form", choices=("p12",), help=texts.say("help.as"))
    _add_style(send, texts)
    send.add_argument("--also-delete", action="store_true", help=texts.say("help.also_delete"))
    send.set_defaults(run=_export)

    listing = add("list")
    listing.set_defaults(run=_list)
    targets = {}
    for name, run in _TARGETED.items():
        targets[name] = add(name)
        targets[name].add_argument("target", metavar="TARGET", help=texts.say("help.target"))
        targets[name].set_defaults(run=run)
    verify = targets["verify"]
    verify.add_argument("--idn", action="store_true", help=texts.say("help.idn"))
    verify.add_argument(
        "--ca", type=Path, action="append", default=[], metavar="FILE", help=texts.say("help.ca")
    )
    verify.add_argument("--crl", type=Path, metavar="FILE", help=texts.say("help.crl"))
    targets["passwd"].add_argument("--better", action="store_true", help=texts.say("help.better"))
    targets["convert"].add_argument(
        "--to", choices=("p12", "npki"), required=True, help=texts.say("help.to")
    )
    _add_style(targets["convert"], texts)
    targets["delete"].add_argument("--yes", action="store_true", help=texts.say("help.yes_delete"))
    for each in (receive, send, listing, *targets.values()):
        each.add_argument("--store", type=Path, metavar="DIR", help=texts.say("help.store"))
        add_common(each, texts)
    for each in (send, listing, *targets.values()):
        each.add_argument("--all-places", action="store_true", help=texts.say("help.all_places"))

    demo = add("demo")
    demo.add_argument("--keep", type=Path, metavar="DIR", help=texts.say("help.keep"))
    demo.add_argument("--lang", choices=("ko", "en"), help=texts.say("help.lang"))
    demo.set_defaults(run=_demo)
    return parser


def _add_room_options(parser: argparse.ArgumentParser, texts: Texts) -> None:
    parser.add_argument("--relay", metavar="URL", help=texts.say("help.relay"))
    parser.add_argument("--listen", metavar="HOST[:PORT]", help=texts.say("help.listen"))
    parser.add_argument("--qr-png", type=Path, metavar="FILE", help=texts.say("help.qr_png"))
    parser.add_argument("--url-file", type=Path, metavar="FILE", help=texts.say("help.url_file"))
    parser.add_argument("--name", help=texts.say("help.name"))


def _add_style(parser: argparse.ArgumentParser, texts: Texts) -> None:
    parser.add_argument(
        "--style", choices=("modern", "field"), default="modern", help=texts.say("help.style")
    )


# Each command imports its own modules: a program's start is mostly imports.


def _import(arguments: argparse.Namespace, report: Report) -> CertRelayError | None:
    from client_pc.receive import receive

    shell = _shell(report)
    with shell.lines.interrupts.watched(shell.lines.wake):
        return receive(_root(arguments), _options(arguments), shell, yes=arguments.yes)


def _export(arguments: argparse.Namespace, report: Report) -> CertRelayError | None:
    from client_pc.send import SendOptions, send

    options = SendOptions(
        tuple(arguments.selectors),
        arguments.style if arguments.form else None,
        arguments.also_delete,
    )
    shell = _shell(report)
    with shell.lines.interrupts.watched(shell.lines.wake):
        return send(_shelf(arguments), options, _options(arguments), shell)


def _list(arguments: argparse.Namespace, report: Report) -> None:
    from client_pc.manage import list_all

    list_all(_shelf(arguments), report)


def _show(arguments: argparse.Namespace, report: Report) -> None:
    from client_pc.manage import show

    show(_shelf(arguments), arguments.target, report)


def _verify(arguments: argparse.Namespace, report: Report) -> CertRelayError | None:
    from client_pc.verify import Asked, verify

    asked = Asked(arguments.idn, arguments.ca, arguments.crl)
    shell = _shell(report)
    with shell.lines.interrupts.watched(shell.lines.wake):
        return verify(_shelf(arguments), arguments.target, asked, shell)


def _passwd(arguments: argparse.Namespace, report: Report) -> None:
    from client_pc.change import passwd

    shell = _shell(report)
    with shell.lines.interrupts.watched(shell.lines.wake):
        passwd(_shelf(arguments), arguments.target, shell, better=arguments.better)


def _convert(arguments: argparse.Namespace, report: Report) -> None:
    from client_pc.change import convert

    shell = _shell(report)
    with shell.lines.interrupts.watched(shell.lines.wake):
        convert(_shelf(arguments), arguments.target, arguments.to, arguments.style, shell)


def _delete(arguments: argparse.Namespace, report: Report) -> CertRelayError | None:
    from client_pc.change import delete

    shell = _shell(report)
    with shell.lines.interrupts.watched(shell.lines.wake):
        return delete(_shelf(arguments), arguments.target, shell, yes=arguments.yes)


_TARGETED = {
    "show": _show,
    "verify": _verify,
    "passwd": _passwd,
    "convert": _convert,
    "delete": _delete,
}


def _demo(arguments: argparse.Namespace, report: Report) -> CertRelayError | None:
    from client_pc.demo import demo

    return demo(report, arguments.keep)


def _root(arguments: argparse.Namespace) -> Path:
    from client_pc.places import default_root

    return arguments.store.expanduser() if arguments.store else default_root()


def _shelf(arguments: argparse.Namespace) -> "Shelf":
    from client_pc.places import found
    from client_pc.shelf import Shelf

    root = _root(arguments)
    others = found() if arguments.all_places else ()
    return Shelf((root, *(place for place in others if place.resolve() != root.resolve())))


def _options(arguments: argparse.Namespace) -> "RoomOptions":
    from client_pc.room import RoomOptions

    return RoomOptions(
        relay=arguments.relay,
        listen=arguments.listen,
        qr_png=arguments.qr_png,
        url_file=arguments.url_file,
        name=arguments.name,
    )


def _shell(report: Report) -> "Shell":
    from certrelay.story.session import Shell
    from certrelay.terminal.lines import standard_input

    return Shell(report, standard_input(), random.uniform)
