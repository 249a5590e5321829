"""Command lines in the person's language: help, usage and mistakes.

argparse knows English only, and counts letters where a screen counts cells.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, Final, NoReturn, cast

from certrelay.errors import UsageError
from certrelay.safe_text import wrap
from certrelay.texts import LANGUAGES, Texts


class Parser(argparse.ArgumentParser):
    """A parser that speaks the language of ``texts`` and raises our error.

    An option's name must be written whole: a script must not break when another option
    gets a similar name.
    """

    def __init__(self, *, texts: Texts, **more: Any) -> None:
        more["formatter_class"] = partial(_Formatter, usage=texts.say("usage.usage"))
        super().__init__(add_help=False, allow_abbrev=False, **more)
        self._texts: Final = texts
        self._words: Sequence[str] = ()
        self._positionals.title = texts.say("usage.arguments")
        self._optionals.title = texts.say("usage.options")
        self.add_argument("-h", "--help", action="help", help=texts.say("usage.help"))

    def add_common(self, version: str) -> None:
        """Add ``--version`` and ``--lang``, which may stand in front of the command too."""
        self.add_argument("--lang", choices=LANGUAGES, help=self._texts.say("help.lang"))
        words = self._texts.say("usage.version")
        self.add_argument("--version", action="version", version=version, help=words)

    def add_commands(self) -> "argparse._SubParsersAction[Parser]":
        """Add the place of the command; its name is ``command`` among what is parsed.

        A parser that is added to it takes ``fill``, which gives it its arguments when they are
        needed.
        """
        return self.add_subparsers(
            dest="command",
            required=True,
            metavar=self._texts.say("usage.command"),
            title=self._texts.say("usage.commands"),
            parser_class=cast(type[Parser], partial(_Later, texts=self._texts)),
        )

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting.

        Raises:
            UsageError: Names the argument, and what was typed in its place.
        """
        for pattern, code in _MISTAKES.items():
            if found := re.match(pattern, message, re.DOTALL):
                self._explain(code, found.groupdict(""))
        raise UsageError("usage")

    def _explain(self, code: str, found: dict[str, str]) -> NoReturn:
        say = self._texts.say
        choices = found.pop("choices", "").replace("'", "").split(", ")
        match code:
            case "bad_value" if found["argument"] == say("usage.command"):
                near = self._nearest(found["typed"].strip("'"), choices)
                raise UsageError("unknown_command", typed=found["typed"], near=near)
            case "bad_value":
                raise UsageError(code, **found, choices=tuple(filter(None, choices)))
            case "unknown_arguments":
                near = self._nearest(found["typed"].split()[0], self._flags())
                raise UsageError(code, **found, near=near)
        raise UsageError(code, **found)

    def _nearest(self, typed: str, known: Iterable[str]) -> str | None:
        """The most similar word; ``None`` if none is similar."""
        from difflib import get_close_matches  # 5 ms, for a mistake only

        near = get_close_matches(typed, sorted(set(known) - {typed}), 1, _SIMILAR)
        return near[0] if near else None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; the command that is meant is remembered for a mistake."""
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def _flags(self) -> Iterator[str]:
        """The options of the command that was typed: another command's would not help."""
        yield from self._option_string_actions
        for group in self._subparsers._group_actions if self._subparsers else ():
            commands = group.choices if isinstance(group, argparse._SubParsersAction) else {}
            meant = next((word for word in self._words if word in commands), None)
            if meant is not None:
                yield from commands[meant]._option_string_actions


_SIMILAR: Final = 0.7
"""How alike a word must be to have been meant, from 0 to 1: --relays is --relay, --tls is none."""

_MISTAKES: Final = {
    r"unrecognized arguments: (?P<typed>.*)": "unknown_arguments",
    r"the following arguments are required: (?P<argument>.*)": "missing_arguments",
    r"argument (?P<argument>[^:]+(?:\[:[^]]+\])?): expected": "missing_value",
    r"argument (?P<argument>[^:]+(?:\[:[^]]+\])?): invalid [^:]*: (?P<typed>'.*?')"
    r"(?: \(choose from (?P<choices>.*)\))?$": "bad_value",
}
"""What argparse says in English, and the error that says it in the person's language."""


class _Later:
    """A command's parser, made when the command is there: fifteen of them would take 4 ms.

    Args:
        fill: Gives the parser its arguments.
        more: For the parser.
    """

    def __init__(self, fill: Callable[[Parser], None], **more: Any) -> None:
        self._fill: Final = fill
        self._more: Final = more

    @cached_property
    def _made(self) -> Parser:
        parser = Parser(**self._more)
        self._fill(parser)
        return parser

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Counts cells, since Korean letters take two."""

    def __init__(self, prog: str, *, usage: str) -> None:
        super().__init__(prog)
        self._usage: Final = usage

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, f"{self._usage}: " if prefix is None else prefix)

    def _format_action(self, action: argparse.Action) -> str:
        """List commands without a line above them that only says what their title said."""
        if isinstance(action, argparse._SubParsersAction):
            return "".join(map(self._format_action, action._get_subactions()))
        return super()._format_action(action)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width).split("\n")

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return super()._fill_text(wrap(text, width), width, indent)
