"""Completion as a person meets it: a few letters, Tab, and the rest is there."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from certrelay.client.terminal import completion
from certrelay.texts import Texts
from client_pc.shell_integration import grammars
from tests.component import program
from tests.screens.tmux import Terminal, terminal

GRAMMARS = tuple(grammars(Texts("en")).values())

CASES = {
    "certrelay rem": "certrelay remind",
    "certrelay import --qr": "certrelay import --qr-png",
    "certrelay import --lang k": "certrelay import --lang ko",
    "certrelay convert 1 --to np": "certrelay convert 1 --to npki",
    "certrelay-relay ser": "certrelay-relay serve",
    "certrelay-phone scan --keys": "certrelay-phone scan --keystore",
}


@pytest.fixture
def window() -> Iterator[tuple[Terminal, Path]]:
    with tempfile.TemporaryDirectory(prefix="certrelay-") as name:
        folder = Path(name)
        with terminal(folder, (80, 40)) as opened:
            yield opened, folder


def test_tab_completes_in_zsh(window: tuple[Terminal, Path]) -> None:
    zsh, (opened, folder) = program("zsh"), window
    (folder / "_certrelay").write_text(completion.script("zsh", GRAMMARS), "utf-8")
    opened.type(f"exec {zsh} -f")
    opened.type(f"PS1='$ '; fpath=({folder} $fpath)")
    opened.type("autoload -U compinit; compinit -u -D; print re''ady")
    opened.wait(lambda shot: "\nready" in shot.text)
    press_tab(opened)


def test_tab_completes_in_bash(window: tuple[Terminal, Path]) -> None:
    opened, folder = window
    (folder / "certrelay").write_text(completion.script("bash", GRAMMARS), "utf-8")
    opened.type(". ./certrelay; echo re''ady")
    opened.wait(lambda shot: "\nready" in shot.text)
    press_tab(opened)


def press_tab(opened: Terminal) -> None:
    for typed, completed in CASES.items():
        opened.write(typed)
        opened.press("Tab")
        opened.wait_for_line(f"$ {completed}")
        opened.press("C-u")
