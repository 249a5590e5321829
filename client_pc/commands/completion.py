"""`certrelay completion`: the script for a shell, and the targets that it asks for."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from certrelay.client.home import expanded
from certrelay.client.terminal.report import Report
from certrelay.texts import Texts
from certrelay.texts.parser import Parser
from client_pc.commands import options
from client_pc.commands.stores import stores_of
from client_pc.settings import Settings

_SHELLS: Final = ("bash", "zsh", "fish", "powershell", "targets")


def add_options(command: Parser, texts: Texts) -> None:
    """Give the command its options."""
    command.add_argument("shell", choices=_SHELLS, help=texts.say("help.shell"))
    command.add_argument("words", nargs="*", metavar="WORD", help=texts.say("help.words"))
    options.add_language(command, texts)
    command.set_defaults(works_without_settings=True)


def run(arguments: argparse.Namespace, settings: Settings, report: Report) -> None:
    """Run `certrelay completion`."""
    if arguments.shell != "targets":
        from client_pc.shell_integration import show_completion

        show_completion(arguments.shell, report)
        return
    from datetime import UTC, datetime
    from functools import partial

    from certrelay.client.terminal.screen import has_letters
    from client_pc.target_words import target_words

    arguments.store = list(map(expanded, _stores_in(arguments.words)))
    arguments.all_places = "--all-places" in arguments.words
    entries = stores_of(arguments, settings, report).entries()
    letters = partial(has_letters, sys.stdout)
    for word, words in target_words(entries, report.texts, datetime.now(UTC), letters):
        report.result(f"{word}\t{words}")


def _stores_in(words: Sequence[str]) -> Iterator[Path]:
    """The stores that a command line names which is still being typed."""
    for before, word in pairwise(["", *words, ""]):
        if before == "--store" and word:
            yield Path(word.strip("\"'"))
        elif word.startswith("--store="):
            yield Path(word.removeprefix("--store=").strip("\"'"))
