"""Completion for fish, with the words of --help beside each."""

from collections.abc import Iterator, Sequence
from typing import Final

from certrelay.client.terminal.grammar import Grammar, Option, Subcommand


def script(programs: Sequence[Grammar]) -> str:
    """Write what fish loads from its folder of completions."""
    lines = [_TARGETS]
    for grammar in programs:
        lines += _program(grammar)
    return "\n".join(lines) + "\n"


def _program(grammar: Grammar) -> Iterator[str]:
    name = grammar.program
    yield f"complete -c {name} -f"
    for option in grammar.options:
        yield f"complete -c {name} -n __fish_use_subcommand {_option(option)}"
    for command in grammar.commands:
        for each in command.names:
            words = _quoted(command.words)
            yield f"complete -c {name} -n __fish_use_subcommand -a {each} -d {words}"
        yield from _command(name, command)


def _command(program: str, command: Subcommand) -> Iterator[str]:
    condition = _quoted(f"__fish_seen_subcommand_from {' '.join(command.names)}")
    begin = f"complete -c {program} -n {condition}"
    for option in command.flags:
        yield f"{begin} {_option(option)}"
    for option in command.positionals:
        if option.is_target:
            yield f"{begin} -F -a '(__certrelay_targets)'"
        elif option.choices:
            yield f"{begin} -a {_quoted(' '.join(option.choices))}"
        elif option.is_file:
            yield f"{begin} -F"


def _option(option: Option) -> str:
    words = [_flag(flag) for flag in option.flags]
    if option.choices:
        words.append(f"-x -a {_quoted(' '.join(option.choices))}")
    elif option.is_target:
        words.append("-r -F -a '(__certrelay_targets)'")
    elif option.value:
        words.append("-r -F" if option.is_file else "-x")
    return " ".join([*words, "-d", _quoted(option.words)])


def _flag(flag: str) -> str:
    return f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"


# A line is a word and what it stands for, which is how fish reads candidates.
_TARGETS: Final = """\
function __certrelay_targets
    certrelay completion targets -- (commandline -opc) 2>/dev/null
end"""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
