"""Manual pages (roff, man(7)), written from the programs' own parsers."""

import re
from collections.abc import Iterable

from certrelay import __version__
from certrelay.client.terminal.grammar import Grammar, Option, Subcommand
from certrelay.errors import ExitStatus
from certrelay.texts import Texts


def page(grammar: Grammar, texts: Texts) -> str:
    """Write a program's manual page, in the language of the texts."""
    lines = [
        f'.TH {_text(grammar.program.upper())} 1 "" "certrelay {__version__}"',
        f".SH {_heading('name', texts)}",
        f"{_text(grammar.program)} \\- {_text(grammar.words)}",
        f".SH {_heading('synopsis', texts)}",
        *_synopses(grammar),
        f".SH {_heading('commands', texts)}",
    ]
    for command in grammar.commands:
        lines += [f".SS {_text(command.name)}", _text(command.words)]
        for option in command.options:
            if option.flags != ("-h", "--help"):
                lines += [".TP", _term(option), _text(option.words)]
    lines += [f".SH {_heading('exit', texts)}"]
    for status in ExitStatus:
        lines += [".TP", f"\\fB{status.value}\\fR", _text(texts.say(f"exit.{status.name.lower()}"))]
    if grammar.examples:
        lines += [
            f".SH {_heading('examples', texts)}",
            ".nf",
            _text(_body(grammar.examples)),
            ".fi",
        ]
    return "\n".join(lines) + "\n"


def _heading(name: str, texts: Texts) -> str:
    return f'"{_text(texts.say(f"man.{name}"))}"'


def _synopses(grammar: Grammar) -> Iterable[str]:
    for command in grammar.commands:
        yield ".br"
        yield f"\\fB{_text(grammar.program)} {_text(command.name)}\\fR {_synopsis(command)}"


def _synopsis(command: Subcommand) -> str:
    values = [f"\\fI{_text(option.value)}\\fR" for option in command.positionals]
    return " ".join(["[\\fIoptions\\fR]", *values])


def _term(option: Option) -> str:
    value = f" \\fI{_text(option.value)}\\fR" if option.value else ""
    if not option.flags:
        return value.strip()
    return ", ".join(f"\\fB{_text(flag)}\\fR" for flag in option.flags) + value


def _body(examples: str) -> str:
    """The examples without their first line, which is a heading already."""
    return examples.partition("\n")[2]


def _text(text: str) -> str:
    """Keep roff from reading a text as its own language."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", safe, flags=re.MULTILINE)
