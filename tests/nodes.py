"""Relays as processes of their own: started, killed, ended and started again."""

import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[1]


class Node:
    """One relay; its port stays the same when it is started again.

    Args:
        arguments: Of its command line.
        port: Chosen by itself if 0.
        python: What the interpreter gets before the program: a profiler for instance.
    """

    def __init__(self, *arguments: str | Path, port: int = 0, python: Sequence[str] = ()) -> None:
        self.port = port
        self._python = python
        self.url = ""
        self._arguments = [str(argument) for argument in arguments]
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; return once it answers."""
        command = ("-m", "relay", "serve", "--port")
        self.process = subprocess.Popen(
            [sys.executable, *self._python, *command, str(self.port), *self._arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, self.process.communicate()[1]
        if not self.port:  # one that was chosen may stand behind another URL
            self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, patience_s: float = PATIENCE_S) -> tuple[int, str]:
        """Wait for its end; give its status and what it wrote to standard error."""
        assert self.process is not None
        process, self.process = self.process, None
        _, err = process.communicate(timeout=patience_s)
        return process.returncode, err

    def end(self) -> None:
        """End it as an operator does, and wait: nobody is in it any more."""
        if self.process is not None:
            self.send(signal.SIGTERM)
            self.wait()

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None:
            self.process.kill()
            self.wait()


@contextmanager
def nodes(count: int, *arguments: str | Path) -> Iterator[list[Node]]:
    """So many relays with the same arguments; all are gone at the end."""
    with ExitStack() as stack:
        made = [Node(*arguments) for _ in range(count)]
        for node in made:
            stack.callback(node.kill)
            node.start()
        yield made


def readiness(port: int) -> tuple[int, str]:
    """What a relay on that port says of itself: status and word."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()
    finally:
        connection.close()
