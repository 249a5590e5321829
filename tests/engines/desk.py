"""Somebody in front of the centre's page, in any engine: the words of a `Handset`, and a PC's."""

import re
from pathlib import Path
from typing import Any

from tests.engines.calls import CallFailed
from tests.engines.handset import Handset
from tests.engines.tab import Tab
from tests.qr_pictures import read_png

_LINK = """(ending) => [...document.querySelectorAll("a")].find((each) =>
  each.getAttribute("href").endsWith(ending) && each.getClientRects().length > 0) || null"""
_LINE = """(name) => [...document.querySelectorAll("a.line")].find((each) =>
  each.innerText.includes(name) && each.getClientRects().length > 0) || null"""
_ELEMENT = "(selector) => document.querySelector(selector)"
_TEXT = "(selector) => document.querySelector(selector).innerText"


class Desk(Handset):
    """One tab of the centre, in a PC's size."""

    def __init__(self, tab: Tab) -> None:
        super().__init__(tab)
        tab.resize(1280, 800)

    def follow(self, ending: str) -> None:
        """Click a link, by how its address ends."""
        self._click(_LINK, ending)

    def open_certificate(self, owner: str) -> None:
        """Click a certificate's line."""
        self._click(_LINE, owner)
        self.reads(owner)

    def click(self, selector: str) -> None:
        """Click what a selector finds, once it is there."""
        self._click(_ELEMENT, selector)

    def has(self, selector: str) -> None:
        """Wait until a selector finds something."""
        self._find("(selector) => document.querySelector(selector) !== null", selector)

    def reads(self, text: str) -> None:
        """Wait until a text is on the screen that is no sentence of ours."""
        self._until(lambda screen: text in screen["text"], text)

    def fill(self, selector: str, text: str) -> None:
        """Type into a field."""
        self._type(text, selector)

    def unlock(self, password: str) -> None:
        """Type a certificate's password, and send it off."""
        self.fill("#password", password)
        self.click("button[form=password-form]:not(:disabled)")

    def read_code(self) -> str:
        """Read the QR code off the screen, as a phone does."""
        self.has(".code svg")
        (found,) = read_png(self.tab.picture())
        return found

    @property
    def shown_number(self) -> str:
        """The number to be typed on the phone."""
        self.is_at("browser.number.title")
        return self.text(_TEXT, ".big-number [aria-hidden]")

    @property
    def path(self) -> Path:
        """The first path that is shown."""
        self.has("p.path")
        return Path(self.text(_TEXT, "p.path"))

    def _click(self, function: str, given: str) -> None:
        """Click what a function finds, also where the screen is drawn anew in between."""
        for _ in range(3):
            self._find(f"(given) => ({function})(given) !== null", given)
            try:
                return self.tab.tap(function, given)
            except (CallFailed, AssertionError):
                continue
        return self.tab.tap(function, given)

    def text(self, function: str, *given: Any) -> str:
        """What a function of the page gives, without the marks of foreign texts."""
        return re.sub("[\u2066-\u2069]", "", str(self.tab.evaluate(function, *given)))

    def check(self) -> None:
        """See that the address holds a place at most, and the page kept to its rules."""
        place = str(self.tab.evaluate("() => location.hash"))
        assert place == "" or place.startswith("#/"), place
        self.tab.evaluate("() => history.replaceState(history.state, '', location.pathname)")
        super().check()
