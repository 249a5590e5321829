"""A program in a terminal of its own: what it writes there, byte for byte."""

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.flows.programs import ROOT, environment
from tests.patience import PATIENCE_S

_OWNS = ("setsid", "--ctty")
"""Gives a program its terminal, whose end it is told by SIGHUP then."""

_OUTLIVES = (*_OWNS, "sh", "-c", "trap '' HUP; exec \"$@\"", "sh")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def words(screen: bytes) -> str:
    """What a screen says, on one line: without our own colours, and however it was wrapped."""
    return " ".join(_COLOUR.sub("", screen.decode("utf-8", "replace")).split())


class Terminal:
    """A program whose three streams are one pseudo terminal of 120 columns and 50 lines.

    Args:
        outlives_it: Started as ``nohup`` does: the terminal's end does not end it.
    """

    def __init__(
        self, module: str, *arguments: str | Path, outlives_it: bool = False, **more: str
    ) -> None:
        import fcntl
        import pty
        import struct
        import termios

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        self.screen = b""
        self.process = subprocess.Popen(
            [
                *(_OUTLIVES if outlives_it else _OWNS),
                *(sys.executable, "-m", module),
                *map(str, arguments),
            ],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(TERM="xterm-256color", **more),
            cwd=ROOT,
        )
        os.close(slave)

    def read_until(self, *wanted: str) -> bytes:
        """Read until one of the words was written; gives everything so far."""
        end = time.monotonic() + PATIENCE_S
        start = len(self.screen)
        while not any(
            each.encode() in self.screen[start:] or each in words(self.screen[start:])
            for each in wanted
        ):
            if not self._read(end):
                raise AssertionError(f"no {wanted} in {self.screen[-2000:]!r}")
        return self.screen

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._master, f"{line}\n".encode())

    def finish(self) -> int:
        """Read to the end; gives the exit status."""
        end = time.monotonic() + PATIENCE_S
        while self._read(end):
            pass
        return self.process.wait(PATIENCE_S)

    def hang_up(self) -> int:
        """Close the window; gives the exit status."""
        os.close(self._master)
        self._master = -1
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._master >= 0:
            os.close(self._master)

    def _read(self, end: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, end - time.monotonic()))[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the other end of the terminal is closed
            return False
        self.screen += data
        return bool(data)
