"""Floods a relay of its own on loopback while an honest copy is made: figures on stdout.

Long because each flood is measured by the same yardstick.

    python -m tests.attacks.flood                    200 half requests, 2,000 silent sockets, one
                                                     pair whose receiver never reads, one copy
    python -m tests.attacks.flood --joins 10000      random joins at a relay with one living room
                                                     and at one with none, by turns

Nothing but the relays that the command starts itself is ever a target; each flood ends with them.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from certrelay.wire.ids import JoinSecret, Role, Token
from certrelay.wire.messages import (
    SUBPROTOCOL,
    Create,
    FromDevice,
    Join,
    Paired,
    Refused,
    Resume,
    decode_from_relay,
    encode,
)
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import ROOT, bench, environment

HALF = b"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BLAST_BYTES = 16_674


@dataclass
class Figures:
    """What a flood did, and what it did to the relay and to the copy."""

    halves: int = 0
    silent: int = 0
    reopened: int = 0
    blasted: int = 0
    copy_s: float = 0.0
    status: tuple[int, int] = (1, 1)
    memory_kib: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        memory = self.memory_kib
        return (
            f"{self.halves} half requests, {self.silent} silent sockets "
            f"({self.reopened} opened anew as the relay closed them), "
            f"{self.blasted} messages to one that never reads\n"
            f"relay's memory: {memory[0] / 1024:.1f} MiB before, {max(memory) / 1024:.1f} at most, "
            f"{memory[-1] / 1024:.1f} at the end of the copy\n"
            f"copy: {self.copy_s:.2f} s, exit statuses {self.status}"
        )


@contextmanager
def relay_process(limits: str = "") -> Iterator[tuple[str, int]]:
    """A relay with its default settings, but for these limits: its URL and its process id."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "limits.toml"
        file.write_text(limits)
        process = subprocess.Popen(
            [sys.executable, "-m", "relay", "serve", "--port", "0", "--limits", file],
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
            cwd=ROOT,
        )
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()
            process.communicate()


def memory_kib(pid: int) -> int:
    """The resident memory of a process, in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


async def flood(url: str, pid: int, halves: int, silent: int, folder: Path) -> Figures:
    """Flood the relay, make a copy, and tell."""
    figures = Figures(halves, silent, memory_kib=[memory_kib(pid)])
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_half(host, int(port))) for _ in range(halves)]
        tasks += [group.create_task(_silent(host, int(port), figures)) for _ in range(silent)]
        tasks.append(group.create_task(_blast(url, figures)))
        tasks.append(group.create_task(_watch(pid, figures)))
        await asyncio.sleep(1)
        began = time.monotonic()
        figures.status = await asyncio.to_thread(_copy, url, folder)
        figures.copy_s = time.monotonic() - began
        figures.memory_kib.append(memory_kib(pid))
        for task in tasks:
            task.cancel()
    await asyncio.sleep(0.1)  # for the transports that were just cut off
    return figures


async def _watch(pid: int, figures: Figures) -> None:
    while True:
        figures.memory_kib.append(memory_kib(pid))
        await asyncio.sleep(0.05)


async def _half(host: str, port: int) -> None:
    """Send half a request, a byte of it at a time, and begin again when it is cut off."""
    while True:
        async with _stream(host, port) as (reader, writer):
            writer.write(HALF)
            while not reader.at_eof():
                writer.write(b"a")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await reader.read(1)


async def _silent(host: str, port: int, figures: Figures) -> None:
    """Open a socket, upgrade it, never speak; again when it is closed."""
    request = (
        f"GET /v1/ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    ).encode()
    while True:
        async with _stream(host, port) as (reader, writer):
            writer.write(request)
            while await reader.read(4096):
                pass
        figures.reopened += 1


@asynccontextmanager
async def _stream(
    host: str, port: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A TCP connection, tried until it is there; that it is lost is no error."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(host, port)
            break
        except OSError:
            await asyncio.sleep(0.1)
    try:
        with contextlib.suppress(OSError):
            yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _blast(url: str, figures: Figures) -> None:
    """Pair with oneself, send without end to a socket that never reads."""
    while True:
        with contextlib.suppress(ConnectionClosed, OSError):
            async with _paired(url) as (g, _s):
                while True:
                    await g.send(os.urandom(BLAST_BYTES))
                    figures.blasted += 1


@asynccontextmanager
async def _paired(url: str) -> AsyncIterator[tuple[ClientConnection, ClientConnection]]:
    secret, token = JoinSecret(os.urandom(16)), Token(os.urandom(16))
    async with _socket(url) as g, _socket(url) as s:
        await g.send(encode(Create(secret.room, token.hashed)))
        await g.recv()
        await s.send(encode(Join(secret, token.hashed, "android", "G5.0", "14")))
        await g.recv()
        s.transport.pause_reading()
        try:
            yield g, s
        finally:
            for socket in (g, s):
                socket.transport.abort()


def _socket(url: str) -> connect:
    return connect(
        f"ws{url.removeprefix('http')}v1/ws",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        proxy=None,
        close_timeout=0.5,
        ping_interval=None,
    )


def _copy(url: str, folder: Path) -> tuple[int, int]:
    """Make a copy with the real programs; give their exit statuses."""
    with bench(folder, url) as desk:
        fill(desk.phone_store, person().npki(PASSWORD))
        pc = desk.pc("import", "--yes")
        pc.expect("waiting")
        phone = desk.phone("--send", "1")
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        number = pc.expect("number")["number"]
        phone.expect("number_wanted")
        phone.answer(number)
        return pc.finish(), phone.finish()


# --- guessing ---


@dataclass
class Guesses:
    """What strangers heard, and how long it took: in pairs of which one might tell a secret."""

    answers: Counter[str] = field(default_factory=Counter)
    joins_s: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    """Random joins: at a relay with a living room, and at one without."""

    resumes_s: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    """Random tokens: for the living room by its name, and for a room that is none."""

    def __str__(self) -> str:
        told = [f"{times:7}  {answer}" for answer, times in sorted(self.answers.items())]
        for what, (one, other) in (
            ("joins, with and without a living room", self.joins_s),
            ("resumes, of the living room and of none", self.resumes_s),
        ):
            medians = (f"{statistics.median(times) * 1000:.2f} ms" for times in (one, other))
            told.append(
                f"{what}: medians {' and '.join(medians)}; a bet by the time "
                f"is right in {told_apart(one, other):.3f} of the cases (0.5 is chance)"
            )
        return "\n".join(told)


def told_apart(one: list[float], other: list[float]) -> float:
    """The chance to tell a pair apart by its times: of all pairs, those in which one is faster."""
    ordered = sorted([(time, 0) for time in one] + [(time, 1) for time in other])
    slower, sum_of = 0, 0
    for _, which in ordered:
        slower += which
        sum_of += 0 if which else slower
    share = sum_of / (len(one) * len(other))
    return max(share, 1 - share)


async def guess(living: str, empty: str, count: int, at_once: int = 10) -> Guesses:
    """Join at random and resume at random, at two relays by turns; one has a room."""
    guesses = Guesses()
    gate = asyncio.Semaphore(at_once)
    secret, token = JoinSecret(os.urandom(16)), Token(os.urandom(16))

    async def ask(url: str, request: FromDevice, times: list[float] | None = None) -> str:
        async with gate, _socket(url) as socket:
            began = time.perf_counter()
            await socket.send(encode(request))
            heard = decode_from_relay(str(await socket.recv()))
            if times is not None:
                times.append(time.perf_counter() - began)
        return _word(heard)

    async def join(which: int) -> None:
        word = await ask((living, empty)[which], _join(), guesses.joins_s[which])
        guesses.answers[f"random joins: {word}"] += 1

    async def resume(which: int) -> None:
        room = (secret.room, JoinSecret(os.urandom(16)).room)[which]
        request = Resume(room, Role.S, Token(os.urandom(16)))
        word = await ask(living, request, guesses.resumes_s[which])
        guesses.answers[f"random resumes: {word}"] += 1

    async with _socket(living) as g:
        await g.send(encode(Create(secret.room, token.hashed)))
        await g.recv()
        turns = [join(n % 2) for n in range(count)] + [resume(n % 2) for n in range(count // 4)]
        await asyncio.gather(*turns)
        # Who knows the room's own name, from a log, knows nothing that joins.
        thief = Join(JoinSecret(secret.room.raw[:16]), token.hashed, "android", "G5.0", "14")
        guesses.answers[f"with the room's name: {await ask(living, thief)}"] += 1
        # And the room lives on: the right secret still joins.
        right = Join(secret, token.hashed, "android", "G5.0", "14")
        guesses.answers[f"with the secret: {await ask(living, right)}"] += 1
    return guesses


def _join() -> Join:
    return Join(JoinSecret(os.urandom(16)), Token(os.urandom(16)).hashed, "android", "G5.0", "14")


def expected(count: int) -> dict[str, int]:
    """What strangers must hear."""
    return {
        "random joins: no_such_room": count,
        "random resumes: no_such_room": count // 4,
        "with the room's name: no_such_room": 1,
        "with the secret: paired": 1,
    }


def _word(heard: object) -> str:
    match heard:
        case Refused(code):
            return code
        case Paired():
            return "paired"
        case _:
            return type(heard).__name__


def main() -> int:
    """Run a flood and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--halves", type=int, default=200)
    parser.add_argument("--silent", type=int, default=2000)
    parser.add_argument("--joins", type=int, help="random joins instead of the flood")
    arguments = parser.parse_args()
    if arguments.joins:
        return _main_joins(arguments.joins)
    from relay.open_files import raise_limit

    raise_limit()
    with relay_process() as (url, pid), tempfile.TemporaryDirectory() as folder:
        flooding = flood(url, pid, arguments.halves, arguments.silent, Path(folder))
        figures = asyncio.run(flooding)
    print(figures)
    return 0 if figures.status == (0, 0) else 1


def _main_joins(count: int) -> int:
    # One address may not ask so often: here the answers are counted, not the allowance.
    # And the room waits as long as that takes.
    generous = f"[admission]\nasks_per_address = {10 * count}\n[room]\nunclaimed_s = 36000\n"
    with relay_process(generous) as (living, _), relay_process(generous) as (empty, _):
        guesses = asyncio.run(guess(living, empty, count))
    print(guesses)
    return 0 if guesses.answers == expected(count) else 1


if __name__ == "__main__":
    sys.exit(main())
