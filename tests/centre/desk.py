"""The centre's page in a browser of a PC, and somebody in front of it."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from PIL import Image

from certrelay.texts import Texts
from tests.qr_pictures import read
from tests.web_phone.phone import Phone, say
from tests.web_phone.test_screens import PICTURES

if TYPE_CHECKING:
    from playwright.sync_api import Locator

DESKTOP: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36"
)
OPTIONS: Final[dict[str, Any]] = {
    "viewport": {"width": 1280, "height": 800},
    "device_scale_factor": 1,
    "user_agent": DESKTOP,
    "is_mobile": False,
    "has_touch": False,
}
PLACES = ("", "list", "files", "trash", "history", "health", "settings", "help", "pc")
"""The places that need no certificate."""


class Desk(Phone):
    """One tab of the centre."""

    texts = Texts("ko")

    def speak(self, language: Literal["ko", "en"]) -> None:
        """Choose the language that the page shows."""
        self.texts = Texts(language)
        if self.page.evaluate("() => document.documentElement.lang") != language:
            self.page.locator("button.language").click()
        self.page.locator(f"html[lang={language}]").wait_for()

    def open(self, address: str) -> "Desk":
        """Open the address that the program gave its browser."""
        self.page.goto(address)
        self.page.locator("main h1").wait_for()
        self.speak("ko")
        return self

    def go(self, place: str) -> None:
        """Go to a place by its address, as a link does."""
        self.page.evaluate("(place) => { location.hash = `#/${place}`; }", place)

    def follow(self, key: str) -> None:
        """Follow a link."""
        self.page.get_by_role("link", name=say(key), exact=True).first.click()

    def at(self, key: str) -> None:
        """Wait for the screen of that title."""
        self.is_at(self.texts.say(key))

    def lines(self) -> "Locator":
        """The certificates that are shown."""
        return self.page.locator(".lines a.line")

    def certificate(self, owner: str) -> None:
        """Open a certificate's screen, from the list."""
        self.go("list")
        self.lines().filter(has_text=owner).first.click()
        self.page.locator("h1", has_text=owner).wait_for()

    def chore(self, name: str) -> None:
        """Go on to what is done with the certificate that is shown."""
        self.page.locator(f".acts a[href$='/{name}']").click()

    def type_password(self, password: str, name: str = "password") -> None:
        """Type a certificate's password, and send it off."""
        self.page.fill(f"#{name}", password)
        self.page.locator(f"button[form={name}-form]").click()

    def read_code(self) -> str:
        """Read the QR code off a screenshot, as a phone does."""
        self.page.locator(".code svg").wait_for()
        (found,) = read(Image.open(io.BytesIO(self.page.screenshot())).convert("L"))
        return found

    def picture(self, name: str) -> None:
        """Write the screen as a picture, if pictures are wanted."""
        if PICTURES:
            self.page.evaluate("() => document.activeElement?.blur()")
            self.page.screenshot(path=f"{PICTURES}/{self.texts.language}-centre-{name}.png")

    @property
    def number(self) -> str:
        """The number to be typed on the phone."""
        return self.page.locator(".big-number [aria-hidden]").inner_text()

    @property
    def path(self) -> Path:
        """The one path that is shown."""
        return Path(self.page.locator("p.path").first.inner_text())

    def check(self) -> None:
        """See that its address holds a place at most, and nothing was stored."""
        if self.page.is_closed():
            super().check()
            return
        # The page always waits for news, and what is checked of every page waits for answers.
        self.page.evaluate("() => window.stop()")
        place = str(self.page.evaluate("() => location.hash"))
        assert place == "" or place.startswith("#/"), place
        if place:
            # What is checked of every page knows of no places.
            self.page.evaluate("() => history.replaceState(null, '', location.pathname)")
        super().check()
