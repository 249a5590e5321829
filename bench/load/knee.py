"""The knee of a relay: copies a second and core until p99 of pairing passes 100 ms, or one fails.

Long because each row of its table is a way to start servers, measured by one loop.

    python -m bench.load.knee [--peers FOLDER] [--only NAME ...] [--seconds 4] [--rounds 1]

Arrivals are open-loop: a copy begins when it is due, however late the others are, and two devices
have met when both have heard it, counted from then: two connections and their upgrades are in it.
What the relay sees of a copy is all there, byte for byte in size; the ciphers of both ends are
not, since no relay has to do with them, and the load could not keep up.  The rate rises by
half each step; a step that fails is tried once more, for the machine has others to serve; then the
middle between good and bad is tried, twice.

On two cores or more, all processes of a row, its nodes and its Redis, are held on one core and the
load on another: "a second and core" is what one core carries of everything.  CPU is what the
kernel counted, so that what it would be on a core of its own (1 s / CPU of a copy) stands beside.

--peers is a folder with `twist` (pip install magic-wormhole-mailbox-server).  A bare `websockets`
relay (`bench.bare`) does the same copy; the mailbox server its own smallest, `wormhole send
--text`.  The last lines are the profile of one node at a third of its knee: own time, by cProfile.
"""

import argparse
import asyncio
import os
import pstats
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.copies import mailbox
from bench.load import exchanges
from bench.load.measure import Lateness, Usage
from bench.load.raw import Unwanted
from bench.relays import start
from relay.open_files import raise_limit
from tests.nodes import Node
from tests.redis_server import redis_cluster, redis_server

AIM_S = 0.1
"""p99 of pairing that a person does not notice."""

FIRST_PER_S, STEP = 10.0, 1.5
PATIENCE_S = 10.0
"""Seconds for a copy, after which it counts as failed."""

MOST_PER_S = 20_000.0
PROFILED = 10
"""Lines of the profile."""

NODES = {"memory": 1, "one node, Redis": 1, "two nodes": 2, "three nodes": 3, "Redis Cluster": 2}
"""The rows of our own, by how many nodes they have; all but the first with a Redis."""

KINDS = (*NODES, "bare websockets", "mailbox server")


@dataclass
class Target:
    """Servers under load."""

    name: str
    ports: Sequence[int]
    pids: list[int]
    store: list[int]
    """The Redis, if there is one."""

    exchange: exchanges.Exchange


@dataclass
class Step:
    """What a rate came to; times in seconds."""

    rate: float
    copies: int
    met: list[float]
    failed: Counter[str]
    late: list[float] = field(repr=False)
    servers: float
    """CPU seconds of all servers but the Redis."""

    store: float
    rss_mib: float
    took: float

    @property
    def good(self) -> bool:
        return not self.failed and self.p99 <= AIM_S

    @property
    def p99(self) -> float:
        return percentile(self.met, 0.99)

    @property
    def why_not(self) -> str:
        if self.failed:
            word, count = self.failed.most_common(1)[0]
            return f"{count} of {self.copies}: {word}"
        held_up = percentile(self.late, 0.99) > AIM_S / 2
        return f"p99 {self.p99 * 1e3:.0f} ms" + (", the load itself late" if held_up else "")

    @property
    def cpu_ms(self) -> tuple[float, float]:
        """Of a copy: at the servers, at the Redis."""
        return self.servers / self.copies * 1e3, self.store / self.copies * 1e3


def percentile(values: list[float], share: float) -> float:
    """The value below which this share lies; infinite if there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


async def step(target: Target, rate: float, seconds: float) -> Step:
    """Begin copies at that rate for that long, and wait for the last."""
    loop = asyncio.get_running_loop()
    met: list[float] = []
    failed: Counter[str] = Counter()

    async def one(number: int, due: float) -> None:
        ports = [target.ports[(number + end) % len(target.ports)] for end in (0, 1)]
        try:
            async with asyncio.timeout(PATIENCE_S):
                await target.exchange(ports, lambda: met.append(loop.time() - due))
        except (Unwanted, OSError, TimeoutError) as error:
            failed[str(error)[:60] or type(error).__name__] += 1

    lateness = Lateness()
    watching = loop.create_task(lateness.watch())
    before = Usage.of(target.pids), Usage.of(target.store)
    due = began = loop.time()
    running: list[asyncio.Task[None]] = []
    while due < began + seconds:
        due += random.expovariate(rate)
        await asyncio.sleep(max(0.0, due - loop.time()))
        running.append(loop.create_task(one(len(running), due)))
    rss = Usage.of(target.pids).rss_mib
    await asyncio.gather(*running)
    after = Usage.of(target.pids), Usage.of(target.store)
    watching.cancel()
    return Step(
        rate,
        len(running),
        met,
        failed,
        lateness.samples,
        after[0].cpu_s - before[0].cpu_s,
        after[1].cpu_s - before[1].cpu_s,
        rss,
        loop.time() - began,
    )


async def knee(target: Target, seconds: float) -> tuple[Step | None, Step]:
    """Raise the rate: the last step that was good, if any, and the first that was not."""

    async def tried(rate: float) -> Step:
        found = await step(target, rate, seconds)
        if not found.good:
            await asyncio.sleep(1)
            found = await step(target, rate, seconds)
        print(f"  {target.name}: {rate:.0f} a second, {told(found)}", file=sys.stderr, flush=True)
        return found

    best: Step | None = None
    rate = FIRST_PER_S
    await step(target, rate / 2, 1.0)  # all code loaded
    while True:
        found = await tried(rate)
        if not found.good or rate > MOST_PER_S:
            break
        best, rate = found, rate * STEP
    for _ in range(2 if best is not None else 0):
        assert best is not None
        between = await tried((best.rate * found.rate) ** 0.5)
        best, found = (between, found) if between.good else (best, between)
    return best, found


def told(found: Step) -> str:
    """A step in a line."""
    return (
        f"p50 {percentile(found.met, 0.5) * 1e3:.1f} p99 {found.p99 * 1e3:.1f} ms, "
        f"CPU {sum(found.cpu_ms):.2f} ms a copy" + ("" if found.good else f"; {found.why_not}")
    )


def pin(pids: Sequence[int], core: int) -> None:
    """Hold processes with all their threads on a core, where there are two."""
    if (os.cpu_count() or 1) < 2:
        return
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})


@contextmanager
def servers(kind: str, peers: Path | None, python: Sequence[str] = ()) -> Iterator[Target | None]:
    """Start the servers of a row; nothing if they are not to be had."""
    with ExitStack() as stack:
        if kind == "mailbox server":
            if peers is None or not (peers / "twist").exists():
                yield None
                return
            server = mailbox(stack, peers)
            target = Target(kind, [server.port], [server.pid], [], exchanges.copy_of_mailbox)
        elif kind == "bare websockets":
            server = start(stack, "websockets")
            target = Target(kind, [server.port], [server.pid], [], exchanges.copy_of_bare)
        else:
            more = ["--trust-proxy", "127.0.0.1"]
            store: list[int] = []
            if kind != "memory":
                if kind == "Redis Cluster":
                    stores = stack.enter_context(redis_cluster())
                else:
                    stores = [stack.enter_context(redis_server())]
                more += ["--redis", stores[0].url]
                store = [each.pid for each in stores]
            nodes = [Node(*more, python=python) for _ in range(NODES[kind])]
            for node in nodes:
                stack.callback(node.end)
                node.start()
            pids = [node.process.pid for node in nodes if node.process is not None]
            ports = [node.port for node in nodes]
            target = Target(kind, ports, pids, store, exchanges.copy_of_ours)
        pin(target.pids + target.store, 0)
        yield target


def profile(rate: float, seconds: float) -> Iterator[str]:
    """The lines of one node's profile that cost most by themselves."""
    import uvloop

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile"
        with servers("memory", None, ("-m", "bench.load.profiled", str(file))) as target:
            assert target is not None
            uvloop.run(step(target, rate, seconds))
        found = pstats.Stats(str(file))
    costs = sorted(found.stats.items(), key=lambda each: -each[1][2])  # type: ignore[attr-defined]
    whole = sum(cost[2] for _, cost in costs)
    for (path, line, name), (_, calls, own, _, _) in costs[:PROFILED]:
        place = name if path == "~" else f"{Path(path).parent.name}/{Path(path).name}:{line} {name}"
        yield f"| `{place}` | {calls:,} | {own / whole:.1%} |"


HEAD = """| | copies a second on one core | p50 / p99 of pairing there \
| CPU of a copy, ms (+ Redis) | a core of its own would carry | memory | what gives first \
| ours carries |
|---|---|---|---|---|---|---|---|"""


def row(name: str, best: Step, bad: Step, ours: float) -> str:
    """One row of the table."""
    cpu, store = best.cpu_ms
    cells = (
        name,
        f"{best.copies / best.took:.0f}",
        f"{percentile(best.met, 0.5) * 1e3:.0f} / {best.p99 * 1e3:.0f} ms",
        f"{cpu:.2f}" + (f" + {store:.2f}" if store else ""),
        f"{1e3 / (cpu + store):.0f}",
        f"{best.rss_mib:.0f} MiB",
        bad.why_not,
        f"{ours / best.rate:.2f} ×" if ours else "",
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of a step")
    parser.add_argument("--rounds", type=int, default=1, help="the best of so many is told")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--peers", type=Path, help="the folder of twist")
    arguments = parser.parse_args()
    raise_limit()
    import uvloop

    pin([os.getpid()], 1)
    found: dict[str, tuple[Step | None, Step]] = {}
    for number in range(arguments.rounds):
        for kind in arguments.only if number % 2 else arguments.only[::-1]:
            with servers(kind, arguments.peers) as target:
                if target is None:
                    print(f"{kind}: not run, --peers does not say where it is")
                    continue
                taken = uvloop.run(knee(target, arguments.seconds))
            before = found.get(kind, (None, taken[1]))[0]
            if before is None or (taken[0] is not None and taken[0].rate > before.rate):
                found[kind] = taken
    print(HEAD)
    ours = found["memory"][0] if "memory" in found else None
    for kind in [each for each in KINDS if each in found]:
        best, bad = found[kind]
        if best is None:
            print(f"| {kind} | none | | | | | {bad.why_not} | |")
        else:
            print(row(kind, best, bad, ours.rate if ours else 0.0))
    if ours:
        print(f"\nthe profile of one node, own time of {PROFILED} functions\n")
        print("\n".join(profile(ours.rate / 3, arguments.seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
