"""Copies over several nodes while one is killed, and another started, every few seconds.

    python -m bench.load.kills [--copies 200] [--every 3] [--restart]
    python -m bench.load.kills --relay https://relay.example.kr/ [--restart]

The two devices of each copy are on different nodes.  Every copy must end "done", or "not
confirmed" where its time was over; what is done must be stored once, byte for byte.  With
``--restart`` the nodes are not killed but ended by SIGTERM, one after the other, as in a
rolling update: then every copy must end "done", and no two devices that have met are cut off.
``--relay`` copies through a relay that stands already, whose nodes you kill or restart meanwhile.
"""

import argparse
import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from bench.load.copy import Copy, copy, item
from bench.load.wire import Relay
from certrelay.e2e.qr import Direction
from tests.nodes import Node
from tests.redis_server import redis_server

UNCONFIRMED = frozenset({"not_confirmed", "grace", "timeout", "left"})
"""Ends of a copy whose time ran out while its devices could not reach each other."""


class Cluster:
    """Nodes with one store; those that are up can be asked for a port.

    A node that is being drained is asked no more, as a load balancer does not.
    """

    def __init__(self, redis_url: str, stack: ExitStack, count: int, *arguments: str) -> None:
        self._arguments = ("--redis", redis_url, "--trust-proxy", "127.0.0.1", *arguments)
        self._stack = stack
        self.up: list[Node] = []
        self.ended: list[Node] = []
        for _ in range(count):
            self.add()

    def add(self) -> None:
        node = Node(*self._arguments)
        self._stack.callback(node.kill)
        node.start()
        self.up.append(node)

    def port_of(self, place: int) -> Callable[[], int]:
        """A port for devices of one kind: those of another kind are on other nodes."""
        return lambda: self.up[place % len(self.up)].port

    def take_down(self, number: signal.Signals) -> None:
        node = self.up.pop(random.randrange(len(self.up)))
        self.ended.append(node)
        node.send(number)


async def trouble(
    cluster: Cluster, every_s: float, number: signal.Signals, random_: random.Random
) -> None:
    """Take a node down and start another, again and again."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(every_s * random_.uniform(0.5, 1.5))
        if number is signal.SIGTERM:
            await loop.run_in_executor(None, cluster.add)
            cluster.take_down(number)
        else:
            cluster.take_down(number)
            await loop.run_in_executor(None, cluster.add)


async def copies(
    cluster: Cluster, count: int, per_s: float, every_s: float, number: signal.Signals
) -> list[Copy]:
    """Run so many copies or more, so many a second, until the trouble has come at least once."""
    loop = asyncio.get_running_loop()
    troubling = loop.create_task(trouble(cluster, every_s, number, random.Random()))
    running: list[asyncio.Task[Copy]] = []
    while len(running) < count or not cluster.ended:  # a slow machine starts nodes slowly
        at = len(running)
        ports = cluster.port_of(at), cluster.port_of(at + 1)
        direction = Direction.TO_PC if at % 2 else Direction.TO_PHONE
        running.append(loop.create_task(copy(direction, item(at), ports, think_s=1.0)))
        await asyncio.sleep(random.expovariate(per_s))
    ended = await asyncio.gather(*running)
    troubling.cancel()
    await asyncio.wait([troubling])
    return ended


async def copies_through(relay: Relay, count: int, per_s: float) -> list[Copy]:
    """Run so many copies, so many a second, through a relay that others take down."""
    running: list[asyncio.Task[Copy]] = []
    for at in range(count):
        direction = Direction.TO_PC if at % 2 else Direction.TO_PHONE
        ways = (lambda: relay), (lambda: relay)
        running.append(asyncio.create_task(copy(direction, item(at), ways, think_s=1.0)))
        await asyncio.sleep(random.expovariate(per_s))
    return list(await asyncio.gather(*running))


def faults(ended: list[Copy], allowed: frozenset[str] = UNCONFIRMED) -> list[str]:
    """Say what is wrong with them; nothing if each has ended as it should."""
    found = []
    for at, each in enumerate(ended):
        words = each.outcome.split("/")
        if words[0] == "done" and each.stored != [item(at)]:
            found.append(f"{at}: done, and {len(each.stored)} stored")
        if len(each.stored) > 1 or any(stored != item(at) for stored in each.stored):
            found.append(f"{at}: stored {len(each.stored)} times, or altered")
        if not set(words) <= {"done", *allowed}:
            found.append(f"{at}: {each.outcome}")
    return found


def run(
    count: int, per_s: float, every_s: float, number: signal.Signals, nodes: int = 2
) -> tuple[list[Copy], Cluster]:
    """Start everything, run the copies, stop everything."""
    with redis_server() as server, ExitStack() as stack:
        cluster = Cluster(server.url, stack, nodes)
        return asyncio.run(copies(cluster, count, per_s, every_s, number)), cluster


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--copies", type=int, default=200)
    parser.add_argument("--rate", type=float, default=4.0, help="copies begun a second")
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two nodes' ends")
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--relay", metavar="URL", help="one that stands already")
    arguments = parser.parse_args()
    number = signal.SIGTERM if arguments.restart else signal.SIGKILL
    if arguments.relay is not None:
        relay = Relay.at(arguments.relay)
        ended = asyncio.run(copies_through(relay, arguments.copies, arguments.rate))
    else:
        counts = arguments.copies, arguments.rate, arguments.every
        ended, cluster = run(*counts, number, arguments.nodes)
        print(f"nodes ended: {len(cluster.ended)}")
    print(f"outcomes: {dict(Counter(each.outcome for each in ended))}")
    cut = sum(each.cut_times for each in ended)
    print(f"connections lost: {sum(each.lost_times for each in ended)}, {cut} of them when paired")
    for each in ended:
        if each.outcome != "done":
            print(f"  {each.outcome}: {', '.join(each.told)}")
    wrong = faults(ended, frozenset() if arguments.restart else UNCONFIRMED)
    if arguments.restart and cut:
        wrong.append(f"{cut} times a paired device was cut off")
    print("\n".join(wrong) or "none lost, none doubled")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
