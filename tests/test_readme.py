"""Both READMEs: every command and flag exists, and they say the same."""

import io
import re
import shlex
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache

import pytest

from certrelay.errors import ExitStatus
from client_mobile_sim import cli as phone
from client_pc import cli as pc
from relay import __main__ as relay
from tests.sources import ROOT

PAGES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "README.ko.md")}
PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "certrelay": pc.main,
    "certrelay-relay": relay.main,
    "certrelay-phone": phone.main,
}


def blocks(page: str) -> list[str]:
    """The lines of a page's code blocks, in order, without comments."""
    found = re.findall(r"^```[a-z]*\n(.*?)^```", PAGES[page], re.MULTILINE | re.DOTALL)
    return [line.split("#")[0].rstrip() for block in found for line in block.splitlines()]


COMMANDS = sorted({line for page in PAGES for line in blocks(page) if line.startswith("certrelay")})


@cache
def help_of(program: str, command: str) -> str:
    shown = io.StringIO()
    with redirect_stdout(shown), pytest.raises(SystemExit) as ended:
        PROGRAMS[program]([command, "--help"])
    assert ended.value.code == 0
    return shown.getvalue()


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_and_flag_exists(line: str) -> None:
    program, command, *arguments = shlex.split(line)
    for flag in (argument for argument in arguments if argument.startswith("--")):
        assert re.search(rf"{flag}\b", help_of(program, command)), flag


def test_flags_in_the_text_exist_somewhere() -> None:
    every_help = "".join(
        help_of(program, command)
        for program, commands in (
            ("certrelay", ("import", "export", "list", "verify", "convert", "desktop", "demo")),
            ("certrelay-relay", ("serve",)),
            ("certrelay-phone", ("init", "scan")),
        )
        for command in commands
    )
    for page in PAGES.values():
        for flag in re.findall(r"`(--[a-z-]+)", page):
            assert flag in every_help, flag


def test_both_languages_show_the_same_commands_and_links() -> None:
    assert blocks("README.md") == blocks("README.ko.md")

    def links(page: str) -> list[str]:
        return sorted(re.findall(r"\]\((?!README)([^)]+)\)", PAGES[page]))

    assert links("README.md") == links("README.ko.md")
    assert all((ROOT / link).exists() for link in links("README.md"))


@pytest.mark.parametrize("page", PAGES)
def test_every_exit_status_is_listed(page: str) -> None:
    listed = {int(number) for number in re.findall(r"\| ([0-9]+) \|", PAGES[page])}
    assert listed == set(ExitStatus)
