"""The commands and options of `certrelay`: a parser that knows everything and does nothing.

Completions, manual pages and tests read it too.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from certrelay.limits import RENEWAL_DAYS
from certrelay.terminal.arguments import add_common, main_parser
from certrelay.texts import LANGUAGES, Texts
from certrelay.texts.parser import Parser
from client_pc import commands

PROGRAM: Final = "certrelay"
SHELLS: Final = ("bash", "zsh")
_PROGRAMS: Final = (PROGRAM, "certrelay-relay", "certrelay-phone")


def make_parser(texts: Texts) -> Parser:
    """Make the parser; ``run`` of what it parses is the function of `client_pc.commands`."""
    parser = main_parser(PROGRAM, texts)
    parser.set_defaults(works_without_settings=False)
    group = parser.add_commands()
    made = {}
    for name, run in _COMMANDS.items():
        words = texts.say(f"help.{name}")
        made[name] = group.add_parser(name, help=words, description=words)
        made[name].set_defaults(run=run)
    _add_copying(made["import"], made["export"], texts)
    for name in _TARGETED:
        made[name].add_argument("target", metavar="TARGET", help=texts.say("help.target"))
    _add_managing(made, texts)
    _add_caring(made, texts)
    for name in (*_SHELVES, "import", "doctor"):
        made[name].add_argument("--store", type=Path, metavar="DIR", help=texts.say("help.store"))
    for name in _SHELVES:
        _flag(made[name], "--all-places", "all_places", texts)
    for name, command in made.items():
        if name in _TELLS_EVENTS:
            add_common(command, texts)
        else:
            command.add_argument("--lang", choices=LANGUAGES, help=texts.say("help.lang"))
        command.set_defaults(works_without_settings=name in _WITHOUT_SETTINGS)
    return parser


_COMMANDS: Final[dict[str, commands.Run]] = {
    "import": commands.receive,
    "export": commands.send,
    "list": commands.list_all,
    "show": commands.show,
    "verify": commands.verify,
    "passwd": commands.passwd,
    "convert": commands.convert,
    "delete": commands.delete,
    "history": commands.history,
    "remind": commands.remind,
    "config": commands.config,
    "doctor": commands.doctor,
    "demo": commands.demo,
    "completion": commands.completion,
    "man": commands.man,
}
_TARGETED: Final = ("show", "verify", "passwd", "convert", "delete")
_SHELVES: Final = ("export", "list", *_TARGETED, "history", "remind")
"""Commands that read stores."""

_WITHOUT_SETTINGS: Final = ("config", "doctor", "completion", "man")
"""Commands that work where the settings cannot be used."""

_TELLS_EVENTS: Final = frozenset(_COMMANDS) - {"demo", "completion", "man"}


def _add_copying(
    receive: argparse.ArgumentParser, send: argparse.ArgumentParser, texts: Texts
) -> None:
    send.add_argument("selectors", nargs="*", metavar="SELECTOR", help=texts.say("help.selector"))
    for each in (receive, send):
        _add_room_options(each, texts)
        _flag(each, "--yes", "yes", texts)
    send.add_argument("--as", dest="form", choices=("p12",), help=texts.say("help.as"))
    _add_style(send, texts)
    _flag(send, "--also-delete", "also_delete", texts)


def _add_managing(made: Mapping[str, argparse.ArgumentParser], texts: Texts) -> None:
    verify, convert = made["verify"], made["convert"]
    _flag(verify, "--idn", "idn", texts)
    verify.add_argument(
        "--ca", type=Path, action="append", default=[], metavar="FILE", help=texts.say("help.ca")
    )
    verify.add_argument("--crl", type=Path, metavar="FILE", help=texts.say("help.crl"))
    _flag(made["passwd"], "--better", "better", texts)
    convert.add_argument("--to", choices=("p12", "npki"), required=True, help=texts.say("help.to"))
    _add_style(convert, texts)
    _flag(made["delete"], "--yes", "yes_delete", texts)


def _add_caring(made: Mapping[str, argparse.ArgumentParser], texts: Texts) -> None:
    _flag(made["history"], "--clear", "clear", texts)
    made["remind"].add_argument(
        "--days", type=_days, default=RENEWAL_DAYS, metavar="N", help=texts.say("help.days")
    )
    _add_way(made["doctor"], texts)
    made["demo"].add_argument("--keep", type=Path, metavar="DIR", help=texts.say("help.keep"))
    made["completion"].add_argument("shell", choices=SHELLS, help=texts.say("help.shell"))
    made["man"].add_argument(
        "program",
        nargs="?",
        choices=_PROGRAMS,
        default=PROGRAM,
        metavar="PROGRAM",
        help=texts.say("help.program"),
    )


def _flag(parser: argparse.ArgumentParser, flag: str, key: str, texts: Texts) -> None:
    parser.add_argument(flag, action="store_true", help=texts.say(f"help.{key}"))


def _add_way(parser: argparse.ArgumentParser, texts: Texts) -> None:
    parser.add_argument("--relay", metavar="URL", help=texts.say("help.relay"))
    parser.add_argument("--listen", metavar="HOST[:PORT]", help=texts.say("help.listen"))


def _add_room_options(parser: argparse.ArgumentParser, texts: Texts) -> None:
    _add_way(parser, texts)
    parser.add_argument("--qr-png", type=Path, metavar="FILE", help=texts.say("help.qr_png"))
    parser.add_argument("--url-file", type=Path, metavar="FILE", help=texts.say("help.url_file"))
    parser.add_argument("--name", help=texts.say("help.name"))


def _add_style(parser: argparse.ArgumentParser, texts: Texts) -> None:
    parser.add_argument(
        "--style", choices=("modern", "field"), default="modern", help=texts.say("help.style")
    )


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= 36_500:
        raise ValueError
    return days
