"""A person's desk: a terminal that is really there, and a phone.

With CERTRELAY_SCREENS naming a folder, every screen is left there as text and as a picture;
with CERTRELAY_SCREENS_HOME the person's files lie in that folder, for paths as people have them.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zxingcpp
from PIL import Image

from certrelay.bundle import Item
from certrelay.testkit.ca import Authority, Owner
from certrelay.texts import Texts
from tests.certificates import PASSWORD, key
from tests.flows.programs import Bench
from tests.screens.picture import svg
from tests.screens.tmux import Shot, Terminal

KEEP = os.environ.get("CERTRELAY_SCREENS")
HOME = os.environ.get("CERTRELAY_SCREENS_HOME")
SIZES = [(80, 24), (120, 40)]


def issued(name: str, number: int, days_left: int) -> Item:
    """A certificate as on the day on which the test runs."""
    now = datetime.now(UTC)
    authority = Authority(now, key=key(99))
    start, end = now - timedelta(days=300), now + timedelta(days=days_left)
    made = authority.issue(Owner(name, number), start, end, sign_key=key(1), km_key=key(51))
    return made.npki(PASSWORD)


@dataclass
class Desk:
    """A person's terminal and phone."""

    terminal: Terminal
    bench: Bench
    texts: Texts
    name: str
    seen: list[str] = field(default_factory=list)

    def take(self, screen: str, shot: Shot) -> Shot:
        """Keep a screen; nothing on it may be torn."""
        assert shot.torn() == [], screen
        self.seen.append(screen)
        if KEEP:
            folder = Path(KEEP)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{self.name}-{screen}.txt").write_text(f"{shot.text}\n", "utf-8")
            (folder / f"{self.name}-{screen}.svg").write_text(svg(shot), "utf-8")
        return shot

    def begin(self, command: str) -> None:
        """Start a command on an empty screen."""
        self.terminal.clear()
        self.terminal.type(command)

    def run(self, screen: str, command: str) -> Shot:
        """Run a command to its end."""
        self.begin(command)
        return self.take(screen, self.terminal.wait_for_prompt())

    def say(self, key: str, **values: str | int) -> str:
        return self.texts.say(key, **values)

    @property
    def store(self) -> Path:
        """The PC's certificates."""
        return self.bench.pc_store

    def number_on(self, shot: Shot) -> str:
        """Read the number as a person does."""
        before = self.say("story.number.phone", number="@").partition("@")[0].strip()
        (line,) = (line for line in shot.text.split("\n") if line.strip().startswith(before))
        return "".join(character for character in line if character.isdigit())

    def url(self, screen: str) -> str:
        """Wait for the QR code and read it off the terminal."""
        purpose = screen.partition("-")[0]
        beginning = self.say(f"pc.scan.{purpose}", left="@").partition("@")[0]
        shot = self.take(screen, self.terminal.wait_for(beginning))
        steps = self.say(f"pc.steps.{purpose}").split("\n")
        assert all(shot.text.count(step) == 1 for step in (steps[0], steps[-1]))
        return read_dark_on_light(shot.picture())


def read_dark_on_light(picture: Image.Image) -> str:
    """Read a QR code as a strict phone does: dark modules on a light ground."""
    (found,) = zxingcpp.read_barcodes(picture, try_invert=False)
    text: str = found.text
    return text


@contextmanager
def home() -> Iterator[Path]:
    """A short folder: a socket's name has a limit, and paths shall fit the pictures."""
    if HOME is None:
        with tempfile.TemporaryDirectory(prefix="certrelay-") as name:
            yield Path(name)
        return
    Path(HOME).mkdir()
    try:
        yield Path(HOME)
    finally:
        shutil.rmtree(HOME)
