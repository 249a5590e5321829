"""Where a QR code cannot be drawn: it is said, a picture is there for the person only, and gone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from certrelay.texts import Texts
from tests.qr_pictures import read_png
from tests.screens.desk import read_dark_on_light
from tests.screens.tmux import Shot, Terminal, terminal

TEXTS = Texts("en")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="certrelay-") as name:
        yield Path(name)


def path_in(shot: Shot) -> Path:
    """The picture that the screen names."""
    (line,) = (line.strip() for line in shot.joined.split("\n") if line.strip().endswith(".png"))
    return Path(line)


def variables(folder: Path, **more: str) -> dict[str, str]:
    own = {"CERTRELAY_LANGUAGE": "en", "CERTRELAY_STORE": str(folder / "NPKI")}
    return own | {"CERTRELAY_DATA": str(folder / "data"), "TMPDIR": str(folder), **more}


def stop(window: Terminal, picture: Path) -> None:
    """Ctrl-C takes the picture away, and its folder."""
    window.press("C-c")
    window.wait_for_prompt()
    assert not picture.parent.exists()


def test_a_small_window_gets_a_picture_until_it_is_large_enough(folder: Path) -> None:
    with terminal(folder, (60, 20), **variables(folder)) as window:
        window.type("certrelay import --listen 127.0.0.1")
        shot = window.wait_for("It is drawn here once the window is large enough.")
        picture = path_in(shot)
        assert picture.stat().st_mode & 0o777 == 0o600
        assert picture.parent.stat().st_mode & 0o777 == 0o700
        (url,) = read_png(picture.read_bytes())
        assert url.startswith("http://127.0.0.1:")
        window.resize(80, 24)
        shot = window.wait_for("Point the phone's camera at this QR code (import).")
        assert read_dark_on_light(shot.picture()) == url
        stop(window, picture)


@pytest.mark.parametrize(
    ("option", "more"),
    [(" --plain", {}), ("", {"PYTHONUTF8": "0", "LANG": "C", "PYTHONIOENCODING": "ascii"})],
    ids=["plain", "not UTF-8"],
)
def test_a_screen_that_cannot_draw_gets_words_only(
    folder: Path, option: str, more: dict[str, str]
) -> None:
    with terminal(folder, (80, 24), **variables(folder, **more)) as window:
        window.type(f"certrelay import --listen 127.0.0.1{option}")
        shot = window.wait(lambda shot: ".png" in shot.joined)
        picture = path_in(shot)
        assert len(read_png(picture.read_bytes())) == 1
        assert not set("▀▄█→\x1b") & set(shot.text)
        stop(window, picture)
