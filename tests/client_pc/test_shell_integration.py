"""Completions as shells use them, manual pages as man reads them."""

import subprocess
from functools import cache
from pathlib import Path

import pytest

from certrelay.client.terminal import completion, manual
from certrelay.errors import ExitStatus
from certrelay.texts import LANGUAGES, Texts
from client_pc import cli
from client_pc.shell_integration import PROGRAMS, grammars
from tests.component import program

GRAMMARS = grammars(Texts("en"))


@cache
def script(shell: completion.ShellName, language: str = "en") -> str:
    return completion.script(shell, tuple(grammars(Texts(language)).values()))


def complete(*lines: str, folder: Path | None = None) -> list[set[str]]:
    """What bash proposes for the last word of each line."""
    asked = []
    for line in lines:
        words = line.split(" ")
        function = "_" + words[0].replace("-", "_")
        asked.append(
            f"COMP_WORDS=({' '.join(repr(word) for word in words)}); "
            f'COMP_CWORD={len(words) - 1}; {function}; echo "${{COMPREPLY[*]}}"'
        )
    done = subprocess.run(
        [program("bash"), "--norc", "-c", "\n".join([script("bash"), *asked])],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.stderr == ""
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_bash_completes_commands_flags_choices_and_files(tmp_path: Path) -> None:
    (tmp_path / "qr.png").touch()
    commands, flags, languages, files, shells, name, relay, phone, none = complete(
        "certrelay ex",
        "certrelay import --q",
        "certrelay list --lang ",
        "certrelay import --qr-png q",
        "certrelay completion z",
        "certrelay import --name q",
        "certrelay-relay serve --log-format j",
        "certrelay-phone scan q",
        "certrelay nothing -",
        folder=tmp_path,
    )
    assert commands == {"export"}
    assert flags == {"--qr-png", "--quiet"}
    assert languages == {"ko", "en"}
    assert files == phone == {"qr.png"}
    assert shells == {"zsh"}
    assert name == none == set()
    assert relay == {"json"}


def test_bash_knows_every_command_and_flag() -> None:
    lines = [f"{name} {each.name} --" for name, own in GRAMMARS.items() for each in own.commands]
    found = complete(*(f"{name} " for name in PROGRAMS), *lines)
    for name, proposed in zip(PROGRAMS, found, strict=False):
        assert {command.name for command in GRAMMARS[name].commands} <= proposed
    flags = [
        {flag for option in each.flags for flag in option.flags if flag.startswith("--")}
        for own in GRAMMARS.values()
        for each in own.commands
    ]
    assert found[len(PROGRAMS) :] == flags


@pytest.mark.parametrize("language", LANGUAGES)
def test_zsh_can_read_its_script(language: str) -> None:
    text = script("zsh", language)
    assert text.startswith("#compdef certrelay certrelay-relay certrelay-phone\n")
    done = subprocess.run(
        [program("zsh"), "-n"], input=text, check=False, capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_manual_page_tells_every_command_flag_and_exit_status(name: str, language: str) -> None:
    texts = Texts(language)
    grammar = grammars(texts)[name]
    page = manual.page(grammar, texts).replace("\\-", "-")
    for command in grammar.commands:
        section = page.partition(f".SS {command.name}\n")[2].partition("\n.SS")[0]
        for option in command.flags:
            if "--help" not in option.flags:
                assert all(f"\\fB{flag}\\fR" in section for flag in option.flags)
                assert option.words.replace("\\", "\\e") in section
    assert all(f"\\fB{status.value}\\fR" in page for status in ExitStatus)


def test_man_reads_the_page_without_a_warning() -> None:
    texts = Texts("en")
    for grammar in GRAMMARS.values():
        done = subprocess.run(
            [program("groff"), "-man", "-Tutf8", "-Kutf8", "-ww", "-z"],
            input=manual.page(grammar, texts),
            check=True,
            capture_output=True,
            encoding="utf-8",
        )
        assert done.stderr == ""


def test_text_is_never_a_command_of_roff() -> None:
    assert manual._text(".SH\n'x \\fB -a") == "\\&.SH\n\\&'x \\efB \\-a"


def test_the_commands_print_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "bash", "--lang", "en"]) == ExitStatus.OK
    assert capsys.readouterr().out == script("bash")
    assert cli.main(["man", "certrelay-phone", "--lang", "ko"]) == ExitStatus.OK
    texts = Texts("ko")
    expected = manual.page(grammars(texts)["certrelay-phone"], texts)
    assert capsys.readouterr().out == expected
