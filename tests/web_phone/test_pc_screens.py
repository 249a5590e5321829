"""Every state of a copy on the PC's page, in both languages and both themes, from narrow to wide.

With ``CERTRELAY_SCREENSHOTS=folder`` each state is also written there as a picture.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest

from client_pc.centre.files import read_files
from client_pc.loopback.server import LoopbackHandler, LoopbackServer
from tests.centre.desk import OPTIONS
from tests.web_phone import components
from tests.web_phone.pc_gallery import SHOW, STATES, URL, WITHOUT
from tests.web_phone.pc_page import read_codes
from tests.web_phone.phone import Phone
from tests.web_phone.test_screens import AXE, CUT_OFF, PICTURES, SMALL_TARGETS, THEMES

SIZES = {"narrow": {"width": 320, "height": 640}, "wide": {"width": 1280, "height": 800}}
ALL = (*STATES, *WITHOUT)


class Gallery:
    def __init__(self, tab: Phone, origin: str) -> None:
        self.page = tab.page
        tab.scan(origin)
        tab.page.locator("h1").wait_for()

    def show(self, state: str, language: str) -> None:
        events = STATES.get(state, [])
        why = state if state in WITHOUT else ""
        self.page.evaluate(SHOW, {"events": events, "why": why, "language": language})

    def evaluate(self, program: str) -> Any:
        return self.page.evaluate(program)

    def picture(self, name: str) -> None:
        """Write the screen as pictures, in both themes, if they are wanted."""
        for theme in THEMES if PICTURES else ():
            self.page.emulate_media(color_scheme=theme)
            self.page.screenshot(path=f"{PICTURES}/pc-{name}-{theme}.png", full_page=True)


@pytest.fixture
def gallery(new_phone: Callable[..., Phone]) -> Iterator[Gallery]:
    with LoopbackServer(LoopbackHandler, read_files()).serving() as origin:
        yield Gallery(new_phone(**OPTIONS), origin)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off_nor_with_letters_twice_as_large(
    gallery: Gallery, size: str, language: str
) -> None:
    gallery.page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    cut: dict[str, list[str]] = {}
    for at, state in enumerate(ALL):
        gallery.show(state, language)
        gallery.picture(f"{size}-{at:03}-{state.replace(' ', '-')}-{language}")
        found = gallery.evaluate(CUT_OFF)
        gallery.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        found += gallery.evaluate(CUT_OFF)
        gallery.evaluate("() => { document.documentElement.style.fontSize = ''; }")
        if found:
            cut[state] = found
    assert cut == {}


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_fault_and_a_finger_every_target(
    gallery: Gallery, theme: Literal["light", "dark"]
) -> None:
    axe = components.build_tools() / "node_modules" / "axe-core" / "axe.min.js"
    gallery.page.emulate_media(color_scheme=theme)
    gallery.evaluate(axe.read_text("utf-8"))
    faults: dict[str, list[str]] = {}
    for state in ALL:
        gallery.show(state, "ko")
        found = gallery.evaluate(SMALL_TARGETS) + gallery.evaluate(AXE[theme])
        if found:
            faults[state] = found
    assert faults == {}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_code_is_read_at_every_size_in_light_and_dark(
    gallery: Gallery, size: str, theme: Literal["light", "dark"]
) -> None:
    gallery.page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    gallery.page.emulate_media(color_scheme=theme)
    gallery.show("scan to receive", "ko")
    assert read_codes(gallery.page) == [URL]


@pytest.mark.attack(36)
def test_strangers_texts_are_text(gallery: Gallery) -> None:
    gallery.show("ask", "ko")
    assert "<img src=x>" in gallery.page.locator("main").inner_text()
    assert "<b>S26</b>" in gallery.page.locator("main").inner_text()
    assert gallery.page.locator("main :is(img, b)").count() == 0
