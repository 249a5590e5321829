"""Waiting rooms and copies by the thousand against real relay processes.

    python -m bench.load [--waiting 10000] [--copies 500] [--rate 25] [--think 20] [--nodes 2]

Everything is the protocol itself: HPKE, the number, frames, receipts.  Arrivals are open-loop:
each copy begins when it is due, however late the others are, and its times count from then on.
The relay's CPU is that of its processes during the copies, less what the waiting rooms alone
cost (measured before).  What the load itself was late by is told: where that is much, the
times are the load's more than the relay's.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.load.copy import Copy, copy, item
from bench.load.wire import Wire, open_wire
from certrelay.e2e.qr import Direction
from certrelay.wire.ids import JoinSecret, Token
from certrelay.wire.messages import Create, encode
from relay.open_files import raise_limit
from tests.nodes import Node
from tests.redis_server import RedisServer, redis_server

_TICK = os.sysconf("SC_CLK_TCK")
OPENING_PER_S = 250.0
QUIET_S = 5.0


class Waiting:
    """A PC that shows a code nobody scans, and a fresh one when it has expired."""

    def __init__(self, port: int, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts
        self._address = ".".join(str(random.randint(1, 254)) for _ in range(4))
        self._wire: Wire | None = None

    async def open(self) -> None:
        self._wire = Wire(self._port, self._address, self._ask, self._hear, self._lost)
        await open_wire(self._wire)

    def _ask(self) -> None:
        assert self._wire is not None
        room, token = JoinSecret(os.urandom(16)).room, Token(os.urandom(16))
        self._wire.send(encode(Create(room, token.hashed)))

    def _hear(self, message: str | bytes) -> None:
        word = json.loads(message)
        kind = word["type"] if word["type"] != "error" else word["code"]
        self._counts[kind if kind != "closed" else word["reason"]] += 1

    def _lost(self) -> None:
        if self._counts["stopping"]:
            return
        self._tasks = asyncio.get_running_loop().create_task(self.open())


@dataclass
class Usage:
    """What processes have used."""

    cpu_s: float
    rss_mib: float
    at: float

    @classmethod
    def of(cls, pids: list[int]) -> "Usage":
        cpu = rss = 0.0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / _TICK
            status = Path(f"/proc/{pid}/status").read_text()
            rss += int(status.partition("VmRSS:")[2].split()[0]) / 1024
        return cls(cpu, rss, time.monotonic())


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


async def measure(arguments: argparse.Namespace, ports: list[int], pids: list[int]) -> None:
    loop = asyncio.get_running_loop()
    counts: Counter[str] = Counter()
    empty = Usage.of(pids)
    for at in range(arguments.waiting):
        opening = asyncio.create_task(Waiting(ports[at % len(ports)], counts).open())
        await asyncio.sleep(1 / OPENING_PER_S)
        if at % 500 == 499:
            await opening
    while counts["created"] < arguments.waiting:
        await asyncio.sleep(0.1)
    before = Usage.of(pids)
    await asyncio.sleep(QUIET_S)
    quiet = Usage.of(pids)
    idle = (quiet.cpu_s - before.cpu_s) / (quiet.at - before.at)

    lateness = Lateness()
    watching = asyncio.create_task(lateness.watch())
    began = loop.time()
    running: list[asyncio.Task[Copy]] = []
    due = began
    for at in range(arguments.copies):
        due += random.expovariate(arguments.rate)
        await asyncio.sleep(max(0.0, due - loop.time()))
        here, there = ports[at % len(ports)], ports[(at + 1) % len(ports)]
        direction = Direction.TO_PC if at % 2 else Direction.TO_PHONE
        running.append(
            asyncio.create_task(
                copy(
                    direction,
                    item(at),
                    (lambda here=here: here, lambda there=there: there),  # type: ignore[misc]
                    think_s=arguments.think,
                    began=due,
                )
            )
        )
    ended = await asyncio.gather(*running)
    after = Usage.of(pids)
    watching.cancel()
    counts["stopping"] = 1
    took = after.at - quiet.at
    cpu = (after.cpu_s - quiet.cpu_s - idle * took) / arguments.copies
    report(arguments, ended, counts)
    print(f"relay CPU per copy    {cpu * 1e3:8.1f} ms")
    print(f"relay CPU, waiting    {idle * 100:8.1f} % of a core")
    memory = (before.rss_mib - empty.rss_mib) * 1024 / max(1, arguments.waiting)
    print(
        f"relay memory          {empty.rss_mib:8.0f} MiB empty, {before.rss_mib:.0f} waiting, "
        f"{after.rss_mib:.0f} at the end; {memory:.1f} KiB a waiting room"
    )
    print(f"the load's lateness   {quantiles(lateness.samples)}")


def report(arguments: argparse.Namespace, ended: list[Copy], counts: Counter[str]) -> None:
    good = [each for each in ended if each.outcome == "done"]
    print(f"waiting rooms         {arguments.waiting:8}   {dict(counts)}")
    print(f"copies                {len(ended):8}   {dict(Counter(e.outcome for e in ended))}")
    print(f"errors                {1 - len(good) / len(ended):8.2%}")
    print(f"until the code shows  {quantiles([each.opened_s for each in good])}")
    print(f"scan until paired     {quantiles([each.paired_s for each in good])}")
    print(f"scan until confirmed  {quantiles([each.copied_s for each in good])}, thinking apart")


def quantiles(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "-"
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"p50 {cuts[49] * 1e3:7.1f}  p90 {cuts[89] * 1e3:7.1f}  p99 {cuts[98] * 1e3:7.1f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--waiting", type=int, default=1000)
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--rate", type=float, default=25.0, help="copies begun a second")
    parser.add_argument("--think", type=float, default=20.0, help="seconds to type the number")
    parser.add_argument("--nodes", type=int, default=1, help="more than one share a Redis")
    parser.add_argument("--redis", action="store_true", help="a Redis for one node too")
    arguments = parser.parse_args()
    raise_limit()
    import uvloop

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
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(arguments, [node.port for node in nodes], pids))
    return 0


if __name__ == "__main__":
    sys.exit(main())
