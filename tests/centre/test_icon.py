"""The centre by its icon: in a fresh home, started as a desktop does, without streams."""

import base64
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
from certrelay.testkit.ca import Issued
from certrelay.texts import Texts
from tests.centre.certificates import HONG
from tests.centre.running import eventually
from tests.component import missing, program
from tests.engines import processes
from tests.engines.screen import Screen
from tests.flows.programs import environment
from tests.patience import PATIENCE_S
from tests.qr_pictures import read_png
from tests.web_phone.conftest import PASSWORD, write_files
from tests.web_phone.phone import Phone
from tests.web_phone.test_flows import give

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
    with connect(tab["webSocketDebuggerUrl"], proxy=None, max_size=None) as socket:
        socket.send(json.dumps({"id": 1, "method": method, "params": parameters}))
        while True:
            answer = json.loads(socket.recv(PATIENCE_S))
            if answer.get("id") == 1:
                return answer.get("result", {})  # none from a page that is just loading


def evaluate(tab: dict[str, str], expression: str) -> Any:
    """What an expression is in a tab."""
    found = in_tab(tab, "Runtime.evaluate", expression=expression, userGesture=True)
    return found.get("result", {}).get("value")


def shows(tab: dict[str, str], text: str) -> None:
    """Wait until a text is on the screen."""
    try:
        eventually(lambda: text in (evaluate(tab, "document.body.innerText") or ""), text)
    except AssertionError as late:
        raise AssertionError(evaluate(tab, "document.body.innerText")) from late


def click(tab: dict[str, str], selector: str) -> None:
    """Click what a selector finds, once it can be: a new screen's buttons act a moment later."""
    found = f"document.querySelector({json.dumps(f'{selector}:enabled')})"
    eventually(lambda: evaluate(tab, f"{found} !== null"), selector)
    evaluate(tab, f"{found}.click()")


def read_code(tab: dict[str, str]) -> str:
    """Read the QR code off a screenshot, as a phone does."""
    eventually(lambda: evaluate(tab, "document.querySelector('.code svg') !== null"), "the code")

    def found() -> list[str]:
        picture = in_tab(tab, "Page.captureScreenshot")["data"]
        return read_png(base64.b64decode(picture))

    (code,) = eventually(found, "a code that can be read")
    return str(code)


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


def test_a_whole_first_copy_by_the_icon(
    person: Person, phone: Phone, people: dict[str, Issued], tmp_path: Path
) -> None:
    """In Korean, without a terminal and without a setting: the PC relays by itself."""
    item = people[HONG].npki(PASSWORD)
    person.run("desktop", "install")
    centre = person.click()
    (tab,) = eventually(person.tabs, "the page")
    begun(tab)
    assert evaluate(tab, "document.documentElement.lang") == "ko"
    click(tab, "button.door.import")
    phone.scan(read_code(tab))
    give(phone, write_files(item, tmp_path / "phone"))
    shows(tab, KOREAN.say("browser.number.title"))
    phone.type_number(str(evaluate(tab, "document.querySelector('.big-number span').innerText")))
    shows(tab, KOREAN.say("page.receive.ask"))
    click(tab, "button.main")
    shows(tab, KOREAN.say("browser.saved.title"))
    phone.is_at(KOREAN.say("page.sent.all.title"))
    stored = [path for path in (person.home / "NPKI").rglob("*") if path.is_file()]
    assert sorted(path.read_bytes() for path in stored) == sorted(
        file.content for file in item.files
    )
    assert centre.poll() is None


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
