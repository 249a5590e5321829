import random
import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from client_pc.qr_screen import (
    MODULE_PIXELS,
    QUIET_ZONE_PNG,
    Look,
    choose_look,
    draw,
    png,
    terminal_lines,
)
from tests.qr_pictures import read, read_png, show_in_terminal

ORIGIN_25 = "https://relay.example.kr/"
DARK = {"foreground": 220, "background": 20}
LIGHT = {"foreground": 30, "background": 250}


def url(origin: str = ORIGIN_25, seed: int = 1) -> str:
    """A URL of the real shape: an origin and 158 digits."""
    return origin + "#" + "".join(random.Random(seed).choices("0123456789", k=158))


@pytest.mark.parametrize(
    ("origin", "version"),
    [
        (ORIGIN_25, 6),
        ("http://192.168.100.100:54321/", 6),
        ("https://certrelay.some-long-bank-name.co.kr/relay/", 6),
        ("https://" + "a" * 40 + ".example.kr/", 6),
        ("https://" + "a" * 60 + ".example.kr/", 7),
    ],
)
def test_the_code_is_as_small_as_the_design_says(origin: str, version: int) -> None:
    assert draw(url(origin)).version <= version


def test_an_everyday_code_fits_a_terminal_of_80_by_24() -> None:
    code = draw(url())
    assert (code.columns, code.rows) == (45, 23)
    for look in Look:
        lines = terminal_lines(code, look)
        assert len(lines) == code.rows
        show_in_terminal(lines, 80, 24, **DARK)


@pytest.mark.parametrize("look", [Look.CUBE, Look.BASIC])
@pytest.mark.parametrize("terminal", [DARK, LIGHT], ids=["dark", "light"])
def test_a_coloured_code_reads_in_any_terminal(look: Look, terminal: dict[str, int]) -> None:
    wanted = url(seed=2)
    lines = terminal_lines(draw(wanted), look)
    assert read(show_in_terminal(lines, 80, 24, **terminal)) == [wanted]


@pytest.mark.parametrize(("look", "terminal"), [(Look.ON_DARK, DARK), (Look.ON_LIGHT, LIGHT)])
def test_a_code_without_colours_reads_where_it_belongs(
    look: Look, terminal: dict[str, int]
) -> None:
    wanted = url(seed=3)
    screen = show_in_terminal(terminal_lines(draw(wanted), look), 80, 24, **terminal)
    assert read(screen) == [wanted]
    assert screen.getpixel((4, 4)) == max(terminal.values())  # the quiet zone is light


def test_a_code_without_colours_holds_no_escape_sequence() -> None:
    text = "".join(terminal_lines(draw(url()), Look.ON_DARK))
    assert set(text) <= set(" ▀▄█")


def test_every_payload_reads_back() -> None:
    for seed in range(20):
        wanted = url(seed=seed)
        assert read_png(png(draw(wanted))) == [wanted]


def test_the_picture_has_the_quiet_zone_of_the_standard() -> None:
    code = draw(url())
    picture = png(code)
    side = (len(code.modules) + 2 * QUIET_ZONE_PNG) * MODULE_PIXELS
    with Image.open(BytesIO(picture)) as image:
        assert (image.size, image.mode) == ((side, side), "1")
        edge = QUIET_ZONE_PNG * MODULE_PIXELS
        assert image.convert("L").crop((0, 0, side, edge)).getextrema() == (255, 255)
        assert image.getpixel((edge, edge)) == 0


@pytest.mark.parametrize(
    ("environment", "look"),
    [
        ({"TERM": "xterm-256color"}, Look.CUBE),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Look.CUBE),
        ({"WT_SESSION": "1"}, Look.CUBE),
        ({"TERM": "linux"}, Look.BASIC),
        ({"TERM": "dumb"}, Look.ON_DARK),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Look.CUBE),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "COLORFGBG": "0;15"}, Look.CUBE),
        ({"TERM": "linux", "NO_COLOR": "1"}, Look.BASIC),
        ({"TERM": "dumb", "COLORFGBG": "15;default;0"}, Look.ON_DARK),
    ],
)
def test_the_look_follows_the_terminal(environment: dict[str, str], look: Look) -> None:
    assert choose_look(environment) is look


def test_the_code_does_not_show_its_secret_when_printed() -> None:
    assert repr(draw(url())) == "Code(version 6)"


def test_drawing_for_a_terminal_does_not_load_pillow_and_a_picture_can_follow() -> None:
    program = (
        "import sys; from client_pc import qr_screen as q; code = q.draw('x#' + '1' * 158);"
        "q.terminal_lines(code, q.Look.CUBE);"
        "print([name for name in sys.modules if name.startswith('PIL')]);"
        "print(len(q.png(q.draw('y'))) > 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True"], done.stderr
