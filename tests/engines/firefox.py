"""Firefox, driven over WebDriver BiDi, which it speaks by itself."""

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

_PREFERENCES: dict[str, str | int | bool] = {
    "intl.accept_languages": "ko-KR",
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "browser.download.alwaysOpenPanel": False,
    "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream,application/zip",
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.update.enabled": False,
    "browser.tabs.remote.separatePrivilegedContentProcess": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "remote.prefs.recommended": True,
}

_PULLED = "establish a connection to the server at ws|connection to ws.* was interrupted"
"""What Firefox says of a cable that was pulled."""


class Firefox:
    """One process without a window."""

    name = "Firefox"

    def __init__(self, network: Network, folder: Path) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        profile = folder / "profile"
        profile.mkdir()
        chosen = _PREFERENCES | {"browser.download.dir": str(self.downloads)}
        (profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in chosen.items())
        )
        command = [program("firefox-esr", "firefox"), "--headless", "--no-remote"]
        command += ["--profile", str(profile), "--remote-debugging-port", "0"]
        self._process = subprocess.Popen(
            network.command(*command),
            env=processes.environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        url = processes.said(self._process, r"WebDriver BiDi listening on (ws://\S+)")
        port = re.search(r":([0-9]+)", url)
        assert port is not None
        self._calls = Calls(f"{url}/session", network.connect(int(port[1])))
        # Whoever leaves the page means it.
        prompts = {"unhandledPromptBehavior": {"default": "ignore", "beforeUnload": "accept"}}
        self._calls.call("session.new", {"capabilities": {"alwaysMatch": prompts}})
        self._calls.call("session.subscribe", {"events": ["log.entryAdded"]})

    def new_tab(self, beside: "FirefoxTab | None" = None) -> "FirefoxTab":
        """Open a tab in a container of its own."""
        container = (
            self._calls.call("browser.createUserContext", {})
            if beside is None
            else beside.container
        )
        made = self._calls.call("browsingContext.create", {"type": "tab", **container})
        return FirefoxTab(self._calls, made["context"], container)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(CallFailed, OSError, EOFError):
            self._calls.send("browser.close", {})
        processes.end(self._process)
        self._calls.close()


class FirefoxTab:
    """One tab."""

    def __init__(self, calls: Calls, context: str, container: dict[str, Any]) -> None:
        self.complaints: list[str] = []
        self.container = container
        self._calls = calls
        self._context = context
        self.resize(360, 740)

    def open(self, url: str) -> None:
        """Open an address."""
        self._call("browsingContext.navigate", url=url, wait="none")

    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a function in the page."""
        whole = f"async () => JSON.stringify(await ({function})(...{json.dumps(arguments)}))"
        text = self._function(whole).get("value")
        return None if text is None else json.loads(text)

    def tap(self, function: str, *arguments: Any) -> None:
        """Tap an element."""
        found = self._element(function, arguments)
        self.evaluate(
            f"() => ({function})(...{json.dumps(arguments)}).scrollIntoView({{block: 'center'}})"
        )
        origin = {"type": "element", "element": found}
        actions = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._act({"type": "pointer", "id": "finger", "actions": actions})

    def type(self, text: str, function: str, *arguments: Any) -> None:
        """Type into a field."""
        self.evaluate(f"() => ({function})(...{json.dumps(arguments)}).focus()")
        keys = [{"type": kind, "value": letter} for letter in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": keys})

    def pick(self, files: list[Path], function: str, *arguments: Any) -> None:
        """Give files to an input."""
        found = self._element(function, arguments)
        self._call("input.setFiles", element=found, files=[str(file) for file in files])

    def reload(self) -> None:
        """Load again."""
        self._call("browsingContext.reload", wait="none")

    def back(self) -> None:
        """Go back."""
        self._call("browsingContext.traverseHistory", delta=-1)

    def forward(self) -> None:
        """Go forward."""
        self._call("browsingContext.traverseHistory", delta=1)

    def resize(self, width: int, height: int) -> None:
        """Give it a size."""
        self._call("browsingContext.setViewport", viewport={"width": width, "height": height})

    def picture(self) -> bytes:
        """The screen."""
        return base64.b64decode(self._call("browsingContext.captureScreenshot")["data"])

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(CallFailed):
            self._call("browsingContext.close", promptUnload=False)

    def _act(self, source: dict[str, Any]) -> None:
        self._call("input.performActions", actions=[source])

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        found = self._calls.call(method, {"context": self._context, **params})
        self._listen()
        return found

    def _listen(self) -> None:
        for event in list(self._calls.events):
            params = event.get("params", {})
            if event.get("method") != "log.entryAdded":
                self._calls.events.remove(event)
            elif params["source"].get("context") == self._context:
                self._calls.events.remove(event)
                is_fault = params["type"] == "javascript" and params["level"] == "error"
                if is_fault and not re.search(_PULLED, params["text"]):
                    self.complaints.append(params["text"])

    def _element(self, function: str, arguments: tuple[Any, ...]) -> dict[str, str]:
        found = self._function(f"() => ({function})(...{json.dumps(arguments)})")
        assert "sharedId" in found, f"nothing is found by {function} {arguments}"
        return {"sharedId": found["sharedId"]}

    def _function(self, whole: str) -> dict[str, Any]:
        done = self._calls.call(
            "script.callFunction",
            {
                "functionDeclaration": whole,
                "awaitPromise": True,
                "target": {"context": self._context},
            },
        )
        self._listen()
        if done["type"] != "success":
            raise CallFailed(str(done))
        return dict(done["result"])
