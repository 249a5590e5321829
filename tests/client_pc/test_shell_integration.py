"""Completions as shells use them, manual pages as man reads them."""

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from certrelay.client.store.reading import find
from certrelay.client.terminal import completion, manual
from certrelay.errors import ExitStatus
from certrelay.pki.naming import owner_name
from certrelay.texts import LANGUAGES, Texts
from client_pc import cli
from client_pc.shell_integration import grammars
from client_pc.words import PROGRAMS
from tests.client_pc.test_many import issued, put
from tests.component import program
from tests.sources import ROOT

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


CLEAR = ("홍길동", "㈜한빛")
NAMES = (
    *CLEAR,
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "-rf",
    "가 나",
    "42",
)
ACTING = set(" \t'\"`$;&|<>()[]{}*?!#~\\^%@=,:")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with names that would act in a shell, and the program by its name."""
    for number, name in enumerate(NAMES):
        put(tmp_path / "NPKI", issued(name=name, number=number))
    caller = tmp_path / "bin" / "certrelay"
    caller.parent.mkdir()
    caller.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m client_pc "$@"\n', "utf-8")
    caller.chmod(0o755)
    monkeypatch.setenv("PATH", f"{caller.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


def words_of(store: Path) -> set[str]:
    found = {entry.summary.certificate for entry in find(store) if entry.summary is not None}
    return {
        owner if (owner := owner_name(each.cn)) in CLEAR else each.fingerprint[:12]
        for each in found
        if each is not None
    }


def test_a_word_that_names_a_certificate_acts_in_no_shell_and_is_understood(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = desk / "NPKI"
    assert cli.main(["completion", "targets", "--", "x", "--store", str(store)]) == ExitStatus.OK
    lines = capsys.readouterr().out.splitlines()
    words = {line.partition("\t")[0] for line in lines}
    assert words == words_of(store)
    assert not ACTING & set("".join(words))
    assert all(line.count("\t") == 1 for line in lines)
    for word in words:
        assert cli.main(["show", word, "--store", str(store)]) == ExitStatus.OK, word


def test_a_terminal_without_hangul_gets_no_question_marks(desk: Path) -> None:
    done = subprocess.run(
        ["certrelay", "completion", "targets", "--", "--store", str(desk / "NPKI")],
        env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        check=True,
        capture_output=True,
        text=True,
    )
    words = [line.partition("\t")[0] for line in done.stdout.splitlines()]
    assert len(words) == len(NAMES)
    assert all(re.fullmatch("[0-9a-f]{12}", word) for word in words)


def test_bash_completes_certificates(desk: Path) -> None:
    every, some, files = complete(
        f"certrelay show --store {desk}/NPKI ",
        f"certrelay rm --store {desk}/NPKI 홍",
        f"certrelay show --store {desk}/NPKI NP",
        folder=desk,
    )
    assert every == words_of(desk / "NPKI")
    assert some == {"홍길동"}
    assert files == {"NPKI"}
    assert not (desk / "pwned").exists()


def fish(text: str, line: str, folder: Path) -> set[str]:
    done = subprocess.run(
        [program("fish"), "--no-config", "-c", f"{text}\ncomplete -C {shlex.quote(line)}"],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.stderr == ""
    return {each.partition("\t")[0] for each in done.stdout.splitlines()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_fish_completes_commands_flags_choices_files_and_certificates(
    desk: Path, language: str
) -> None:
    text = script("fish", language)
    store = f"certrelay rm --store {desk}/NPKI"
    assert fish(text, "certrelay ex", desk) == {"export"}
    assert fish(text, "certrelay import --qr", desk) == {"--qr-png"}
    assert fish(text, "certrelay list --lang ", desk) == set(LANGUAGES)
    assert fish(text, "certrelay list --csv --sort ex", desk) == {"expiry"}
    assert fish(text, "certrelay import --qr-png NP", desk) == {"NPKI/"}
    assert fish(text, "certrelay-relay serve --log-format j", desk) == {"json"}
    assert words_of(desk / "NPKI") <= fish(text, f"{store} ", desk)
    assert fish(text, f"{store} 홍", desk) == {"홍길동"}
    assert not (desk / "pwned").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_powershell_gets_a_table_of_whole_texts(language: str) -> None:
    """No PowerShell is here: the script is taken apart as it does, quotes first, then brackets."""
    text = script("powershell", language)
    quote = "['\u2018-\u201b]"
    inside = rf"{quote}((?:[^'\u2018-\u201b]|{quote}{quote})*){quote}"
    texts = [re.sub(f"({quote}){quote}", r"\1", each) for each in re.findall(inside, text)]
    bare = re.sub(inside, "", text)
    assert not re.search(quote, bare)
    for opening, closing in ("()", "{}", "[]"):
        assert bare.count(opening) == bare.count(closing)
    for grammar in grammars(Texts(language)).values():
        for command in grammar.commands:
            assert command.words in texts
            assert set(command.names) <= set(texts)
            for option in command.flags:
                assert {*option.flags, option.words, *option.choices} <= set(texts)


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
