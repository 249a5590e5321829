"""A phone's browser with the page in it, and all that it must never do."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from certrelay.texts import Texts

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Mobile Safari/537.36"
)
say = Texts("ko").say
"""A sentence of the page in Korean, by its key: tests name what they mean, not how it is put."""

SECRET = "input.secret"
FILES = "input[type=file]:not([webkitdirectory])"
_HARMLESS = (
    "WebSocket connection to",  # a pulled cable
    "Failed to load resource: net::ERR_INTERNET_DISCONNECTED",
    "Failed to load resource: net::ERR_CONNECTION_RE",  # refused or reset: a program that ended
    "The Cross-Origin-Opener-Policy header has been ignored",  # plain http in a LAN
)
_STORED = """async () => ({
  local: localStorage.length, session: sessionStorage.length, cookie: document.cookie,
  databases: (await indexedDB.databases()).length,
  caches: self.caches === undefined ? 0 : (await caches.keys()).length,
  workers: navigator.serviceWorker === undefined ? 0
    : (await navigator.serviceWorker.getRegistrations()).length,
})"""


class Phone:
    """One tab."""

    def __init__(self, context: "BrowserContext") -> None:
        self.context = context
        # Without a head there is no dialog to choose a place in: files are downloaded.
        context.add_init_script("delete window.showSaveFilePicker")
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_HARMLESS):
            self.complaints.append(message.text)

    def _request(self, request: "Request") -> None:
        self.requests.append(request)

    def scan(self, url: str) -> None:
        """Do what a camera app does: open the address."""
        self.page.goto(url)

    def sees(self, text: str) -> None:
        """Wait until a text is on the screen."""
        self.page.get_by_text(text).first.wait_for()

    def is_at(self, title: str) -> None:
        """Wait until a screen of that title is shown."""
        self.page.locator("h1", has_text=title).wait_for()

    def tap(self, name: str) -> None:
        """Tap a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def pick(self, *files: Path) -> None:
        """Pick files."""
        self.page.set_input_files(FILES, [str(file) for file in files])

    def unlock(self, password: str) -> None:
        """Type the certificate's password and have it checked."""
        self.page.fill(SECRET, password)
        self.tap(say("page.send.check"))

    def remove(self) -> None:
        """Take the only certificate off the list: a button among the card's details."""
        self.page.evaluate(
            "() => document.querySelectorAll('details').forEach((e) => e.open = true)"
        )
        self.tap(say("page.send.remove"))

    def type_number(self, number: str) -> None:
        """Type the number and send."""
        self.page.fill("#number", number)
        self.tap(say("page.number.send"))

    def type_code(self, code: str) -> None:
        """Type a code and connect."""
        self.page.fill("#code", code)
        self.tap(say("page.code.connect"))

    def check(self) -> None:
        """See that it kept to its own origin, told nobody the secret, and stored nothing."""
        assert not self.complaints, self.complaints
        if self.page.is_closed():
            return
        own = urlsplit(self.page.url)
        for request in self.requests:
            asked = urlsplit(request.url)
            if asked.scheme != "blob":
                assert (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
                assert not request.all_headers().get("referer"), request.url
        assert own.fragment == ""
        stored: dict[str, Any] = self.page.evaluate(_STORED)
        assert not any(stored.values()), stored
        assert self.context.cookies() == []
