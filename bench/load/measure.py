"""One measurement: relay processes, rooms that wait, and copies that begin when they are due."""

import argparse
import asyncio
import json
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bench.load.copy import Copy, copy, item
from bench.load.wire import Relay, Wire, open_wire
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from certrelay.wire.ids import JoinSecret, Token
from certrelay.wire.messages import Create, encode
from tests.nodes import Node
from tests.redis_server import RedisServer, redis_server

_TICK = os.sysconf("SC_CLK_TCK")
OPENING_PER_S = 250.0
QUIET_S = 5.0
SAMPLES = 200


class Waiting:
    """A PC that shows a code nobody scans, and a fresh one when it has expired."""

    def __init__(self, relay: int | Relay, counts: Counter[str]) -> None:
        self._relay = relay
        self._counts = counts
        self._address = ".".join(str(random.randint(1, 254)) for _ in range(4))
        self._wire: Wire | None = None

    async def open(self) -> None:
        self._wire = Wire(self._relay, self._address, self._ask, self._on_event, self._lost)
        await open_wire(self._wire)

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()

    def _ask(self) -> None:
        assert self._wire is not None
        room, token = JoinSecret(os.urandom(16)).room, Token(os.urandom(16))
        self._wire.send(encode(Create(room, token.hashed)))

    def _on_event(self, message: str | bytes) -> None:
        word = json.loads(message)
        kind = word["type"] if word["type"] != "error" else word["code"]
        self._counts[kind if kind != "closed" else word["reason"]] += 1

    def _lost(self) -> None:
        if self._counts["stopping"]:
            return
        self._counts["lost"] += 1
        self._tasks = asyncio.get_running_loop().create_task(self.open())


@dataclass
class Usage:
    """What processes have used."""

    cpu_s: float
    rss_mib: float
    at: float

    @classmethod
    def of(cls, pids: list[int]) -> Self:
        cpu = rss = 0.0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / _TICK
            status = Path(f"/proc/{pid}/status").read_text()
            rss += int(status.partition("VmRSS:")[2].split()[0]) / 1024
        return cls(cpu, rss, time.monotonic())


@dataclass
class Measured:
    """What came out; times in seconds, of copies that are done."""

    waiting: int
    nodes: int
    copies: list[Copy]
    counts: Counter[str]
    """What the waiting PCs heard."""

    at_once: int
    """Copies under way when the last one began."""

    empty: Usage
    """Of the relays: with nobody there, with the waiting rooms, with all pairs, at the end."""

    before: Usage
    quiet: Usage
    full: Usage
    after: Usage
    idle: float
    """Of one core: what the waiting rooms alone cost the relays."""

    redis_cpu_s: float
    redis_idle: float
    redis_bytes: dict[str, float]
    """In the Redis, of one key: ``waiting``, ``paired`` and ``over``."""

    lateness: list[float] = field(repr=False)
    """How late the load's own loop was, sampled."""

    @property
    def good(self) -> list[Copy]:
        return [each for each in self.copies if each.outcome == "done"]

    @property
    def errors(self) -> float:
        """The share of copies and of waiting PCs that did not get what they wanted."""
        bad = len(self.copies) - len(self.good)
        words = {"created", "expired", "lost", "stopping"}
        bad += sum(count for word, count in self.counts.items() if word not in words)
        bad += max(0, self.counts["lost"] - self.counts["expired"])
        return bad / (len(self.copies) + self.waiting)

    @property
    def copy_cpu_s(self) -> float:
        """The relays' CPU for one copy, what the waiting rooms cost meanwhile taken off."""
        took = self.after.at - self.quiet.at
        return (self.after.cpu_s - self.quiet.cpu_s - self.idle * took) / len(self.copies)

    @property
    def copy_redis_s(self) -> float:
        """The same of the Redis."""
        took = self.after.at - self.quiet.at
        return (self.redis_cpu_s - self.redis_idle * took) / len(self.copies)

    @property
    def waiting_kib(self) -> float:
        """The relays' memory for one waiting room."""
        return (self.before.rss_mib - self.empty.rss_mib) * 1024 / max(1, self.waiting)


class Lateness:
    """How late the load's own loop is, sampled."""

    def __init__(self) -> None:
        self.samples: list[float] = []

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.02
            await asyncio.sleep(0.02)
            self.samples.append(loop.time() - due)


class Redis:
    """The server that the nodes share, as the measurement sees it; there may be none."""

    def __init__(self, server: RedisServer | None) -> None:
        self._pids = [] if server is None else [server.pid]
        self._client: Any = None
        if server is not None:
            import redis

            self._client = redis.Redis.from_url(server.url)

    def usage(self) -> Usage:
        return Usage.of(self._pids)

    def sample(self) -> dict[str, float]:
        """The mean bytes of a room's key by kind, of some keys."""
        sizes: dict[str, list[int]] = {}
        if self._client is None:
            return {}
        for key in self._client.scan_iter("certrelay:{*", count=1000):
            raw = self._client.get(key) or b""
            kind = "over" if b'"over"' in raw else "waiting" if b'"s":null' in raw else "paired"
            found = sizes.setdefault(kind, [])
            if len(found) < SAMPLES:
                found.append(self._client.memory_usage(key, samples=0))
        return {kind: statistics.mean(found) for kind, found in sizes.items()}


async def _measure(
    arguments: argparse.Namespace, ports: Sequence[int | Relay], pids: list[int], redis: Redis
) -> Measured:
    loop = asyncio.get_running_loop()
    counts: Counter[str] = Counter()
    empty = Usage.of(pids)
    pcs: list[Waiting] = []
    for at in range(arguments.waiting):
        pcs.append(Waiting(ports[at % len(ports)], counts))
        opening = asyncio.create_task(pcs[-1].open())
        await asyncio.sleep(1 / OPENING_PER_S)
        if at % 500 == 499:
            await opening
    while counts["created"] - counts["expired"] < arguments.waiting:
        await asyncio.sleep(0.1)
    before, redis_before = Usage.of(pids), redis.usage()
    await asyncio.sleep(QUIET_S)
    quiet, redis_quiet = Usage.of(pids), redis.usage()
    seconds = quiet.at - before.at

    lateness = Lateness()
    watching = asyncio.create_task(lateness.watch())
    running: list[asyncio.Task[Copy]] = []
    redis_bytes: dict[str, float] = {}

    def sample_when_paired(_role: str, event: events.Event) -> None:
        # Here the last copy's room is paired for certain, however slow the machine is.
        if isinstance(event, events.DeviceJoined) and not redis_bytes:
            redis_bytes.update(redis.sample())

    due = loop.time()
    for at in range(arguments.copies):
        due += random.expovariate(arguments.rate)
        await asyncio.sleep(max(0.0, due - loop.time()))
        here, there = ports[at % len(ports)], ports[(at + 1) % len(ports)]
        direction = Direction.TO_PC if at % 2 else Direction.TO_PHONE
        of_both = (lambda here=here: here), (lambda there=there: there)
        watch = sample_when_paired if at == arguments.copies - 1 else None
        work = copy(direction, item(at), of_both, think_s=arguments.think, began=due, watch=watch)
        running.append(asyncio.create_task(work))
    full, at_once = Usage.of(pids), sum(not task.done() for task in running)
    ended = await asyncio.gather(*running)
    after, redis_after = Usage.of(pids), redis.usage()
    redis_bytes |= {"over": over} if (over := redis.sample().get("over")) else {}
    watching.cancel()
    counts["stopping"] = 1
    for pc in pcs:
        pc.close()
    await asyncio.sleep(0.5)
    return Measured(
        waiting=arguments.waiting,
        nodes=len(ports),
        copies=list(ended),
        counts=counts,
        at_once=at_once,
        empty=empty,
        before=before,
        quiet=quiet,
        full=full,
        after=after,
        idle=(quiet.cpu_s - before.cpu_s) / seconds,
        redis_cpu_s=redis_after.cpu_s - redis_quiet.cpu_s,
        redis_idle=(redis_quiet.cpu_s - redis_before.cpu_s) / seconds,
        redis_bytes=redis_bytes,
        lateness=lateness.samples,
    )


def measure(arguments: argparse.Namespace) -> Measured:
    """Start the relays, and a Redis where there is to be one, measure, and end them."""
    import uvloop

    if arguments.relay is not None:  # one that stands already: nothing of it is started or ended
        relay = Relay.at(arguments.relay)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measure(arguments, [relay], arguments.pid, Redis(None)))
    with ExitStack() as stack:
        server: RedisServer | None = None
        more = ["--trust-proxy", "127.0.0.1"]
        if arguments.redis or arguments.nodes > 1:
            server = stack.enter_context(redis_server())
            more += ["--redis", server.url]
        nodes = [Node(*more) for _ in range(arguments.nodes)]
        for node in nodes:
            stack.callback(node.kill)
            node.start()
        pids = [node.process.pid for node in nodes if node.process is not None]
        ports = [node.port for node in nodes]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measure(arguments, ports, pids, Redis(server)))
