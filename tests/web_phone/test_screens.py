"""Every state of the page, in both languages and both themes, on a narrow screen.

With ``CERTRELAY_SCREENSHOTS=folder`` each state is also written there as a picture.
"""

import os
from collections.abc import Callable
from typing import Any, Final, Literal

import pytest

from certrelay.testkit.ca import Issued
from tests.web_phone import components
from tests.web_phone.conftest import PASSWORD
from tests.web_phone.gallery import STATES, script, values
from tests.web_phone.phone import Phone, say

PICTURES = os.environ.get("CERTRELAY_SCREENSHOTS")
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
NARROW: Final = {"width": 320, "height": 568}
SIZES: Final = (NARROW, {"width": 360, "height": 740}, {"width": 1280, "height": 800})
OPEN_ALL = "() => document.querySelectorAll('details').forEach((each) => { each.open = true; })"

CUT_OFF = """() => {
  const cut = [];
  if (document.documentElement.scrollWidth > innerWidth) cut.push("the page itself");
  for (const each of document.querySelectorAll("#page *")) {
    if (each.closest(".visually-hidden")) continue;
    const box = each.getBoundingClientRect();
    if (box.right > innerWidth + 0.5 || box.left < -0.5) cut.push(each.outerHTML.slice(0, 120));
    else if (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline")
      cut.push(each.outerHTML.slice(0, 120));
  }
  return cut;
}"""
SMALL_TARGETS = """() => Array.from(
  document.querySelectorAll("button, input, label.check, .button"))
  .filter((each) => !(each.matches(".check input")) && each.getClientRects().length > 0)
  .filter((each) => each.getBoundingClientRect().height < 44)
  .map((each) => each.outerHTML.slice(0, 120))"""
_AXE = """() => axe.run(document, {resultTypes: ["violations"]%s}).then(({violations}) =>
  violations.map(({id, nodes}) => id + ": " + nodes.map((node) => node.html).join(" | ")))"""
AXE: Final = {"light": _AXE % "", "dark": _AXE % ', runOnly: ["color-contrast"]'}
"""Every rule once, and what the colours decide once more."""


class Gallery:
    def __init__(self, phone: Phone, origin: str, issued: Issued) -> None:
        self._phone = phone
        self._pair = issued.npki(PASSWORD)
        self._sealed = issued.pkcs12(PASSWORD, style="modern")
        phone.page.goto(origin)
        phone.is_at(say("page.start.title"))

    def show(self, state: str, language: str) -> None:
        given = values(language, self._pair, self._sealed)
        self._phone.page.evaluate(script(state), given)

    def evaluate(self, program: str) -> Any:
        return self._phone.page.evaluate(program)

    def wear(self, theme: Literal["light", "dark"]) -> None:
        self._phone.page.emulate_media(color_scheme=theme)

    def picture(self, name: str) -> None:
        """Write the screen as pictures, in all sizes and both themes, if they are wanted."""
        for size in SIZES if PICTURES else ():
            self._phone.page.set_viewport_size(size)  # type: ignore[arg-type]
            for theme in THEMES:
                self.wear(theme)
                path = f"{PICTURES}/{name}-{size['width']}-{theme}.png"
                self._phone.page.screenshot(path=path)
        if PICTURES:
            self._phone.page.set_viewport_size(NARROW)  # type: ignore[arg-type]


@pytest.fixture
def gallery(new_phone: Callable[..., Phone], origin: str, issued: Issued) -> Gallery:
    return Gallery(new_phone(viewport=NARROW, device_scale_factor=1), origin, issued)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_nothing_is_cut_off_at_320_pixels_nor_with_letters_twice_as_large(
    gallery: Gallery, language: str
) -> None:
    cut: dict[str, list[str]] = {}
    for at, state in enumerate(STATES):
        gallery.show(state, language)
        gallery.picture(f"{at:02}-{state}-{language}")
        gallery.evaluate(OPEN_ALL)
        found = gallery.evaluate(CUT_OFF)
        gallery.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        found += gallery.evaluate(CUT_OFF)
        gallery.evaluate("() => { document.documentElement.style.fontSize = ''; }")
        if found:
            cut[state] = found
    assert cut == {}


@pytest.mark.parametrize("theme", THEMES)
def test_a_finger_finds_every_target_and_axe_finds_no_fault(
    gallery: Gallery, theme: Literal["light", "dark"]
) -> None:
    axe = components.build_tools() / "node_modules" / "axe-core" / "axe.min.js"
    gallery.wear(theme)
    gallery.evaluate(axe.read_text("utf-8"))
    faults: dict[str, list[str]] = {}
    for state in STATES:
        gallery.show(state, "ko")
        found = gallery.evaluate(SMALL_TARGETS) + gallery.evaluate(AXE[theme])
        if found:
            faults[state] = found
    assert faults == {}
