"""What a parser takes, as plain values: completions and manual pages are written from it."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from certrelay.frozen import frozen


@frozen
class Option:
    """One option or positional argument."""

    flags: tuple[str, ...]
    """Empty for a positional argument."""

    value: str
    """How its value is called; empty for a switch."""

    words: str
    """What it does, in the parser's language."""

    choices: tuple[str, ...] = ()
    is_file: bool = False
    """Whether its value is a file or a folder."""

    @property
    def is_target(self) -> bool:
        """Whether its value names a certificate: by a word of the program's own, or by its path."""
        return self.value == TARGET

    @property
    def completes(self) -> bool:
        """Whether anything is known of its value that a shell could offer."""
        return bool(self.choices) or self.is_file or self.is_target


@frozen
class Subcommand:
    """One command of a program."""

    name: str
    words: str
    options: tuple[Option, ...]
    other_names: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names by which it is called."""
        return (self.name, *self.other_names)

    @property
    def flags(self) -> tuple[Option, ...]:
        """Its options, without the positional arguments."""
        return tuple(option for option in self.options if option.flags)

    @property
    def positionals(self) -> tuple[Option, ...]:
        """Its positional arguments."""
        return tuple(option for option in self.options if not option.flags)


@frozen
class Grammar:
    """A whole program."""

    program: str
    words: str
    examples: str
    options: tuple[Option, ...]
    commands: tuple[Subcommand, ...]


TARGET: Final = "TARGET"
_FILES: Final = ("FILE", "PLACE", "DIR", "PICTURE")
"""How values are called that name a certificate, a file or a folder."""


def read(
    parser: argparse.ArgumentParser, other_names: Mapping[str, str] = MappingProxyType({})
) -> Grammar:
    """Read what a parser with subcommands takes.

    Args:
        parser: The program's.
        other_names: Names that lead to a command, and which.
    """
    commands: list[Subcommand] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            commands += [
                Subcommand(
                    name,
                    each.description or "",
                    tuple(_options(each)),
                    tuple(other for other, meant in other_names.items() if meant == name),
                )
                for name, each in action.choices.items()
            ]
    return Grammar(
        parser.prog,
        parser.description or "",
        parser.epilog or "",
        tuple(_options(parser)),
        tuple(commands),
    )


def _options(parser: argparse.ArgumentParser) -> Iterator[Option]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        choices = tuple(map(str, action.choices)) if action.choices else ()
        yield Option(
            tuple(action.option_strings),
            "" if action.nargs == 0 else _value_of(action, choices),
            action.help or "",
            choices,
            action.type is Path or str(action.metavar).startswith(_FILES),
        )


def _value_of(action: argparse.Action, choices: tuple[str, ...]) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(choices) or action.dest.upper()
