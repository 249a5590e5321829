"""The parser of `certrelay`: a command's options are read from its file when it is used.

Completions, manual pages and tests read it too.
"""

from collections.abc import Callable
from typing import Final

from certrelay.client.terminal.arguments import main_parser
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import COMMAND_NAMES, load

PROGRAM: Final = "certrelay"


def make_parser(texts: Texts) -> Parser:
    """Make the parser; ``run`` of what it parses is that of the command's file."""
    parser = main_parser(PROGRAM, texts)
    parser.set_defaults(works_without_settings=False)
    group = parser.add_commands()
    for name in COMMAND_NAMES:
        words = texts.say(f"help.{name}")
        group.add_parser(name, help=words, description=words, fill=_filler(name, texts))
    return parser


def _filler(name: str, texts: Texts) -> Callable[[Parser], None]:
    """What gives a command its options."""

    def fill(parser: Parser) -> None:
        command = load(name)
        command.add_options(parser, texts)
        parser.set_defaults(run=command.run)

    return fill
