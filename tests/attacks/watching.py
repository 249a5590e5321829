"""Programs under watch: their logs at DEBUG, every file they open to write, all they print."""

import os
import re
from pathlib import Path

from tests.flows.programs import ROOT

_SITE = """
import logging, os, sys
logging.basicConfig(level=logging.DEBUG, filename=os.environ["WATCH"] + ".log")
_opened = open(os.environ["WATCH"] + ".files", "a", buffering=1, encoding="utf-8")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
def _hook(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES:
        _opened.write(f"{arguments[0]!r}\\n")
sys.addaudithook(_hook)
"""
"""Python runs it before the program: no line of the program knows of it."""


class Watch:
    """A folder for everything that a program might leave somewhere."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / f"watch-{name}"
        self.home = self.folder / "home"
        self.temporary = self.folder / "tmp"
        for each in (self.home, self.temporary):
            each.mkdir(parents=True)
        (self.folder / "sitecustomize.py").write_text(_SITE)
        self._stem = self.folder / "seen"

    @property
    def environment(self) -> dict[str, str]:
        """What to start the program with."""
        return {
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(self.folder))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONASYNCIODEBUG": "1",
            "WATCH": str(self._stem),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
        }

    @property
    def log(self) -> bytes:
        """What any library wrote to any log."""
        return self._stem.with_suffix(".log").read_bytes()

    @property
    def written(self) -> list[Path]:
        """Every path that was opened to be written, apart from the watch's own."""
        lines = self._stem.with_suffix(".files").read_text("utf-8").splitlines()
        paths = [Path(found[1]) for line in lines if (found := re.fullmatch(r"b?'(.*)'", line))]
        return [path for path in paths if path.parent != self.folder and str(path) != os.devnull]

    def left_behind(self) -> list[Path]:
        """Files in the home and in the folder for temporary files."""
        return [
            path for path in self.folder.rglob("*") if path.is_file() and self._is_foreign(path)
        ]

    def _is_foreign(self, path: Path) -> bool:
        return path.parent != self.folder


def forms(secret: bytes) -> tuple[bytes, ...]:
    """How bytes could be written down."""
    import base64

    return (
        secret,
        secret.hex().encode(),
        base64.b64encode(secret).rstrip(b"="),
        repr(secret)[2:-1].encode(),
    )
