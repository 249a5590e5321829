"""Completion for zsh, with the words of --help beside each."""

from collections.abc import Sequence
from typing import Final

from certrelay.client.terminal.grammar import Grammar, Option, Subcommand


def script(programs: Sequence[Grammar]) -> str:
    """Write what zsh loads from a folder of ``fpath``."""
    head = "#compdef " + " ".join(each.program for each in programs)
    return "\n".join([head, _TARGETS, *map(_program, programs), _END]) + "\n"


def _function(grammar: Grammar) -> str:
    return "_" + grammar.program.replace("-", "_")


def _program(grammar: Grammar) -> str:
    function = _function(grammar)
    listed = "\n".join(
        f"    {_quoted(f'{name}:{each.words}')}" for each in grammar.commands for name in each.names
    )
    cases = "\n".join(_case(each) for each in grammar.commands)
    return f"""\
{function}() {{
  local -a commands
  commands=(
{listed}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  local -a _certrelay_line
  _certrelay_line=(${{(Q)words}})
  shift words
  ((CURRENT--))
  case $command in
{cases}
  esac
}}
compdef {function} {grammar.program}"""


def _case(command: Subcommand) -> str:
    offered = [option for option in command.options if option.flags or option.completes]
    specs = [spec for option in offered for spec in _specs(option)]
    arguments = " \\\n".join(f"      {_quoted(spec)}" for spec in specs)
    return f"  {'|'.join(command.names)})\n    _arguments -s \\\n{arguments}\n    ;;"


def _specs(option: Option) -> list[str]:
    words = option.words.replace("[", "(").replace("]", ")")
    action = f"({' '.join(option.choices)})" if option.choices else "_files"
    if option.is_target:
        action = "_certrelay_targets"
    elif not option.choices and not option.is_file and option.flags:
        action = ""
    name = option.value.replace(":", r"\:")
    if not option.flags:
        return [f"*:{name}:{action}"]
    value = f":{name}:{action}" if option.value else ""
    return [f"*{flag}[{words}]{value}" for flag in option.flags]


# A line is a word and what it stands for; neither holds a character that acts.
_TARGETS: Final = """\
_certrelay_targets() {
  local -a found
  found=(${(f)"$(certrelay completion targets -- $_certrelay_line 2>/dev/null)"})
  found=(${found/$'\\t'/:})
  _describe -t certificates certificate found || _files
}"""

_END: Final = """\
# Loaded from a folder of $fpath, this file runs as the first completion itself.
if [[ ${funcstack[1]} == _certrelay ]]; then
  "_${service//-/_}" "$@"
fi"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
