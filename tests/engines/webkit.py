"""WebKitGTK, driven over WebDriver by WebKitWebDriver, in a small window of our own.

What iPhones run is not this program, but the same engine: the part that reads the page.
"""

import base64
import http.client
import json
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.component import missing, program
from tests.engines import processes
from tests.engines.calls import CallFailed
from tests.engines.network import Network
from tests.engines.screen import Screen
from tests.patience import PATIENCE_S

_PORT = 4444
_PYTHON = Path("/usr/bin/python3")
"""Debian's own, which has the bindings of python3-gi."""
_WINDOW = Path(__file__).with_name("webkit_window.py")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class WebKit:
    """One driver with one window on a screen of its own."""

    name = "WebKitGTK"

    def __init__(self, network: Network, folder: Path) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        self._network = network
        driver = program("WebKitWebDriver")
        if subprocess.run([_PYTHON, "-c", "import gi"], check=False).returncode != 0:
            missing("python3-gi")
        self._screen = Screen()
        self._process = subprocess.Popen(
            network.command(driver, f"--port={_PORT}"),
            env=processes.environment(
                folder,
                DISPLAY=self._screen.name,
                GDK_BACKEND="x11",
                LIBGL_ALWAYS_SOFTWARE="1",
                WEBKIT_DISABLE_DMABUF_RENDERER="1",
                GSETTINGS_BACKEND="memory",
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        window = {"binary": str(_PYTHON), "args": [str(_WINDOW), str(self.downloads)]}
        wanted = {"webkitgtk:browserOptions": window, "unhandledPromptBehavior": "accept"}
        self._session = ""
        self._session = self._first({"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        self._current: str | None = None
        self._unused: str | None = self.call("GET", "window")

    def new_tab(self, beside: "WebKitTab | None" = None) -> "WebKitTab":
        """Open a window; it shares an ephemeral profile with the others."""
        handle = self._unused or self.call("POST", "window/new", {"type": "window"})["handle"]
        self._unused = None
        return WebKitTab(self, handle)

    def switch(self, handle: str) -> None:
        """Speak to a window from now on."""
        if handle != self._current:
            self.call("POST", "window", {"handle": handle})
            self._current = handle

    def close_window(self, handle: str) -> None:
        """Close a window, and keep one: the session ends with its last one."""
        self.switch(handle)
        if len(self.call("GET", "window/handles")) == 1:
            self._unused = self.call("POST", "window/new", {"type": "window"})["handle"]
        self.call("DELETE", "window")
        self._current = None

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Ask the driver.

        Raises:
            CallFailed: It refuses.
        """
        return self._call(method, f"/session/{self._session}/{path}", body)

    def close(self) -> None:
        """End it."""
        self.call("DELETE", "")
        processes.end(self._process)
        self._screen.close()

    def _first(self, body: object) -> Any:
        end = time.monotonic() + 60
        while True:
            try:
                return self._call("POST", "/session", body)
            except ConnectionRefusedError:
                assert time.monotonic() < end, "WebKitWebDriver does not start"
                time.sleep(0.05)

    def _call(self, method: str, path: str, body: object) -> Any:
        line = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=PATIENCE_S)
        line.sock = self._network.connect(_PORT)
        try:
            content = None if method != "POST" else json.dumps(body or {})
            line.request(
                method, path.removesuffix("/"), content, {"Content-Type": "application/json"}
            )
            answer = line.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            line.close()
        if answer.status != http.client.OK:
            raise CallFailed(f"{method} {path}: {value}")
        return value


class WebKitTab:
    """One window."""

    def __init__(self, browser: WebKit, handle: str) -> None:
        self.complaints: list[str] = []
        self._browser = browser
        self._handle = handle
        self.resize(360, 740)

    def open(self, url: str) -> None:
        """Open an address."""
        self._call("POST", "url", {"url": url})

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a function in the page."""
        script = (
            "const [args, done] = arguments;"
            f"Promise.resolve().then(() => ({function})(...args)).then("
            "(value) => done([value === undefined ? null : value]), (error) => done(String(error)))"
        )
        found = self._call("POST", "execute/async", {"script": script, "args": [list(arguments)]})
        if not isinstance(found, list):
            raise CallFailed(str(found))
        return found[0]

    def tap(self, function: str, *arguments: Any) -> None:
        """Tap an element."""
        self._call("POST", f"element/{self._element(function, arguments)}/click")

    def type(self, text: str, function: str, *arguments: Any) -> None:
        """Type into a field."""
        found = self._element(function, arguments)
        self._call("POST", f"element/{found}/value", {"text": text})

    def pick(self, files: list[Path], function: str, *arguments: Any) -> None:
        """Give files to an input."""
        found = self._element(function, arguments)
        text = "\n".join(str(file) for file in files)
        self._call("POST", f"element/{found}/value", {"text": text})

    def reload(self) -> None:
        """Load again."""
        self._call("POST", "refresh")

    def back(self) -> None:
        """Go back."""
        self._call("POST", "back")

    def forward(self) -> None:
        """Go forward."""
        self._call("POST", "forward")

    def resize(self, width: int, height: int) -> None:
        """Give it a size: the window has no frame."""
        self._call("POST", "window/rect", {"width": width, "height": height})

    def picture(self) -> bytes:
        """The screen."""
        return base64.b64decode(self._call("GET", "screenshot"))

    def close(self) -> None:
        """Close it."""
        self._browser.close_window(self._handle)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        self._browser.switch(self._handle)
        return self._browser.call(method, path, body)

    def _element(self, function: str, arguments: tuple[Any, ...]) -> str:
        script = f"return ({function})(...arguments)"
        found = self._call("POST", "execute/sync", {"script": script, "args": list(arguments)})
        assert isinstance(found, dict), f"nothing is found by {function} {arguments}"
        return str(found[_ELEMENT])
