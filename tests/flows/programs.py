"""Our programs as a script drives them: started for real, events out, answers in."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.contract import check
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]

Event = dict[str, Any]


def environment(**more: str) -> dict[str, str]:
    """A clean environment in which the programs of this tree are found."""
    own = ("PATH", "SYSTEMROOT", "HOME", "CERTRELAY_CONFIG", "CERTRELAY_DATA", "SSL_CERT_FILE")
    kept = {name: os.environ[name] for name in own if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LANG": "en_US.UTF-8", **more}


class Client:
    """A running client with ``--json``.

    Args:
        module: Which.
        arguments: Its command line.
        under: The command line of a program that it runs under, a tracer for instance.
        more: What its environment has beside the usual.
    """

    def __init__(
        self, module: str, *arguments: str | Path, under: Sequence[str] = (), **more: str
    ) -> None:
        self.events: list[Event] = []
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            [*under, sys.executable, "-m", module, *map(str, arguments), "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(**more),
            cwd=ROOT,
        )
        self.stderr = ""
        self._readers = [
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_events(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.stderr = self.process.stderr.read()

    def expect(self, name: str) -> Event:
        """Wait for the next event of that name; the ones before it are kept in ``events``."""
        while True:
            try:
                event = self._queue.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"no {name} after {self.events}") from None
            if event is None:
                raise AssertionError(f"ended without {name}: {self.events} {self.stderr}")
            self.events.append(event)
            if event["event"] == name:
                return event

    def answer(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def finish(self) -> int:
        """Wait for the end, which may be asked for again; the rest is in ``events`` then."""
        status = self.process.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join()
        while (event := self._queue.get()) is not None:
            self.events.append(event)
        self._queue.put(None)
        return status

    def last(self, name: str) -> Event:
        """The last event of that name."""
        return [event for event in self.events if event["event"] == name][-1]

    def names(self) -> list[str]:
        """The names of all events, in order."""
        return [event["event"] for event in self.events]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        check(self.events)


def receipt_of(client: Client) -> list[tuple[str, str | None]]:
    """What a sender told of its receipt: status and reason of each, all of other certificates."""
    items = client.last("receipt")["items"]
    assert len({item["fingerprint"] for item in items}) == len(items)
    return [(item["status"], item["reason"]) for item in items]


class Bench:
    """Folders for a PC and a phone, and their programs; all end with the test."""

    def __init__(self, folder: Path, relay: str | None = None) -> None:
        self.relay = relay
        self.pc_store = folder / "pc"
        self.phone_store = folder / "phone"
        self.picture = folder / "qr.png"
        self.url_file = folder / "url.txt"
        self.clients: list[Client] = []

    def pc(self, command: str, *arguments: str | Path, **more: str) -> Client:
        """Start ``certrelay import`` or ``export`` with picture and URL file."""
        way = ["--relay", self.relay] if self.relay else ["--listen", "127.0.0.1"]
        files: list[str | Path] = ["--qr-png", self.picture, "--url-file", self.url_file]
        return self._start(
            "client_pc", command, *arguments, "--store", self.pc_store, *way, *files, **more
        )

    def phone(
        self, *arguments: str | Path, source: str | Path | None = None, **more: str
    ) -> Client:
        """Start ``certrelay-phone scan`` on the PC's picture."""
        picture = self.picture if source is None else source
        keystore: list[str | Path] = ["--keystore", self.phone_store]
        return self._start("client_mobile_sim", "scan", picture, *keystore, *arguments, **more)

    def phone_with_url(self, url: str, *arguments: str | Path, **more: str) -> Client:
        """Start ``certrelay-phone scan -`` and give it the URL on standard input."""
        phone = self.phone(*arguments, source="-", **more)
        phone.answer(url)
        return phone

    def _start(self, module: str, *arguments: str | Path, **more: str) -> Client:
        client = Client(module, *arguments, **more)
        self.clients.append(client)
        return client


@contextmanager
def bench(folder: Path, relay: str | None = None) -> Iterator[Bench]:
    """A bench whose programs are gone when the test ends."""
    made = Bench(folder, relay)
    try:
        yield made
    finally:
        for client in made.clients:
            client.close()
