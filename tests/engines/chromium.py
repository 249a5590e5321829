"""Chromium, driven over the Chrome DevTools Protocol."""

import base64
import contextlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.component import program
from tests.engines import processes
from tests.engines.calls import CallFailed, Calls
from tests.engines.network import Network

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--accept-lang=ko-KR",
    "--lang=ko-KR",
)
_ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Mobile Safari/537.36"
)


class Chromium:
    """One process.  With a display it has windows, and nothing takes its downloads over."""

    name = "Chromium"

    def __init__(self, network: Network, folder: Path, display: str | None = None) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        profile = folder / "profile"
        _prefer(profile, self.downloads)
        mode = ["--headless=new"] if display is None else ["--window-size=500,900"]
        environment = {} if display is None else {"DISPLAY": display}
        self.is_headed = display is not None
        command = [
            program("chromium", "chromium-browser", "google-chrome"),
            *_ARGUMENTS,
            *mode,
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        self._process = subprocess.Popen(
            network.command(*command),
            env=processes.environment(folder, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        url = processes.said(self._process, r"DevTools listening on (ws://\S+)")
        port = re.search(r":([0-9]+)/", url)
        assert port is not None
        self.calls = _Dialogs(url, network.connect(int(port[1])))

    def new_tab(
        self, beside: "ChromiumTab | None" = None, user_agent: str = _ANDROID
    ) -> "ChromiumTab":
        """Open a tab in a context of its own; in a window, in the one profile."""
        where: dict[str, Any] = {} if beside is None else beside.where
        if not self.is_headed and beside is None:
            where = self.calls.call("Target.createBrowserContext", {})
            allowed = {"behavior": "allow", "downloadPath": str(self.downloads), **where}
            self.calls.call("Browser.setDownloadBehavior", allowed)
        made = self.calls.call("Target.createTarget", {"url": "about:blank", **where})
        return ChromiumTab(self, made["targetId"], where, user_agent)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(CallFailed, OSError, EOFError):
            self.calls.send("Browser.close", {})
        processes.end(self._process)
        self.calls.close()


class _Dialogs(Calls):
    """Says yes to "leave this page?", which a person who leaves means."""

    def on_event(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Page.javascriptDialogOpening":
            session = event["sessionId"]
            self.send("Page.handleJavaScriptDialog", {"accept": True}, sessionId=session)


class ChromiumTab:
    """One tab."""

    def __init__(
        self, browser: Chromium, target: str, where: dict[str, Any], user_agent: str
    ) -> None:
        self.complaints: list[str] = []
        self.where = where
        self._calls = browser.calls
        self._target = target
        attached = self._calls.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        self._session: str = attached["sessionId"]
        for domain in ("Page", "Runtime", "DOM", "Network"):
            self._call(f"{domain}.enable")
        identity = {"userAgent": user_agent, "acceptLanguage": "ko-KR"}
        self._call("Emulation.setUserAgentOverride", **identity)
        # Nobody sits at its dialog for a place to save in: it downloads, as on a phone.
        source = "delete window.showSaveFilePicker"
        self._call("Page.addScriptToEvaluateOnNewDocument", source=source)
        if not browser.is_headed:
            self.resize(360, 740)

    def open(self, url: str) -> None:
        """Open an address."""
        self._call("Page.navigate", url=url)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a function in the page."""
        return self._function(function, arguments, returnByValue=True).get("value")

    def tap(self, function: str, *arguments: Any) -> None:
        """Tap an element."""
        found = self._element(function, arguments)
        self._call("DOM.scrollIntoViewIfNeeded", objectId=found)
        quad = self._call("DOM.getContentQuads", objectId=found)["quads"][0]
        where = {"x": (quad[0] + quad[4]) / 2, "y": (quad[1] + quad[5]) / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **where)

    def type(self, text: str, function: str, *arguments: Any) -> None:
        """Type into a field."""
        self._call("DOM.focus", objectId=self._element(function, arguments))
        self._call("Input.insertText", text=text)

    def pick(self, files: list[Path], function: str, *arguments: Any) -> None:
        """Give files to an input."""
        found = self._element(function, arguments)
        self._call("DOM.setFileInputFiles", objectId=found, files=[str(file) for file in files])

    def reload(self) -> None:
        """Load again."""
        self._call("Page.reload")

    def back(self) -> None:
        """Go back."""
        self._go(-1)

    def forward(self) -> None:
        """Go forward."""
        self._go(1)

    def _go(self, by: int) -> None:
        history = self._call("Page.getNavigationHistory")
        entry = history["entries"][history["currentIndex"] + by]
        self._call("Page.navigateToHistoryEntry", entryId=entry["id"])

    def resize(self, width: int, height: int) -> None:
        """Give it a size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def offline(self, is_offline: bool) -> None:
        """Take the network away from this tab, or give it back."""
        weather = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self._call("Network.emulateNetworkConditions", offline=is_offline, **weather)

    def picture(self) -> bytes:
        """The screen."""
        return base64.b64decode(self._call("Page.captureScreenshot")["data"])

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(CallFailed):
            self._calls.call("Target.closeTarget", {"targetId": self._target})

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        found = self._calls.call(method, params, sessionId=self._session)
        self._listen()
        return found

    def _listen(self) -> None:
        for event in [
            each for each in self._calls.events if each.get("sessionId") == self._session
        ]:
            self._calls.events.remove(event)
            if event.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(event["params"]["exceptionDetails"]))

    def _element(self, function: str, arguments: tuple[Any, ...]) -> str:
        found = self._function(function, arguments, returnByValue=False)
        assert "objectId" in found, f"nothing is found by {function} {arguments}"
        return str(found["objectId"])

    def _function(
        self, function: str, arguments: tuple[Any, ...], **options: Any
    ) -> dict[str, Any]:
        expression = f"({function})(...{json.dumps(arguments)})"
        done = self._call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            userGesture=False,
            **options,
        )
        if "exceptionDetails" in done:
            raise CallFailed(str(done["exceptionDetails"]))
        return dict(done["result"])


def _prefer(profile: Path, downloads: Path) -> None:
    """Write where downloads go: the profile's setting, as a person would make it."""
    place = profile / "Default" / "Preferences"
    place.parent.mkdir(parents=True)
    wanted = {"default_directory": str(downloads), "prompt_for_download": False}
    place.write_text(json.dumps({"download": wanted, "intl": {"accept_languages": "ko-KR"}}))
