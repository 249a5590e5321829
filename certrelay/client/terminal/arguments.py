"""What the argument parsers of both programs share: language, JSON, helpful mistakes."""

import argparse
from collections.abc import Sequence

from certrelay import __version__
from certrelay.client.terminal.manner import Manner
from certrelay.texts import LANGUAGES, Texts, choose_language
from certrelay.texts.parser import Parser


def texts_for(argv: Sequence[str], otherwise: str | None = None) -> Texts:
    """Pick the language before the parser exists, since its help speaks it too.

    Args:
        argv: The command line.
        otherwise: The language of the settings; without one the locale decides.
    """
    asked = otherwise
    for at, argument in enumerate(argv):
        if argument == "--lang" and at + 1 < len(argv):
            asked = argv[at + 1]
        elif argument.startswith("--lang="):
            asked = argument.partition("=")[2]
    return Texts(choose_language(asked))


def manner_of(argv: Sequence[str], *, plain: bool = False) -> Manner:
    """Find how the person wants to be told, before the arguments are parsed.

    Args:
        argv: The command line.
        plain: Whether the settings want a plain screen.
    """
    return Manner(
        "--json" in argv,
        "--quiet" in argv or "-q" in argv,
        plain or "--plain" in argv,
        "--interactive" in argv,
    )


def main_parser(program: str, texts: Texts) -> Parser:
    """The parser of a whole program: ``--help`` with examples, ``--version``."""
    parser = Parser(
        texts=texts,
        prog=program,
        description=texts.say(f"help.{program}"),
        epilog=texts.say(f"help.{program}.examples"),
    )
    parser.add_common(f"{program} {__version__}")
    return parser


def add_common(parser: argparse.ArgumentParser, texts: Texts) -> None:
    """The options of every command."""
    parser.add_argument("--json", action="store_true", help=texts.say("help.json"))
    parser.add_argument("--interactive", action="store_true", help=texts.say("help.interactive"))
    parser.add_argument("-q", "--quiet", action="store_true", help=texts.say("help.quiet"))
    parser.add_argument("--plain", action="store_true", help=texts.say("help.plain"))
    parser.add_argument("--lang", choices=LANGUAGES, help=texts.say("help.lang"))
