"""docs/commands.md and the programs: whatever one of them has, the other one has too."""

import re
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.texts import Texts
from client_pc.settings import KEYS
from client_pc.shell_integration import grammars
from tests.sources import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text("utf-8")
GRAMMARS = grammars(Texts("en"))
COMMON = {"--help", "--interactive", "--json", "--quiet", "--plain", "--lang"}
READING = {"--store", "--all-places"}
SECTIONS = dict(re.findall(r"^## (certrelay\S* \w+)[^\n]*\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))
COMMANDS = {
    f"{program} {command.name}": command
    for program, grammar in GRAMMARS.items()
    for command in grammar.commands
}
FLAGS = {flag for each in COMMANDS.values() for option in each.flags for flag in option.flags} | {
    flag for each in GRAMMARS.values() for option in each.options for flag in option.flags
}


def flags_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))


def test_every_command_has_a_section_and_no_section_lacks_its_command() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_every_option_of_its_command_and_no_other(name: str) -> None:
    own = {flag for option in COMMANDS[name].flags for flag in option.flags if flag[1] == "-"}
    told = flags_in(SECTIONS[name])
    if name == "certrelay export":
        told |= flags_in(SECTIONS["certrelay import"])
    assert own - COMMON - READING <= told
    assert told <= own


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/*.md")), ids=lambda path: path.name)
def test_every_flag_in_the_docs_exists(path: Path) -> None:
    foreign = {"--port", "--add-port", "--no-pager", "--since", "--value"}  # of other programs
    foreign |= {
        "--latency",
        "--raw",
        "--tmpfs",
        "--now",
        "--pyproject",
        "--no-deps",
        "--only-binary",
    }
    foreign |= {"--require-hashes"}
    lines = [line for line in path.read_text("utf-8").splitlines() if "certrelay" in line]
    assert {flag for line in lines for flag in flags_in(line)} - foreign <= FLAGS


def test_every_exit_status_is_listed() -> None:
    listed = [int(number) for number in re.findall(r"^\| ([0-9]+) \|", PAGE, re.M)]
    assert listed == list(ExitStatus)


def test_the_settings_are_listed_with_their_variables() -> None:
    section = SECTIONS["certrelay config"]
    listed = set(re.findall(r"^\| `([a-z_.]+)` \| `([A-Z_]+)` \|", section, re.M))
    assert listed == {(key.name, key.variable) for key in KEYS}
