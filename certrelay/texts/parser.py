"""Command lines in the person's language: help, usage and mistakes.

argparse knows English only, and counts letters where a screen counts cells.
"""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator
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
                known = ", ".join(choices)
                allowed = say("usage.allowed", choices=known) if known else say("usage.see_help")
                raise UsageError(code, **found, allowed=allowed)
            case "unknown_arguments":
                flags = [flag for parser in self._all() for flag in parser._option_string_actions]
                near = self._nearest(found["typed"].split()[0], flags)
                raise UsageError(code, **found, near=near)
        raise UsageError(code, **found)

    def _nearest(self, typed: str, known: Iterable[str]) -> str:
        """Ask whether the most similar word was meant; empty if none is similar."""
        from difflib import get_close_matches  # 5 ms, for a mistake only

        near = get_close_matches(typed, sorted(set(known)), 1)
        return f"{self._texts.say('usage.near', word=near[0])} " if near else ""

    def _all(self) -> Iterator[argparse.ArgumentParser]:
        yield self
        if self._subparsers is not None:
            for action in self._subparsers._group_actions:
                if isinstance(action, argparse._SubParsersAction):
                    yield from action.choices.values()


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
