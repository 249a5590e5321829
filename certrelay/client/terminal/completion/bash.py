"""Completion for bash: words only, for every version since 3.2."""

from collections.abc import Sequence
from typing import Final

from certrelay.client.terminal.grammar import Grammar, Option, Subcommand


def script(programs: Sequence[Grammar]) -> str:
    """Write what bash loads."""
    return "\n".join([_TARGETS, *map(_program, programs)]) + "\n"


def _function(grammar: Grammar) -> str:
    return "_" + grammar.program.replace("-", "_")


def _program(grammar: Grammar) -> str:
    names = " ".join(name for command in grammar.commands for name in command.names)
    own = " ".join(flag for option in grammar.options for flag in option.flags)
    cases = "\n".join(_case(command) for command in grammar.commands)
    function = _function(grammar)
    return f"""\
{function}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  local command=${{COMP_WORDS[1]}} flags="" files="" choices="" targets=""
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "{names} {own}" -- "$word"))
    return
  fi
  case $command in
{cases}
  *) return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -n $choices ]]; then
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
  elif [[ -n $targets ]]; then
    _certrelay_targets "$word"
    [[ -n ${{COMPREPLY[*]}} ]] || _certrelay_files "$word"
  elif [[ -n $files ]]; then
    _certrelay_files "$word"
  fi
}}
complete -F {function} {grammar.program}"""


def _case(command: Subcommand) -> str:
    flags = " ".join(flag for option in command.flags for flag in option.flags)
    lines = [f"  {'|'.join(command.names)})", f'    flags="{flags}"']
    branches = [_branch(option) for option in command.flags if option.value]
    for option in filter(lambda each: each.completes, command.positionals):
        choices = " ".join(option.choices)
        kind = "targets" if option.is_target else "files"
        branches.append(f'*) choices="{choices}" ;;' if choices else f"*) {kind}=1 ;;")
    if branches:
        lines += ["    case $before in", *(f"    {each}" for each in branches), "    esac"]
    return "\n".join([*lines, "    ;;"])


def _branch(option: Option) -> str:
    flags = "|".join(option.flags)
    if option.choices:
        return f'{flags}) choices="{" ".join(option.choices)}" ;;'
    if option.is_target:
        return f"{flags}) targets=1 ;;"
    return f"{flags}) files=1 ;;" if option.is_file else f'{flags}) flags="" ;;'


# A line is a word and what it stands for.  compgen -W would run a word's $(…): lines are compared.
_TARGETS: Final = """\
_certrelay_targets() {
  local line
  while IFS= read -r line; do
    line=${line%%$'\\t'*}
    [[ $line == "$1"* ]] && COMPREPLY+=("$line")
  done < <(certrelay completion targets -- "${COMP_WORDS[@]}" 2>/dev/null)
}
_certrelay_files() {
  local line
  compopt -o filenames 2>/dev/null
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$1")
}"""
