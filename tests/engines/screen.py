"""A screen that nobody looks at: Xvfb, for engines that want a window."""

import os
import subprocess
from typing import Self

from tests.component import program
from tests.engines import processes


class Screen:
    """One X server; ``name`` is what DISPLAY says."""

    def __init__(self) -> None:
        read, write = os.pipe()
        command = [program("Xvfb"), "-displayfd", str(write), "-screen", "0", "1280x1000x24"]
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [*command, "-nolisten", "tcp"],
            pass_fds=[write],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        os.close(write)
        with os.fdopen(read) as line:  # to its end: a server that cannot finish it dies
            self.name = f":{line.readline().strip()}"
        assert self.name != ":", "Xvfb does not start"

    def close(self) -> None:
        """End it."""
        processes.end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
