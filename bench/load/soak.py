"""Hours of copies, refusals, floods and reconnects, with a node killed every minute.

Long because all that goes on beside the copies is judged by the same counts at the end.

    python -m bench.load.soak [--minutes 120] [--rate 60] [--every 60]

Several nodes with one Redis; the first is never killed, and is the one whose memory and
descriptors are watched.  --rate is that of copies as the relay sees them, ciphers apart: a third
of the knee that `python -m bench.load.knee` found for two nodes.  Beside them, for each hundred,
five whole copies with ciphers that must end "done" or "not confirmed" and be stored once, byte for
byte; ten devices that ask for a room that is not; ten that are cut off and come back; and every
20 s a flood of 300 rooms, opened and left at once, and of pings and half requests.

At the end everybody has gone, and it waits until no room is left in the store: those whose two
devices were on a node that was killed stand for their time, two minutes at most.  The word of a
room that is over is no room; it is kept for ten minutes.  Status 1: a copy was lost or doubled, or
a room or a descriptor is left.  The slopes are told for the second half; what is kept for ten
minutes grows for so long.
"""

import argparse
import asyncio
import contextlib
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.load import exchanges
from bench.load.copy import Copy, copy, item
from bench.load.kills import UNCONFIRMED, faults
from bench.load.measure import Usage
from bench.load.raw import Raw, Unwanted
from certrelay.e2e.qr import Direction
from certrelay.limits import DEAD_ROOM_S
from certrelay.wire.ids import JoinSecret, Role, Token
from certrelay.wire.messages import Create, Join, Leave, Resume, encode
from relay.open_files import raise_limit
from tests.nodes import Node
from tests.redis_server import RedisServer, redis_server

SAMPLE_S: Final = 5.0
FLOOD_S: Final = 20.0
FLOOD_ROOMS: Final = 300
FLOOD_PINGS: Final = 5_000
SETTLE_S: Final = 240.0
"""Seconds until the last room must be gone: two minutes for a code, one for a pair, and some."""

PATIENCE_S: Final = 30.0
TURNED_AWAY: Final = frozenset({"try_later", "expired"})
"""Ends of a copy that was refused at its beginning, which a relay does while its Redis is slow."""


@dataclass
class Sample:
    """What was seen at a moment, in seconds from the beginning."""

    at: float
    rss_mib: float
    files: int
    store_mib: float
    keys: int


@dataclass
class Soaked:
    """What came of it."""

    copies: list[Copy] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """What was done how often, and the words of what failed."""

    samples: list[Sample] = field(default_factory=list)
    killed: int = 0
    rooms_left: int = 0
    files_left: int = 0
    settled_s: float = 0.0

    @property
    def wrong(self) -> list[str]:
        found = faults(self.copies, UNCONFIRMED | TURNED_AWAY)
        if self.rooms_left > 0:
            found.append(f"{self.rooms_left} rooms are left in the store")
        if self.files_left > 0:
            found.append(f"{self.files_left} descriptors are left at the node that stayed")
        return found

    def slope(self, name: str) -> float:
        """By how much a figure grew an hour, in the second half."""
        half = self.samples[len(self.samples) // 2 :]
        if len(half) < 2:
            return 0.0
        times, values = [each.at for each in half], [getattr(each, name) for each in half]
        return statistics.linear_regression(times, values).slope * 3600


class Soak:
    """Nodes, of which the first stays, and all that is done to them."""

    def __init__(self, server: RedisServer, stack: ExitStack, count: int) -> None:
        import redis

        # No log is read: a full pipe would stop a relay.
        told = ("--redis", server.url, "--trust-proxy", "127.0.0.1", "--log-level", "error")
        self._told: Final = told
        self._port: Final = server.port
        self._stack: Final = stack
        self._store: Any = redis.Redis.from_url(server.url)
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self.up: Final[list[Node]] = []
        self.found: Final = Soaked()
        for _ in range(count):
            self._add()
        self._began = time.monotonic()
        self._first = self._sample()

    async def run(self, seconds: float, rate: float, every_s: float) -> None:
        """Do everything for so long, then wait until all is over."""
        jobs = [
            asyncio.create_task(each)
            for each in (
                self._again(rate, self._cheap_copy),
                self._again(rate * 0.05, self._whole_copy),
                self._again(rate * 0.1, self._refusal),
                self._again(rate * 0.1, self._reconnect),
                self._floods(),
                self._kills(every_s),
                self._samples(),
            )
        ]
        await asyncio.wait(jobs, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for job in jobs:
            if job.done():
                job.result()  # an error of ours
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def settle(self) -> None:
        """Wait until nothing is left, or must be."""
        began = time.monotonic()
        while True:
            self.found.rooms_left = self._rooms()
            self.found.files_left = self._sample().files - self._first.files
            self.found.settled_s = time.monotonic() - began
            left = self.found.rooms_left > 0 or self.found.files_left > 0
            if not left or self.found.settled_s > SETTLE_S:
                return
            await asyncio.sleep(SAMPLE_S)

    def _add(self) -> None:
        node = Node(*self._told)
        self._stack.callback(node.kill)
        node.start()
        self.up.append(node)

    def _ports(self) -> list[int]:
        """Two nodes, the one that stays among them or not."""
        chosen = random.sample(self.up, min(2, len(self.up)))
        return [node.port for node in chosen]

    async def _again(self, per_s: float, work: Any) -> None:
        """Begin this at random moments, so many a second."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += random.expovariate(per_s)
            await asyncio.sleep(max(0.0, due - loop.time()))
            task = loop.create_task(self._noted(work))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _noted(self, work: Any) -> None:
        name = work.__name__.lstrip("_")
        try:
            async with asyncio.timeout(None if work == self._whole_copy else PATIENCE_S):
                await work()
            self.found.seen[name] += 1
        except (Unwanted, OSError, TimeoutError) as error:
            word = str(error)[:50] if isinstance(error, Unwanted) else type(error).__name__
            self.found.seen[f"{name}: {word}"] += 1

    async def _cheap_copy(self) -> None:
        await exchanges.copy_of_ours(self._ports(), lambda: None)

    async def _whole_copy(self) -> None:
        number = len(self.found.copies)
        self.found.copies.append(Copy())  # its place, whenever it ends
        places = random.sample((0, 1), 2)
        ways = [lambda at=at: self.up[at % len(self.up)].port for at in places]
        direction = Direction.TO_PC if number % 2 else Direction.TO_PHONE
        made = await copy(direction, item(number), (ways[0], ways[1]))
        self.found.copies[number] = made

    async def _refusal(self) -> None:
        """A phone with the code of a room that is not."""
        wire = exchanges.device(random.choice(self.up).port)
        try:
            await wire.open()
            joining = Join(JoinSecret(os.urandom(16)), _token().hashed, "android", "G5.0", "14")
            wire.text(encode(joining))
            with contextlib.suppress(Unwanted):
                await wire.hear("no such word")
        finally:
            wire.close()

    async def _reconnect(self) -> None:
        """A PC that loses its network when the phone is there, and comes back at another node."""
        secret, token = JoinSecret(os.urandom(16)), _token()
        ports = self._ports()
        g, s = (exchanges.device(port) for port in (ports[0], ports[-1]))
        again: Raw | None = None
        try:
            await g.open()
            g.text(encode(Create(secret.room, token.hashed)))
            await g.hear('"created"')
            await s.open()
            s.text(encode(Join(secret, _token().hashed, "android", "G5.0", "14")))
            await asyncio.gather(g.hear('"paired"'), s.hear('"paired"'))
            g.abort()
            await s.hear('"peer_gone"')
            again = exchanges.device(random.choice(self.up).port)
            await again.open()
            again.text(encode(Resume(secret.room, Role.G, token)))
            await again.hear('"resumed"')
            s.text(encode(Leave()))
            await again.hear('"closed"')
        finally:
            for wire in (g, s, again):
                if wire is not None:
                    wire.close()

    async def _floods(self) -> None:
        while True:
            await asyncio.sleep(FLOOD_S)
            port = self.up[0].port
            await asyncio.gather(*(self._noted(self._cheap_room) for _ in range(FLOOD_ROOMS)))
            await self._noted(self._pings)
            halves = [await asyncio.open_connection("127.0.0.1", port) for _ in range(50)]
            for _, writer in halves:
                writer.write(b"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            await asyncio.sleep(1)
            for _, writer in halves:
                writer.transport.abort()
            self.found.seen["half requests"] += len(halves)

    async def _cheap_room(self) -> None:
        wire = exchanges.device(self.up[0].port)
        try:
            await wire.open()
            wire.text(encode(Create(JoinSecret(os.urandom(16)).room, _token().hashed)))
            await wire.hear('"created"')
            await _end(wire)
        finally:
            wire.close()

    async def _pings(self) -> None:
        wire = exchanges.device(self.up[0].port)
        try:
            await wire.open()
            wire.text(encode(Create(JoinSecret(os.urandom(16)).room, _token().hashed)))
            await wire.hear('"created"')
            for _ in range(FLOOD_PINGS // 100):
                wire.pings(100)
                await asyncio.sleep(0)
            await _end(wire)
        finally:
            wire.close()

    async def _kills(self, every_s: float) -> None:
        """Kill a node that is not the first, and start another."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(every_s)
            node = self.up.pop(random.randrange(1, len(self.up)))
            await loop.run_in_executor(None, node.kill)
            self.found.killed += 1
            await loop.run_in_executor(None, self._add)

    async def _samples(self) -> None:
        while True:
            self.found.samples.append(self._sample())
            await asyncio.sleep(SAMPLE_S)

    def _files(self, pid: int) -> int:
        """Descriptors of a process, its pool of ways to the Redis apart (32 at most)."""
        to_store = f":{self._port:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        pool = {f"socket:[{row[9]}]" for row in rows if row[2].endswith(to_store)}
        return sum(link not in pool for link in _links(pid))

    def _rooms(self) -> int:
        """How many rooms stand.

        The word of one that is over is none, nor is one whose time is over and that nobody has
        asked for since: both are kept for `DEAD_ROOM_S`.
        """
        keys = list(self._store.scan_iter("certrelay:{*", count=1000))
        return sum(self._store.pttl(key) > DEAD_ROOM_S * 1000 for key in keys)

    def _sample(self) -> Sample:
        process = self.up[0].process
        assert process is not None
        return Sample(
            time.monotonic() - self._began,
            Usage.of([process.pid]).rss_mib,
            self._files(process.pid),
            self._store.info("memory")["used_memory"] / 2**20,
            self._store.dbsize(),
        )


def _links(pid: int) -> Iterator[str]:
    """What each descriptor of a process leads to; one may be closed meanwhile."""
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield str(file.readlink())


async def _end(wire: Raw) -> None:
    """Leave a room that nobody else is in, and wait until the relay hangs up."""
    wire.text(encode(Leave()))
    with contextlib.suppress(Unwanted):
        await wire.hear('"closed"')


def _token() -> Token:
    return Token(os.urandom(16))


def soak(
    seconds: float, rate: float, every_s: float, *, nodes: int = 2, settle: bool = True
) -> Soaked:
    """Start everything, soak, stop everything."""
    with redis_server() as server, ExitStack() as stack:
        bath = Soak(server, stack, nodes)

        async def run() -> None:
            await bath.run(seconds, rate, every_s)
            if settle:
                await bath.settle()

        asyncio.run(run())
        return bath.found


def report(found: Soaked, minutes: float) -> None:
    """Tell what was seen."""
    print(f"{minutes:g} minutes, {found.killed} nodes killed")
    print(f"whole copies: {dict(Counter(each.outcome for each in found.copies))}")
    print(f"of them lost their connection: {sum(each.lost_times > 0 for each in found.copies)}")
    for name, count in sorted(found.seen.items()):
        print(f"  {count:9,}  {name}")
    print("| | at first | in the middle | at the end | a slope of |")
    print("|---|---|---|---|---|")
    for title, name, unit in (
        ("memory of the node that stayed", "rss_mib", "MiB"),
        ("its descriptors, those to the Redis apart", "files", ""),
        ("memory of the Redis", "store_mib", "MiB"),
        ("keys in the Redis", "keys", ""),
    ):
        values = [getattr(each, name) for each in found.samples]
        at = [f"{values[place]:.0f}" for place in (0, len(values) // 2, -1)]
        print(f"| {title} | {' | '.join(at)} | {found.slope(name):+.1f} {unit} an hour |")
    print(
        f"{found.settled_s:.0f} s after the last copy: "
        f"{found.rooms_left} rooms left, {found.files_left} descriptors more"
    )
    print("\n".join(found.wrong) or "none lost, none doubled, nothing left")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--rate", type=float, default=60.0, help="copies begun a second")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between two kills")
    parser.add_argument("--nodes", type=int, default=2)
    arguments = parser.parse_args()
    raise_limit()
    minutes = arguments.minutes
    found = soak(minutes * 60, arguments.rate, arguments.every, nodes=arguments.nodes)
    report(found, minutes)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
