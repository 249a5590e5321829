"""A phone in somebody's hand, in the words of what that person does and sees.

Sentences are found by their keys in the catalogue of the language that the page shows, so
that other words and another look need no other test.
"""

import json
import re
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

from certrelay.texts import LANGUAGES
from tests.engines.calls import CallFailed
from tests.engines.tab import Tab
from tests.patience import PATIENCE_S

_PAUSE_S = 0.03

_READ = """() => ({
  text: document.body === null ? "" : document.body.innerText,
  title: [...document.querySelectorAll("h1")].filter((each) =>
    each.getClientRects().length > 0).map((each) => each.innerText).join(" / "),
  language: document.documentElement.lang,
})"""
_BUTTON = """(text) => [...document.querySelectorAll("button")].find((each) =>
  each.innerText.trim() === text && !each.disabled && each.getClientRects().length > 0) || null"""
_HAS_BUTTON = f"(text) => ({_BUTTON})(text) !== null"
_FIELD = "(selector) => document.querySelector(selector)"
_HAS_FIELD = "(selector) => document.querySelector(selector) !== null"
_OPEN = """() => document.querySelectorAll("details").forEach((each) => { each.open = true; })"""
_ANOTHER = "LICENSES.txt"
_FILES = "input[type=file]:not([webkitdirectory])"
_PASSWORD = "input.secret, input[type=password]"
_KEPT = """async () => ({
  fragment: location.hash, cookie: document.cookie,
  session: sessionStorage.length, local: localStorage.length,
  strange: performance.getEntriesByType("resource").map((each) => each.name)
    .filter((name) => !name.startsWith("blob:") && new URL(name).host !== location.host),
})"""
_KEPT_NOTHING = {"fragment": "", "cookie": "", "session": 0, "local": 0, "strange": []}

_SENTENCES: dict[str, dict[str, str]] = {
    language: json.loads((files("certrelay.texts") / f"{language}.json").read_text("utf-8"))
    for language in LANGUAGES
}


class Handset:
    """One tab of a phone's browser."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    @property
    def title(self) -> str:
        """The screen's title."""
        return str(self._screen()["title"])

    @property
    def language(self) -> str:
        """The language that is shown."""
        return str(self._screen()["language"])

    def scan(self, url: str) -> None:
        """Do what a camera app does."""
        self.tab.open(url)

    def opens_another_page(self, origin: str) -> None:
        """Have something else in the tab before."""
        self.tab.open(f"{origin}{_ANOTHER}")
        self.is_at_another_page()

    def is_at_another_page(self) -> None:
        """Wait until that is shown again."""
        self._find("(path) => location.pathname.endsWith(path)", _ANOTHER)

    def sees(self, key: str, **values: str | int) -> None:
        """Wait until a sentence is on the screen."""
        self._until(lambda screen: self._is_in(screen["text"], screen, key, values), key)

    def is_at(self, key: str) -> None:
        """Wait for the screen with this title."""
        self._until(lambda screen: self._is_in(screen["title"], screen, key, {}), key)

    def says(self, key: str) -> bool:
        """Tell whether a sentence is on the screen now."""
        screen = self._screen()
        return self._is_in(screen["text"], screen, key, {})

    def tap(self, key: str) -> None:
        """Tap a button, as soon as it can be tapped."""
        text = _SENTENCES[self.language][key]
        for _ in range(3):
            self._find(_HAS_BUTTON, text)
            try:
                return self.tab.tap(_BUTTON, text)
            except (CallFailed, AssertionError):
                continue  # drawn anew in between
        return self.tab.tap(_BUTTON, text)

    def other_language(self) -> None:
        """Tap the button that exchanges the language."""
        self.tab.tap(_FIELD, "header button")

    def pick(self, *files: Path) -> None:
        """Pick files in one go."""
        self._find(_HAS_FIELD, _FILES)
        self.tab.evaluate(_OPEN)  # a second pick stands under "other ways"
        self.tab.pick(list(files), _FIELD, _FILES)

    def unlock(self, password: str) -> None:
        """Type a certificate's password and have it checked."""
        self._type(password, _PASSWORD)
        self.tap("page.send.check")

    def unlock_all(self, password: str, count: int) -> None:
        """Type the same password for so many certificates, one after the other."""
        for _ in range(count):
            self.sees("page.send.check")
            self.unlock(password)
        self._find(_HAS_BUTTON, _SENTENCES[self.language]["page.send.next"])

    def send(self, number: str) -> None:
        """Type the number and send."""
        self._type(number, "#number")
        self.tap("page.number.send")

    def type_code(self, code: str) -> None:
        """Type the PC's code, digit by digit as a person reads them, and connect."""
        self._type(code.replace(" ", ""), "#code")
        typed = self.tab.evaluate("() => document.querySelector('#code').value")
        assert typed == code, "in its three groups"
        self.tap("page.code.connect")

    @property
    def number(self) -> str:
        """The number that the phone shows."""
        self.is_at("page.receive.title")
        return str(
            self.tab.evaluate(
                "() => document.querySelector('.big-number [aria-hidden]').innerText"
                r".replace(/\s/g, '')"
            )
        )

    def overflow(self) -> list[str]:
        """What reaches beyond the screen's side."""
        return list(self.tab.evaluate(_OVERFLOW))

    def enlarge_letters(self) -> None:
        """Make all letters twice as large, as a person does in the browser's settings."""
        self.tab.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")

    def put_the_clock_forward(self, seconds: float) -> None:
        """Let the page's clock jump, in the place of waiting."""
        self.tab.evaluate(
            "(ms) => { const real = performance.now.bind(performance);"
            " performance.now = () => real() + ms; }",
            seconds * 1000,
        )

    def check(self) -> None:
        """See that the page kept to its origin, showed no secret and kept nothing."""
        assert self.tab.complaints == [], self.tab.complaints
        kept = self.tab.evaluate(_KEPT)
        assert kept == _KEPT_NOTHING, kept

    def _type(self, text: str, selector: str) -> None:
        self._find(_HAS_FIELD, selector)
        self.tab.evaluate(
            "(selector) => { document.querySelector(selector).value = ''; }", selector
        )
        self.tab.type(text, _FIELD, selector)

    def _find(self, function: str, argument: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self._evaluate(function, argument):
            assert time.monotonic() < end, f"no {argument} in: {self._screen()}"
            time.sleep(_PAUSE_S)

    def _until(self, is_there: Any, what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        screen = self._screen()
        while not is_there(screen):
            assert time.monotonic() < end, f"no {what} in: {screen}"
            time.sleep(_PAUSE_S)
            screen = self._screen()

    def _screen(self) -> dict[str, str]:
        return self._evaluate(_READ) or {"text": "", "title": "", "language": ""}

    def _evaluate(self, function: str, *arguments: Any) -> Any:
        try:
            return self.tab.evaluate(function, *arguments)
        except CallFailed:
            return None  # between two pages

    def _is_in(
        self, text: str, screen: dict[str, str], key: str, values: dict[str, str | int]
    ) -> bool:
        if screen["language"] not in _SENTENCES:
            return False  # no page yet
        sentence = _SENTENCES[screen["language"]][key]
        parts = re.split(r"\{([a-z0-9_]+)\}", sentence)
        pattern = "".join(
            re.escape(part)
            if at % 2 == 0
            else re.escape(str(values[part]))
            if part in values
            else ".+?"
            for at, part in enumerate(parts)
        )
        return re.search(pattern, _plain(text)) is not None


_OVERFLOW = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("#page *")].filter((each) =>
    each.getBoundingClientRect().right > innerWidth + 1).map((each) =>
    each.outerHTML.slice(0, 120))"""


def _plain(text: str) -> str:
    """A text without the marks that set a stranger's name apart."""
    return re.sub("[\u2066-\u2069\u200b]", "", text)
