"""Shows a folder in the system's file manager."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path


def open_folder(folder: Path) -> None:
    """Show a folder in the system's file manager."""
    if sys.platform == "win32":
        os.startfile(folder)  # noqa: S606
        return
    command = "open" if sys.platform == "darwin" else "xdg-open"
    threading.Thread(
        target=_run_quietly, args=([command, str(folder)],), daemon=True, name="folder"
    ).start()


def _run_quietly(command: list[str]) -> None:
    with suppress(OSError):
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            start_new_session=True,
        )
