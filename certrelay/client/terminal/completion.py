"""Completion for bash and zsh, written from the programs' own parsers."""

from collections.abc import Sequence
from typing import Final, Literal

from certrelay.client.terminal.grammar import Grammar, Option, Subcommand

ShellName = Literal["bash", "zsh"]
SHELLS: Final[tuple[ShellName, ...]] = ("bash", "zsh")


def script(shell: ShellName, programs: Sequence[Grammar]) -> str:
    """Write what a person loads into the shell."""
    if shell == "bash":
        return "\n".join(map(_bash, programs)) + "\n"
    head = "#compdef " + " ".join(each.program for each in programs)
    return "\n".join([head, *map(_zsh, programs), _ZSH_END]) + "\n"


def _function(grammar: Grammar) -> str:
    return "_" + grammar.program.replace("-", "_")


# --- bash: words only, for every version since 3.2 ---


def _bash(grammar: Grammar) -> str:
    names = " ".join(command.name for command in grammar.commands)
    own = " ".join(flag for option in grammar.options for flag in option.flags)
    cases = "\n".join(_bash_case(command) for command in grammar.commands)
    function = _function(grammar)
    return f"""\
{function}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  local command=${{COMP_WORDS[1]}} flags="" files="" choices=""
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
  elif [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -F {function} {grammar.program}"""


def _bash_case(command: Subcommand) -> str:
    flags = " ".join(flag for option in command.flags for flag in option.flags)
    lines = [f"  {command.name})", f'    flags="{flags}"']
    branches = [_bash_branch(option) for option in command.flags if option.value]
    for option in command.positionals:
        choices = " ".join(option.choices)
        branches.append(f'*) choices="{choices}" ;;' if choices else "*) files=1 ;;")
    if branches:
        lines += ["    case $before in", *(f"    {each}" for each in branches), "    esac"]
    return "\n".join([*lines, "    ;;"])


def _bash_branch(option: Option) -> str:
    flags = "|".join(option.flags)
    if option.choices:
        return f'{flags}) choices="{" ".join(option.choices)}" ;;'
    return f"{flags}) files=1 ;;" if option.is_file else f'{flags}) flags="" ;;'


# --- zsh: with the words of --help beside each ---


def _zsh(grammar: Grammar) -> str:
    function = _function(grammar)
    listed = "\n".join(f"    {_quoted(f'{each.name}:{each.words}')}" for each in grammar.commands)
    cases = "\n".join(_zsh_case(each) for each in grammar.commands)
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
  shift words
  ((CURRENT--))
  case $command in
{cases}
  esac
}}
compdef {function} {grammar.program}"""


def _zsh_case(command: Subcommand) -> str:
    specs = [spec for option in command.options for spec in _zsh_specs(option)]
    arguments = " \\\n".join(f"      {_quoted(spec)}" for spec in specs)
    return f"  {command.name})\n    _arguments -s \\\n{arguments}\n    ;;"


def _zsh_specs(option: Option) -> list[str]:
    words = option.words.replace("[", "(").replace("]", ")")
    action = f"({' '.join(option.choices)})" if option.choices else "_files"
    if not option.choices and not option.is_file and option.flags:
        action = ""
    name = option.value.replace(":", r"\:")
    if not option.flags:
        return [f"*:{name}:{action}"]
    value = f":{name}:{action}" if option.value else ""
    return [f"*{flag}[{words}]{value}" for flag in option.flags]


_ZSH_END: Final = """\
# Loaded from a folder of $fpath, this file runs as the first completion itself.
if [[ ${funcstack[1]} == _certrelay ]]; then
  "_${service//-/_}" "$@"
fi"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
