"""`certrelay demo`: relay, simulated phone and PC as three programs on test certificates.

Nothing is staged: they are the programs that people run, each a process of its own, over
real sockets; the phone reads the very picture that the PC drew, and the number and the
password go from one to the other by the hand of this module, in a person's place.
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from certrelay.client.home import expanded
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, NotConfirmed, StateError, StorageError, UsageError
from certrelay.safe_text import printable
from client_pc.folders import CONFIG_VARIABLE, DATA_VARIABLE

DEMO_LIMIT_S: Final = 60.0
"""Seconds without an event after which the demo gives up."""

_PHONE: Final = "client_mobile_sim"
_TOLD: Final = {
    "paired",
    "password_wanted",
    "number",
    "number_wanted",
    "number_matched",
    "offer",
    "save_wanted",
    "saved",
    "receipt",
    "done",
}
"""Events that the demo tells in words; it would be too much with all of them."""

Fields = dict[str, Any]


class Program:
    """One of our programs, driven as a script drives it: events out, answers in."""

    def __init__(
        self, name: str, events: "queue.SimpleQueue[tuple[str, Fields]]", data: Path
    ) -> None:
        self.name: Final = name
        self._data: Final = data
        self._events: Final = events
        self._process: subprocess.Popen[str] | None = None

    @contextmanager
    def running(self, module: str, arguments: Sequence[str]) -> Iterator["Program"]:
        """Start it; stop it when the block ends, whatever happened."""
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={
                **os.environ,
                "PYTHONUTF8": "1",
                # The person's own settings and history are no business of a demo.
                CONFIG_VARIABLE: "",
                DATA_VARIABLE: str(self._data),
            },
        )
        self._process = process
        thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        thread.start()
        try:
            yield self
            process.wait(DEMO_LIMIT_S)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()
            thread.join()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._events.put((self.name, json.loads(line)))
        self._events.put((self.name, {"event": "exit"}))

    def answer(self, line: str) -> None:
        """Type a line into it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


class Demo:
    """Both directions, told step by step."""

    def __init__(self, report: Report, folder: Path) -> None:
        self._report: Final = report
        self._folder: Final = folder
        self._events: Final[queue.SimpleQueue[tuple[str, Fields]]] = queue.SimpleQueue()
        self._password = ""

    def run(self) -> CertRelayError | None:
        """Copy there and back; give the error with which a copy ended, if any."""
        phone, pc, other = (self._folder / name for name in ("phone", "pc", "other-phone"))
        self._say("folder", path=str(self._folder))
        self._make_certificates(phone)
        with ExitStack() as stack:
            url = stack.enter_context(_relay())
            self._say("relay", url=url)
            self._say("import")
            sent = "--send", "홍길동"
            failed = self._copy("import", url, (), pc, (*sent, "--keystore", str(phone)))
            failed = failed or self._compare(phone, pc)
            if failed is None:
                self._say("export")
                scanned = ("--keystore", str(other))
                failed = self._copy("export", url, ("1",), pc, scanned)
                failed = failed or self._compare(pc, other)
        if failed is None:
            self._say("end")
            for folder in (pc, other):
                for certificate in sorted(folder.glob("*/USER/*")):
                    self._report.result(str(certificate))
            self._say("next")
        return failed

    def _make_certificates(self, keystore: Path) -> None:
        maker = Program("phone", self._events, self._folder)
        with maker.running(_PHONE, ["init", str(keystore)]):
            for _, event in self._heard(1):
                if event["event"] == "made":
                    self._say("made", cn=event["cn"], not_after=event["not_after"])
                elif event["event"] == "made_password":
                    self._password = event["password"]

    def _copy(
        self, command: str, url: str, selectors: Sequence[str], store: Path, phone: Sequence[str]
    ) -> CertRelayError | None:
        """Run one copy: the PC first, the phone when there is a picture to scan."""
        picture = self._folder / f"qr-{command}.png"
        pc, scanner = (
            Program("pc", self._events, self._folder),
            Program("phone", self._events, self._folder),
        )
        numbers: queue.SimpleQueue[str] = queue.SimpleQueue()
        waiting_for_number: list[Program] = []
        ways = ["--relay", url, "--store", str(store), "--qr-png", str(picture)]
        with ExitStack() as stack:
            stack.enter_context(pc.running("client_pc", [command, *selectors, *ways]))
            started = 1
            exits = 0
            while exits < started:
                name, event = self._next()
                program = pc if name == "pc" else scanner
                self._tell(name, event)
                match event["event"]:
                    case "waiting" if started == 1:
                        self._say("scan", path=str(picture))
                        arguments = ["scan", str(picture), *phone]
                        stack.enter_context(scanner.running(_PHONE, arguments))
                        started = 2
                    case "password_wanted":
                        program.answer(self._password)
                    case "number":
                        numbers.put(event["number"])
                    case "number_wanted":
                        waiting_for_number.append(program)
                    case "save_wanted":
                        program.answer("y")
                    case "error":
                        return NotConfirmed("not_confirmed")
                    case "exit":
                        exits += 1
                if waiting_for_number and not numbers.empty():
                    waiting_for_number.pop().answer(numbers.get())
        return None

    def _tell(self, name: str, event: Fields) -> None:
        what = event["event"]
        if what == "error":
            self._report.event(what, f"  {event['text']}")
        elif what in _TOLD:
            self._say(f"{what}.{name}", indent="  ", **_words(event))

    def _compare(self, source: Path, copy: Path) -> CertRelayError | None:
        """Compare the copy byte for byte with what it was made of."""
        files = sorted(path for path in copy.rglob("*") if path.is_file())
        for path in files:
            original = source / path.relative_to(copy)
            if path.read_bytes() != original.read_bytes():
                return StateError(f"differs: {path.name}")
        if not files:
            return StateError("nothing was copied")
        self._say("equal", count=len(files))
        return None

    def _heard(self, programs: int) -> Iterator[tuple[str, Fields]]:
        """Everything that so many programs say until they have ended."""
        while programs:
            name, event = self._next()
            programs -= event["event"] == "exit"
            yield name, event

    def _next(self) -> tuple[str, Fields]:
        try:
            return self._events.get(timeout=DEMO_LIMIT_S)
        except queue.Empty:
            raise NotConfirmed("not_confirmed") from None

    def _say(self, key: str, indent: str = "", **values: str | int) -> None:
        text = self._report.texts.say(f"demo.{key}", **values)
        self._report.event("demo", f"{indent}{text}", step=key)


def _words(event: Mapping[str, Any]) -> dict[str, str | int]:
    """The fields of an event that a sentence may want."""
    words = {key: value for key, value in event.items() if isinstance(value, str | int)}
    if event["event"] == "offer":
        words["cn"] = ", ".join(str(item.get("cn")) for item in event["items"])
    if event["event"] == "number":
        words["number"] = f"{event['number'][:3]} {event['number'][3:]}"
    return {key: value for key, value in words.items() if key != "event"}


@contextmanager
def _relay() -> Iterator[str]:
    """The relay as a program of its own; gives its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "relay", "serve", "--host", "127.0.0.1", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise StateError("the relay did not start")
        yield url
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def demo(report: Report, keep: Path | None) -> CertRelayError | None:
    """Show the whole thing; the certificates stay in ``keep``, or in a temporary folder.

    Raises:
        UsageError: ``keystore_exists``, if ``keep`` holds something.
        StorageError: ``output_file``, if it cannot be made.
    """
    if keep is not None:
        keep = expanded(keep)
        try:
            keep.mkdir(parents=True, exist_ok=True)
            if any(keep.iterdir()):
                raise UsageError("keystore_exists")
        except OSError:
            raise StorageError("output_file", path=str(keep)) from None
    folder = keep or Path(tempfile.mkdtemp(prefix="certrelay-demo-"))
    return Demo(report, Path(printable(str(folder.resolve()), None))).run()
