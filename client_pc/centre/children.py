"""Child processes that run one command each; a spare one is started before it is needed.

A start of Python with this program's libraries takes longer than a person waits gladly after a
click, so one process stands ready.
"""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

_CHILD: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from client_pc.centre.child import be_child; be_child()"
)

_DEAF_S: Final = 5.0
"""Seconds after which what hears no wish to stop is ended, on Windows."""


class Children:
    """Starts child processes."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._spare: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def prepare(self) -> None:
        """Have a spare process, for the next click."""
        with self._lock:
            if self._spare is None and not self._is_closed:
                self._spare = _start()

    def run(self, arguments: list[str], folder: Path) -> "subprocess.Popen[bytes]":
        """Give a process that runs a command.

        Args:
            arguments: Its command line.
            folder: Where it runs.

        Raises:
            OSError: If no process can be started.
        """
        with self._lock:
            process, self._spare = self._spare, None
        if process is None or process.poll() is not None:
            process = _start()
        line = json.dumps({"arguments": arguments, "folder": str(folder)})
        write(process, line)
        return process

    def close(self) -> None:
        """End the spare process; none is started any more."""
        with self._lock:
            process, self._spare, self._is_closed = self._spare, None, True
        if process is not None:
            end(process)


def _start() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # -I: no file of the folder in which the program was started is taken for a library.
        [sys.executable, "-I", "-X", "utf8", "-c", _CHILD, json.dumps(_library_path())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        start_new_session=True,
    )


def _library_path() -> list[str]:
    """Where our own process finds its libraries."""
    return [str(Path(place).absolute()) for place in sys.path if place]


def write(process: "subprocess.Popen[bytes]", line: str) -> None:
    """Give a process a line; one that has ended hears nothing."""
    assert process.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        process.stdin.write(f"{line}\n".encode())
        process.stdin.flush()


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to stop, as Ctrl-C does.

    Windows has no such signal for a process without our console.  There the end of standard
    input says the same to whatever asks or changes anything (`certrelay.client.terminal.lines`);
    what only looks hears nothing, and is ended after a while.
    """
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


def end(process: "subprocess.Popen[bytes]", patience_s: float = 0) -> None:
    """End a process: it is asked first, and has so many seconds; then it is made to."""
    if patience_s:
        interrupt(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
