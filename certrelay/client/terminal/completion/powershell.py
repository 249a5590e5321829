"""Completion for PowerShell, with the words of --help beside each: a table, and who reads it."""

from collections.abc import Iterable, Sequence
from typing import Final

from certrelay.client.terminal.grammar import Grammar, Option, Subcommand


def script(programs: Sequence[Grammar]) -> str:
    """Write what the profile runs."""
    tables = "\n".join(f"  {_quoted(each.program)} = {_program(each)}" for each in programs)
    names = ", ".join(_quoted(each.program) for each in programs)
    return f"$certrelayTable = @{{\n{tables}\n}}\n{_READER.replace('NAMES', names)}\n"


def _program(grammar: Grammar) -> str:
    commands = "\n".join(
        f"    {_quoted(name)} = {_command(command)}"
        for command in grammar.commands
        for name in command.names
    )
    listed = _pairs((name, each.words) for each in grammar.commands for name in each.names)
    own = _pairs((flag, each.words) for each in grammar.options for flag in each.flags)
    return f"@{{\n    Words = @({listed}, {own})\n{commands}\n  }}"


def _command(command: Subcommand) -> str:
    flags = _pairs((flag, option.words) for option in command.flags for flag in option.flags)
    values = "; ".join(
        f"{_quoted(flag)} = {_value(option)}"
        for option in command.flags
        if option.value
        for flag in option.flags
    )
    rest = next((_value(option) for option in command.positionals if option.completes), "@()")
    return f"@{{ Words = @({flags}); Values = @{{ {values} }}; Rest = {rest} }}"


def _value(option: Option) -> str:
    """What an option's value may be: a list, ``'targets'``, or ``'files'``."""
    if option.is_target:
        return "'targets'"
    if option.choices or (option.flags and not option.is_file):
        return f"@({', '.join(map(_quoted, option.choices))})"
    return "'files'"


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"@({_quoted(word)}, {_quoted(words)})" for word, words in pairs)


# Who gets nothing is offered files by PowerShell itself.
_READER: Final = """\
Register-ArgumentCompleter -Native -CommandName @(NAMES) -ScriptBlock {
  param($word, $line, $cursor)
  $before = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } |
    ForEach-Object { $_.Extent.Text.Trim([char[]]@([char]34, [char]39)) })
  $program = $certrelayTable[[System.IO.Path]::GetFileNameWithoutExtension($before[0])]
  if ($before.Count -lt 2) {
    $found = $program.Words
  } else {
    $command = $program[$before[1]]
    if ($null -eq $command) { return }
    $kind = $command.Values[$before[-1]]
    if ($null -eq $kind) { $kind = $command.Rest }
    if ($word.StartsWith('-')) {
      $found = $command.Words
    } elseif ($kind -is [array]) {
      $found = @($kind | ForEach-Object { , @($_, $_) })
    } elseif ($kind -eq 'targets') {
      $found = @(certrelay completion targets -- $before 2>$null |
          ForEach-Object { , @($_.Split([char]9, 2)) })
    }
  }
  $found | Where-Object { $_ -and $_[0].StartsWith($word) } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
  }
}"""


def _quoted(text: str) -> str:
    # Curly quotes end a text in PowerShell as straight ones do; doubled they do not.
    return "'" + "".join(each * 2 if each in _QUOTES else each for each in text) + "'"


_QUOTES: Final = "'\u2018\u2019\u201a\u201b"
