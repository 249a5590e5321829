"""A real terminal for tests: tmux, with what it shows as text and as colours."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from certrelay.safe_text import cell_width
from tests.component import program
from tests.flows.programs import environment
from tests.patience import PATIENCE_S

CELL = 8
"""Pixels of half a cell's side: one module of a QR code."""

_SGR = re.compile("\x1b\\[([0-9;]*)m")
_DEFAULT = (255, 0)
"""Grey of letters and background where no colour is set: a dark terminal."""


@dataclass(frozen=True)
class Shot:
    """What a terminal showed at one moment."""

    text: str
    coloured: str
    joined: str
    """The text with lines that the terminal has folded put together again."""

    columns: int

    def says(self, sentence: str) -> bool:
        """Whether a sentence is there whole, wherever its lines are broken."""
        return "".join(sentence.split()) in "".join(self.joined.split())

    def torn(self) -> list[str]:
        """Lines that the terminal had to fold though they have no word as long as a line."""
        return [
            line
            for line in map(str.rstrip, self.joined.split("\n"))
            if cell_width(line) > self.columns and self._could_be_broken(line)
        ]

    def _could_be_broken(self, line: str) -> bool:
        indent = len(line) - len(line.lstrip(" "))
        return indent + max(map(cell_width, line.split())) <= self.columns

    def picture(self) -> Image.Image:
        """The screen in grey: each cell two pixels, the upper half and the lower."""
        rows = list(_pixels(self.coloured))
        size = (max(len(upper) for upper, _ in rows), 2 * len(rows))
        picture = Image.new("L", size, _DEFAULT[1])
        for at, row in enumerate(rows):
            for half, pixels in enumerate(row):
                picture.paste(Image.frombytes("L", (len(pixels), 1), pixels), (0, 2 * at + half))
        return picture.resize((size[0] * CELL, size[1] * CELL), Image.Resampling.NEAREST)


def _pixels(coloured: str) -> Iterator[tuple[bytes, bytes]]:
    """Each row's upper and lower halves; a colour lasts until the next one, over lines too."""
    fore, back = _DEFAULT
    for line in coloured.split("\n"):
        upper, lower = bytearray(), bytearray()
        at = 0
        while at < len(line):
            if escape := _SGR.match(line, at):
                fore, back = _after(escape[1], fore, back)
                at = escape.end()
                continue
            upper.append(fore if line[at] in "▀█" else back)
            lower.append(fore if line[at] in "▄█" else back)
            at += 1
        yield bytes(upper), bytes(lower)


def _after(numbers: str, fore: int, back: int) -> tuple[int, int]:
    """The colours after an escape sequence, as far as they are black and white."""
    if numbers in ("", "0"):
        return _DEFAULT
    for number in re.findall(r"[34]8;5;\d+|\d+", numbers):
        fore = {"30": 0, "38;5;16": 0, "39": _DEFAULT[0]}.get(number, fore)
        back = {"107": 255, "48;5;231": 255, "49": _DEFAULT[1]}.get(number, back)
    return fore, back


class Terminal:
    """One window of its own tmux server, with a shell in it that knows our programs."""

    def __init__(
        self, folder: Path, size: tuple[int, int], kind: str, variables: dict[str, str]
    ) -> None:
        self._tmux = [program("tmux"), "-u", "-S", str(folder / "tmux"), "-f", os.devnull]
        self._folder = folder
        self.columns, rows = size
        self._environment = environment(TERM="xterm-256color", PS1="$ ", **variables)
        terminal_kind = ["set-option", "-g", "default-terminal", kind, ";"]
        window = ["new-session", "-d", "-x", str(self.columns), "-y", str(rows)]
        shell = [program("bash"), "--norc", "--noprofile"]
        self._run("start-server", ";", *terminal_kind, *window, *shell)
        self._run("set-option", "-g", "status", "off")
        python = shlex.quote(sys.executable)
        self.type(f"certrelay() {{ {python} -m client_pc \"$@\"; }}; PS1='$ '; clear")
        try:
            self._wait_for_empty()
        except BaseException:
            self.close()
            raise

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._tmux, *command],
            check=True,
            capture_output=True,
            encoding="utf-8",
            env=self._environment,
            cwd=self._folder,
        )
        return done.stdout

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        self.write(line)
        self._run("send-keys", "Enter")

    def write(self, text: str) -> None:
        """Type without Enter."""
        self._run("send-keys", "-l", "--", text)

    def press(self, key: str) -> None:
        """Press a key, by tmux's name for it."""
        self._run("send-keys", key)

    def resize(self, columns: int, rows: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def clear(self) -> None:
        """An empty screen with a prompt."""
        self.type("clear")
        self._wait_for_empty()

    def _wait_for_empty(self) -> None:
        def is_empty(shot: Shot) -> bool:
            self._run("clear-history")
            return shot.text.strip() == "$"

        self.wait(is_empty)

    def shot(self) -> Shot:
        """What is shown now, and what has scrolled away since `clear`."""
        everything = ["capture-pane", "-p", "-S", "-"]
        # First what is waited for: the others show at least as much.
        joined = self._run(*everything, "-J").rstrip()
        text = self._run(*everything).rstrip()
        return Shot(
            text="\n".join(line.rstrip() for line in text.split("\n")),
            coloured=self._run("capture-pane", "-p", "-e", "-N").rstrip("\n"),
            joined=joined,
            columns=self.columns,
        )

    def wait(self, there: Callable[[Shot], bool]) -> Shot:
        """Look until something is there; a test that waits in vain fails with the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while not there(shot := self.shot()):
            if time.monotonic() > deadline:
                raise AssertionError(f"in vain:\n{shot.text}")
            time.sleep(0.05)
        return shot

    def wait_for(self, sentence: str) -> Shot:
        """Look until a sentence is there."""
        return self.wait(lambda shot: shot.says(sentence))

    def wait_for_line(self, start: str) -> Shot:
        """Look until a line begins so."""
        return self.wait(lambda shot: f"\n{start}" in shot.joined)

    def wait_for_prompt(self) -> Shot:
        """Look until the command has ended."""
        return self.wait(lambda shot: shot.joined.endswith("\n$"))

    def close(self) -> None:
        self._run("kill-server")


@contextmanager
def terminal(
    folder: Path, size: tuple[int, int], kind: str = "tmux-256color", **variables: str
) -> Iterator[Terminal]:
    """A terminal that is gone when the test ends.

    Args:
        folder: For its socket, and where its shell is; a short path.
        size: Columns and rows.
        kind: Its TERM: ``screen`` has 16 colours only.
        variables: For its shell.
    """
    made = Terminal(folder, size, kind, variables)
    try:
        yield made
    finally:
        made.close()
