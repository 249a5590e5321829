"""A real ``certrelay`` process, driven over its JSON events."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.contract import checked
from tests.patience import PATIENCE_S
from tests.web_phone.components import ROOT

FAR = "192.168.77.10"
"""An address of a private network that stands for this machine: for the PC by `_MAPPED`, for
the browser by its resolver rules.  Nothing is ever sent to it."""

_MAPPED = f"""
import socket, sys
real = socket.create_connection
def here(address, *more, **named):
    host = "127.0.0.1" if address[0] in ({FAR!r}, {FAR.encode()!r}) else address[0]
    return real((host, address[1]), *more, **named)
socket.create_connection = here
from client_pc.cli import main
sys.exit(main())
"""

_PLAIN = "import sys; from client_pc.cli import main; sys.exit(main())"


class Pc:
    """One run of ``certrelay import`` or ``certrelay export``."""

    def __init__(
        self,
        *arguments: str | Path,
        home: Path,
        say: tuple[str, ...] = (),
        prefix: Sequence[str] = (),
    ) -> None:
        """Start it; ``prefix`` is a command that runs another one, in a network of its own, say."""
        self.seen: list[dict[str, Any]] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            [
                *prefix,
                sys.executable,
                "-c",
                _MAPPED if not prefix else _PLAIN,
                *map(str, arguments),
                "--json",
                "--lang",
                "en",
            ],
            cwd=ROOT,
            env=os.environ
            | {"PYTHONUTF8": "1", "HOME": str(home)}
            | {f"XDG_{kind}_HOME": str(home / kind) for kind in ("CONFIG", "DATA", "STATE")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=self._read, daemon=True).start()
        for line in say:
            self.say(line)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def say(self, line: str) -> None:
        """Type a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def wait_for(self, name: str) -> dict[str, Any]:
        """Wait for the next event of that name."""
        while True:
            line = self._lines.get(timeout=PATIENCE_S)
            assert line is not None, f"ended without {name}: {self.seen}"
            event = checked(line)
            self.seen.append(event)
            if event["event"] == name:
                return event

    def status(self) -> int:
        """Wait for its end."""
        status = self._process.wait(PATIENCE_S)
        while (line := self._lines.get(timeout=PATIENCE_S)) is not None:
            self.seen.append(checked(line))
        return status

    def hang_up(self) -> None:
        """Close its standard input: nobody sits at this terminal."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    @property
    def number(self) -> int:
        """Its process's number."""
        return self._process.pid

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
