"""Programs that run until they are ended, and say where they listen."""

import contextlib
import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path

from tests.patience import PATIENCE_S


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a browser that knows nothing of the person at this machine."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR")}
    own = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
    return kept | own | {"HOME": str(home), "NO_AT_BRIDGE": "1"} | more


def said(process: "subprocess.Popen[str]", pattern: str) -> str:
    """Wait until a program says a line that matches; give the first group.

    Raises:
        AssertionError: It ends or stays silent.
    """
    assert process.stderr is not None
    end = time.monotonic() + PATIENCE_S
    heard = ""
    while time.monotonic() < end:
        if not select.select([process.stderr], [], [], 0.2)[0]:
            continue
        piece = os.read(process.stderr.fileno(), 65_536).decode("utf-8", "replace")
        assert piece, f"it ended: {heard}"
        heard += piece
        if found := re.search(pattern + r"\s", heard):
            return found[1]
    raise AssertionError(f"it does not say {pattern}: {heard}")


def end(process: "subprocess.Popen[str]") -> None:
    """Ask a program to end, and make it; with all that it started (it leads a session)."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
