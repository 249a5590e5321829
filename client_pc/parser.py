"""The commands and options of `certrelay`: a parser that knows everything and does nothing.

Completions, manual pages and tests read it too.
"""

import argparse
from pathlib import Path
from typing import Final

from certrelay.limits import RENEWAL_DAYS
from certrelay.terminal.arguments import Parser, add_common, main_parser
from certrelay.texts import LANGUAGES, Texts
from client_pc import commands

PROGRAM: Final = "certrelay"


def make_parser(texts: Texts) -> Parser:
    """Make the parser; ``run`` of what it parses is the function of `client_pc.commands`."""
    parser = main_parser(PROGRAM, texts)
    parser.set_defaults(works_without_settings=False)
    group = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: commands.Run) -> argparse.ArgumentParser:
        words = texts.say(f"help.{name}")
        command = group.add_parser(name, help=words, description=words)
        command.set_defaults(run=run)
        return command

    receive = add("import", commands.receive)
    send = add("export", commands.send)
    listing = add("list", commands.list_all)
    show = add("show", commands.show)
    verify = add("verify", commands.verify)
    passwd = add("passwd", commands.passwd)
    convert = add("convert", commands.convert)
    delete = add("delete", commands.delete)
    history = add("history", commands.history)
    remind = add("remind", commands.remind)
    config = add("config", commands.config)
    doctor = add("doctor", commands.doctor)
    demo = add("demo", commands.demo)

    _add_room_options(receive, texts)
    _flag(receive, "--yes", "yes", texts)
    send.add_argument("selectors", nargs="*", metavar="SELECTOR", help=texts.say("help.selector"))
    _add_room_options(send, texts)
    _flag(send, "--yes", "yes", texts)
    send.add_argument("--as", dest="form", choices=("p12",), help=texts.say("help.as"))
    _add_style(send, texts)
    _flag(send, "--also-delete", "also_delete", texts)
    for each in (show, verify, passwd, convert, delete):
        each.add_argument("target", metavar="TARGET", help=texts.say("help.target"))
    _flag(verify, "--idn", "idn", texts)
    verify.add_argument(
        "--ca", type=Path, action="append", default=[], metavar="FILE", help=texts.say("help.ca")
    )
    verify.add_argument("--crl", type=Path, metavar="FILE", help=texts.say("help.crl"))
    _flag(passwd, "--better", "better", texts)
    convert.add_argument("--to", choices=("p12", "npki"), required=True, help=texts.say("help.to"))
    _add_style(convert, texts)
    _flag(delete, "--yes", "yes_delete", texts)
    _flag(history, "--clear", "clear", texts)
    remind.add_argument(
        "--days", type=_days, default=RENEWAL_DAYS, metavar="N", help=texts.say("help.days")
    )
    _add_way(doctor, texts)
    for each in (config, doctor):
        each.set_defaults(works_without_settings=True)

    shelves = (send, listing, show, verify, passwd, convert, delete, history, remind)
    for each in (receive, *shelves, doctor):
        each.add_argument("--store", type=Path, metavar="DIR", help=texts.say("help.store"))
    for each in shelves:
        _flag(each, "--all-places", "all_places", texts)
    for each in (receive, *shelves, config, doctor):
        add_common(each, texts)
    demo.add_argument("--keep", type=Path, metavar="DIR", help=texts.say("help.keep"))
    demo.add_argument("--lang", choices=LANGUAGES, help=texts.say("help.lang"))
    return parser


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
