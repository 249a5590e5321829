"""A running centre, and a page without a browser: what `talk.js` does, in Python.

The program opens the "browser" that BROWSER names: a script that writes the address down.
"""

import http.client
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from certrelay.client.json_events import violations
from tests.flows.programs import ROOT, Event, environment
from tests.patience import PATIENCE_S


def eventually(is_so: Callable[[], Any], what: str = "it") -> Any:
    """Wait for what must come."""
    end = time.monotonic() + PATIENCE_S
    while not (found := is_so()):
        assert time.monotonic() < end, f"{what} never came"
        time.sleep(0.02)
    return found


class Refused(Exception):
    """An answer that is none."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Page:
    """One tab."""

    def __init__(self, address: str) -> None:
        origin, _, self.ticket = address.partition("#")
        self.host = origin.removeprefix("http://").rstrip("/")
        self.token = ""
        self.begin(self.ticket.partition("/")[0])

    def begin(self, ticket: str) -> None:
        """Exchange a ticket; a reload does it again with the next one."""
        told = self.ask("POST", "/v1/session", {"ticket": ticket})
        self.token, self.reload_ticket = told["token"], told["reload_ticket"]
        self.language = told["language"]

    def reload(self) -> None:
        """Load the page again."""
        self.begin(self.reload_ticket)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, bytes]:
        """One request, as a browser's."""
        shown = {"authorization": f"Bearer {self.token}"} if self.token else {}
        own = {"origin": f"http://{self.host}", "sec-fetch-site": "same-origin"}
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE_S)
        with closing(connection):
            connection.request(method, path, body, {**own, **shown, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A request in JSON, and its answer.

        Raises:
            Refused: What is not answered with 200 or 204.
        """
        raw = None if body is None else json.dumps(body).encode()
        status, answer = self.request(method, path, raw)
        if status not in (200, 204):
            raise Refused(status)
        return json.loads(answer) if answer else None

    def start(self, command: str, *arguments: str) -> "PageTask":
        """Start a task."""
        told = self.ask("POST", "/v1/tasks", {"command": command, "arguments": [*arguments]})
        return PageTask(self, told["task"])

    def run(self, command: str, *arguments: str) -> "PageTask":
        """Run a task that asks nothing, to its end."""
        task = self.start(command, *arguments)
        task.finish()
        return task

    def drop(self, content: bytes, name: str, into: str | None = None) -> str:
        """Drop a file on the page; gives the drop's name."""
        head = {"name": name} if into is None else {"name": name, "into": into}
        status, answer = self.put(content, head)
        if status != 200:
            raise Refused(status)
        return str(json.loads(answer)["file"])

    def put(self, content: bytes, head: dict[str, Any]) -> tuple[int, bytes]:
        return self.request("PUT", "/v1/files", json.dumps(head).encode() + b"\n" + content)


class PageTask:
    """A task as a page sees it."""

    def __init__(self, page: Page, number: int) -> None:
        self.page = page
        self.number = number
        self.events: list[Event] = []
        self.is_over = False
        self._seen = 0

    def more(self) -> None:
        """Get the next events."""
        path = f"/v1/tasks/{self.number}/events?after={len(self.events)}"
        told = self.page.ask("GET", path)
        self.events += told["events"]
        self.is_over = told["is_over"]

    def expect(self, name: str) -> Event:
        """Wait for the next event of that name, behind what was expected before."""
        while True:
            for at, event in enumerate(self.events[self._seen :], self._seen + 1):
                if event["event"] == name:
                    self._seen = at
                    return event
            assert not self.is_over, f"ended without {name}: {self.events}"
            self.more()

    def answer(self, line: str) -> None:
        """Answer the next question."""
        question = self.expect("ask")["question"]
        path = f"/v1/tasks/{self.number}/answer"
        self.page.ask("POST", path, {"question": question, "line": line})

    def stop(self) -> None:
        self.page.ask("POST", f"/v1/tasks/{self.number}/stop", {})

    def finish(self) -> Event:
        """Wait for the end, and give it."""
        while not self.is_over:
            self.more()
        return self.events[-1]

    def of(self, name: str) -> list[Event]:
        """All events of a name, so far."""
        return [event for event in self.events if event["event"] == name]


def _named(home: Path) -> Path:
    """Give the name under which pictures show a home folder: paths as people have them."""
    if not (name := os.environ.get("CERTRELAY_SCREENS_HOME")):
        return home
    link = Path(name)
    if link.is_symlink():
        link.unlink()
    link.symlink_to(home)
    return link


class Centre:
    """The program.

    Args:
        folder: Where its home, its data and what its "browser" opens are.
        prefix: Words in front of its command, to run it elsewhere.
        more: What its environment has beside the usual.
    """

    def __init__(self, folder: Path, prefix: Sequence[str] = (), **more: str) -> None:
        self._prefix = prefix
        self.home = folder / "home"
        self.data = folder / "data"
        self.home.mkdir(exist_ok=True)
        (self.home / "config.toml").touch()
        self._opened = folder / "opened"
        self._opened.touch()
        self._browser = folder / "browser"
        self._browser.write_text(f'#!/bin/sh\necho "$1" >> "{self._opened}"\n')
        self._browser.chmod(self._browser.stat().st_mode | stat.S_IXUSR)
        self.environment = environment(
            BROWSER=str(self._browser),
            HOME=str(_named(self.home)),
            CERTRELAY_DATA=str(self.data),
            CERTRELAY_CONFIG=str(self.home / "config.toml"),
            **more,
        )
        self.processes: list[subprocess.Popen[str]] = []
        self.process = self.start()

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the program (once more)."""
        process = subprocess.Popen(
            [*self._prefix, sys.executable, "-m", "client_pc", "centre", "--json", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=self.environment,
            cwd=ROOT,
        )
        self.processes.append(process)
        return process

    def address(self, number: int = 0) -> str:
        """The address that the browser was given at the start of that number."""
        opened = eventually(lambda: self._opened.read_text().split()[number:], "the page")
        return str(opened[0])

    def page(self, number: int = 0) -> Page:
        """A tab with the address of that number."""
        return Page(self.address(number))

    def stop(self) -> int:
        """Press Ctrl-C in the terminal, and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def children(self) -> list[int]:
        """The processes that it has started and that are there still."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    status = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if int(status[1]) == self.process.pid and status[0] != "Z":
                    found.append(int(entry.name))
        return found

    def close(self) -> None:
        left = self.children()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            if process.stdout is None or process.stdout.closed:
                continue  # the test has read it
            out, err = process.communicate()
            told = [json.loads(line) for line in out.splitlines()]
            assert [fault for event in told for fault in violations(event)] == []
            assert "Traceback" not in err, err
        for number in left:
            eventually(partial(is_gone, number), "a child's end")


def is_gone(number: int) -> bool:
    """Tell whether a process has ended."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@contextmanager
def running(folder: Path, prefix: Sequence[str] = (), **more: str) -> Iterator[Centre]:
    """A centre that is gone when the test ends, and its children too."""
    centre = Centre(folder, prefix, **more)
    try:
        yield centre
    finally:
        centre.close()


def beside(act: Callable[[], Any]) -> threading.Thread:
    """Do something in a thread."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread
