"""What a person sees from the first command to the last, in a terminal that is really there.

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

import pytest
import zxingcpp
from PIL import Image

from certrelay.bundle import Item
from certrelay.testkit.ca import Authority, Owner
from certrelay.texts import Texts
from tests.certificates import PASSWORD, key
from tests.flows.conftest import fill
from tests.flows.programs import Bench, bench
from tests.screens.picture import svg
from tests.screens.tmux import Shot, Terminal, terminal

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

    def run(self, screen: str, command: str) -> Shot:
        """Run a command to its end."""
        self.terminal.clear()
        self.terminal.type(command)
        return self.take(screen, self.terminal.wait_for_prompt())

    def say(self, key: str, **values: str | int) -> str:
        return self.texts.say(key, **values)

    def url(self, screen: str) -> str:
        """Wait for the QR code and read it off the terminal."""
        purpose = screen.partition("-")[0]
        beginning = self.say(f"pc.scan.{purpose}", left="@").partition("@")[0]
        shot = self.take(screen, self.terminal.wait_for(beginning))
        steps = self.say(f"pc.steps.{purpose}").split("\n")
        assert all(shot.text.count(step) == 1 for step in (steps[0], steps[-1]))
        return read_dark_on_light(shot.picture())


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    made: tuple[int, int] = request.param
    return made


@pytest.fixture(params=["ko", "en"])
def desk(request: pytest.FixtureRequest, size: tuple[int, int]) -> Iterator[Desk]:
    language = request.param
    with home() as folder:
        variables = {
            "CERTRELAY_LANGUAGE": language,
            "CERTRELAY_STORE": str(folder / "NPKI"),
            "CERTRELAY_DATA": str(folder / "data"),
            "CERTRELAY_NAME": "거실 PC",
        }
        kind = "screen" if size == SIZES[0] else "tmux-256color"
        with terminal(folder, size, kind, **variables) as window, bench(folder) as made:
            texts = Texts(language)
            yield Desk(window, made, texts, f"{language}-{size[0]}x{size[1]}")


def test_a_person_sees_every_step(desk: Desk) -> None:
    items = (issued("홍길동", 1, 200), issued("(주)한국상사", 2, -3))
    fill(desk.bench.phone_store, *items)
    say, window = desk.say, desk.terminal

    shot = desk.run("list-empty", "certrelay list")
    assert "certrelay import" in shot.text

    window.clear()
    window.type("certrelay import --listen 127.0.0.1")
    phone = desk.bench.phone_with_url(desk.url("import-qr"), "--send", "1", "--send", "2")
    phone.expect("password_wanted")
    desk.take("import-paired", window.wait_for(say("story.step.choosing.phone")))
    phone.answer(PASSWORD)
    shot = desk.take("import-number", window.wait_for(say("story.step.typing.phone")))
    phone.expect("number_wanted")
    phone.answer("000000")
    number = number_on(shot, desk)
    phone.answer(number)
    shot = desk.take("import-save", window.wait_for("[y/N]"))
    assert say("state.expired") in shot.text
    window.type("y")
    shot = desk.take("import-done", window.wait_for_prompt())
    assert shot.says(say("pc.done.import", count=2))
    assert "█" not in shot.text.replace("████████████████████████", "")
    phone.finish()

    shot = desk.run("list", "certrelay list")
    assert shot.says("홍길동")
    assert shot.says("(주)한국상사")
    desk.run("show", "certrelay show 1")

    window.clear()
    window.type("certrelay export 홍길동 --listen 127.0.0.1")
    desk.take("export-password", window.wait_for(say("story.ask.password")))
    window.type(PASSWORD)
    phone = desk.bench.phone_with_url(
        desk.url("export-qr"), "--platform", "ios", "--app", "I5.2", "--os", "17.1"
    )
    number = phone.expect("number")["number"]
    desk.take("export-number", window.wait_for(say("story.ask.number.phone")))
    window.type("000000")
    desk.take("export-wrong", window.wait_for(say("story.number_wrong", tries_left=2)))
    window.type(number)
    phone.expect("save_wanted")
    desk.take("export-asking", window.wait_for(say("story.step.asking.phone")))
    phone.answer("y")
    shot = desk.take("export-done", window.wait_for_prompt())
    assert shot.says(say("pc.done.export", count=1))
    assert PASSWORD not in shot.text
    phone.finish()

    shot = desk.run("history", "certrelay history")
    assert shot.says(say("pc.history.import"))
    assert shot.says(say("pc.history.export"))
    shot = desk.run("remind", "certrelay remind")
    assert shot.says(say("error.expires_soon", days=30))
    desk.run("config", "certrelay config")
    shot = desk.run("doctor", "certrelay doctor --listen 127.0.0.1")
    assert shot.says(say("doctor.reach.note"))
    assert f"[{say('health.bad')}]" not in shot.text
    shot = desk.run("demo", "certrelay demo --keep demo")
    assert shot.says(say("demo.equal", count=4))


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


def number_on(shot: Shot, desk: Desk) -> str:
    """Read the number as a person does."""
    before = desk.say("story.number.phone", number="@").partition("@")[0].strip()
    (line,) = (line for line in shot.text.split("\n") if line.strip().startswith(before))
    return "".join(character for character in line if character.isdigit())
