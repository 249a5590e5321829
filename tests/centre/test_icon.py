"""The centre by its icon: in a fresh home, started as a desktop does, without streams."""

import json
import os
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from certrelay.errors import ExitStatus
from certrelay.texts import Texts
from tests.centre.running import eventually
from tests.component import missing, program
from tests.engines import processes
from tests.engines.screen import Screen
from tests.flows.programs import environment
from tests.patience import PATIENCE_S

if os.name != "posix":
    pytest.skip("the entry is that of Linux's desktops", allow_module_level=True)

KOREAN = Texts("ko")
READ_EXEC = """
import json, sys
from gi.repository import GLib
entry = GLib.KeyFile()
entry.load_from_file(sys.argv[1], GLib.KeyFileFlags.NONE)
line = entry.get_string("Desktop Entry", "Exec")
print(json.dumps([word.replace("%%", "%") for word in GLib.shell_parse_argv(line)[1]]))
"""
"""The command line as the desktops' own library reads it."""


class Person:
    """Somebody with a fresh home folder before a desktop with one browser.

    Args:
        folder: For all of it.
        display: The screen.
    """

    def __init__(self, folder: Path, display: str) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.profile = folder / "profile"
        browser = folder / "browser"
        chromium = [program("chromium"), "--no-sandbox", "--no-first-run", "--disable-gpu"]
        chromium += ["--disable-background-networking", "--disable-dev-shm-usage", "--lang=ko-KR"]
        chromium += [f"--user-data-dir={self.profile}", "--remote-debugging-port=0"]
        browser.write_text(f'#!/bin/sh\nexec {shlex.join(chromium)} "$1"\n')
        browser.chmod(0o755)
        self.environment = {
            **environment(HOME=str(self.home), DISPLAY=display, BROWSER=str(browser)),
            "LANG": "ko_KR.UTF-8",
        }
        for name in ("CERTRELAY_DATA", "CERTRELAY_CONFIG"):
            self.environment.pop(name, None)
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *words: str) -> None:
        """Type a command, once."""
        command = [sys.executable, "-m", "client_pc", *words]
        subprocess.run(command, env=self.environment, check=True, stdin=subprocess.DEVNULL)

    def click(self) -> "subprocess.Popen[str]":
        """Click the icon: the entry's own command line, with no standard streams at all."""
        (entry,) = (self.home / ".local/share/applications").iterdir()
        read = [self._system_python(), "-c", READ_EXEC, str(entry)]
        words = json.loads(subprocess.run(read, check=True, capture_output=True).stdout)
        process = subprocess.Popen(
            [program("bash"), "-c", 'exec "$@" <&- >&- 2>&-', "bash", *words],
            env=self.environment,
            cwd=self.home,
            start_new_session=True,
            text=True,
        )
        self.started.append(process)
        return process

    @staticmethod
    def _system_python() -> str:
        python = "/usr/bin/python3"
        probe = [python, "-c", "import gi"]
        if subprocess.run(probe, capture_output=True, check=False).returncode:
            missing("python3-gi")
        return python

    def tabs(self) -> list[dict[str, str]]:
        """The tabs of the browser that lead to a page of this PC."""
        try:
            port = int((self.profile / "DevToolsActivePort").read_text().split()[0])
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                found = json.loads(answer.read())
        except (OSError, ValueError, IndexError):
            return []
        return [tab for tab in found if tab["url"].startswith("http://127.0.0.1:")]

    def close(self) -> None:
        """End everything that runs."""
        for tab in self.tabs()[:1]:
            with suppress(OSError, WebSocketException):
                in_tab(tab, "Browser.close")
        for process in self.started:
            processes.end(process)


def in_tab(tab: dict[str, str], method: str, **parameters: Any) -> Any:
    """One call to a tab of the browser."""
    with connect(tab["webSocketDebuggerUrl"], proxy=None) as socket:
        socket.send(json.dumps({"id": 1, "method": method, "params": parameters}))
        while True:
            answer = json.loads(socket.recv(PATIENCE_S))
            if answer.get("id") == 1:
                return answer.get("result", {})  # none from a page that is just loading


def evaluate(tab: dict[str, str], expression: str) -> Any:
    """What an expression is in a tab."""
    found = in_tab(tab, "Runtime.evaluate", expression=expression, userGesture=True)
    return found.get("result", {}).get("value")


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    screen = Screen()
    try:
        someone = Person(tmp_path, screen.name)
        try:
            yield someone
        finally:
            someone.close()
    finally:
        screen.close()


def begun(tab: dict[str, str]) -> None:
    """Wait until the first screen is there."""
    words = KOREAN.say("centre.door.import")
    eventually(lambda: words in (evaluate(tab, "document.body.innerText") or ""), "a screen")


def test_the_centre_comes_up_by_its_icon_and_a_second_click_finds_it(person: Person) -> None:
    person.run("desktop", "install")
    first = person.click()
    (tab,) = eventually(person.tabs, "the page")
    begun(tab)
    (open_tab,) = person.tabs()
    place = open_tab["url"].partition("#")[2]
    assert place.startswith("/"), "a place, since the ticket does not stay in the address"

    second = person.click()
    assert second.wait(PATIENCE_S) == ExitStatus.OK
    tabs = eventually(lambda: len(found := person.tabs()) == 2 and found, "the second page")
    assert len({tab["url"].split("/")[2] for tab in tabs}) == 1, "one centre"
    for each in tabs:
        begun(each)
    assert first.poll() is None

    close = json.dumps(KOREAN.say("centre.close"))
    button = f"[...document.querySelectorAll('button')].find(b => b.innerText.includes({close}))"
    eventually(lambda: evaluate(tab, f"{button} !== undefined"), "the button")
    evaluate(tab, f"{button}.click()")
    assert first.wait(PATIENCE_S) == ExitStatus.OK
    person.run("desktop", "remove")
    assert not list(person.home.rglob("*.desktop"))
