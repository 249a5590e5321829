"""Child processes that run one command each; a spare one is started before it is needed.

A start of Python with this program's libraries takes longer than a person waits gladly after a
click, so one process stands ready.
"""

import contextlib
import io
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_CHILD: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from client_pc.centre.child import be_child; be_child()"
)
_CENTRE: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from client_pc.centre import stand_by; stand_by(sys.argv[2])"
)

_DEAF_S: Final = 5.0
"""Seconds after which what hears no wish to stop is ended, on Windows."""


_PORTION: Final = 64 * 1024
"""Bytes that are read of a process at a time."""


class Children:
    """Starts child processes."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._spare: Child | None = None
        self._is_closed = False

    def prepare(self) -> None:
        """Have a spare process, for the next click."""
        with self._lock:
            if self._spare is None and not self._is_closed:
                self._spare = _start()

    def run(self, arguments: list[str], folder: Path) -> "Child":
        """Give a process that runs a command.

        Args:
            arguments: Its command line.
            folder: Where it runs.

        Raises:
            OSError: If no process can be started.
        """
        with self._lock:
            child, self._spare = self._spare, None
        if child is None or child.process.poll() is not None:
            child = _start()
        child.say(json.dumps({"arguments": arguments, "folder": str(folder)}))
        return child

    def close(self) -> None:
        """End the spare process; none is started any more."""
        with self._lock:
            child, self._spare, self._is_closed = self._spare, None, True
        if child is not None:
            child.end()


def _start() -> "Child":
    return Child(_python(_CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE))


def start_centre(language: str) -> None:
    """Start a centre without a page, which outlives this process.

    Args:
        language: Which one it speaks at first.

    Raises:
        OSError: If no process can be started.
    """
    _python(_CENTRE, language, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _python(program: str, *words: str, stdin: int, stdout: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # -I: no file of the folder in which the program was started is taken for a library.
        [sys.executable, "-I", "-X", "utf8", "-c", program, json.dumps(_library_path()), *words],
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        start_new_session=True,
        stdin=stdin,
        stdout=stdout,
    )


def _library_path() -> list[str]:
    """Where our own process finds its libraries."""
    return [str(Path(place).absolute()) for place in sys.path if place]


class Child:
    """A process that runs a command, as a task's worker."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process: Final = process

    def portions(self) -> Iterator[bytes]:
        """Give what it tells, as it comes."""
        assert isinstance(self.process.stdout, io.BufferedReader)
        with self.process.stdout as events:
            while portion := events.read1(_PORTION):
                yield portion

    def wait(self) -> int:
        """Wait for its end, and give its exit status."""
        status = self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        return status

    def say(self, line: str) -> None:
        """Give it a line; one that has ended hears nothing."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()

    def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does.

        Windows has no such signal for a process without our console.  There the end of standard
        input says the same to whatever asks or changes anything
        (`certrelay.client.terminal.lines`); what only looks hears nothing, and is ended after
        a while.
        """
        process = self.process
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                process.send_signal(signal.SIGINT)
            return
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        late = threading.Timer(_DEAF_S, process.kill)
        late.daemon = True
        late.start()

    def end(self, patience_s: float = 0) -> None:
        """End it: it may have been asked before, and has so many seconds; then it is made to."""
        process = self.process
        if patience_s:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience_s)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
