"""Completion as a person meets it: a few letters, Tab, and the rest is there."""

import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from certrelay.client.terminal import completion
from certrelay.texts import Texts
from client_pc.shell_integration import grammars
from tests.client_pc.test_many import issued, put
from tests.component import program
from tests.screens.tmux import Terminal, terminal
from tests.sources import ROOT

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
    press_tab_for_a_certificate(opened, folder)


def test_tab_completes_in_bash(window: tuple[Terminal, Path]) -> None:
    opened, folder = window
    (folder / "certrelay").write_text(completion.script("bash", GRAMMARS), "utf-8")
    opened.type(". ./certrelay; echo re''ady")
    opened.wait(lambda shot: "\nready" in shot.text)
    press_tab(opened)
    press_tab_for_a_certificate(opened, folder)


def press_tab_for_a_certificate(opened: Terminal, folder: Path) -> None:
    """What is offered comes from the program itself."""
    put(folder / "NPKI", issued(name="Hong.Gildong"), issued(name="$(reboot)", number=2))
    caller = f'{shlex.quote(sys.executable)} -m client_pc "$@"'
    opened.type(f"certrelay() {{ PYTHONPATH={ROOT} {caller}; }}; echo se''t")
    opened.wait(lambda shot: "\nset" in shot.text)
    opened.write("certrelay show --store NPKI Hong")
    opened.press("Tab")
    opened.wait_for_line("$ certrelay show --store NPKI Hong.Gildong")
    opened.press("C-u")


def press_tab(opened: Terminal) -> None:
    for typed, completed in CASES.items():
        opened.write(typed)
        opened.press("Tab")
        opened.wait_for_line(f"$ {completed}")
        opened.press("C-u")
