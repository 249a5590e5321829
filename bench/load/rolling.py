"""Copies through a proxy with TLS while the relays behind it are restarted, one after the other.

    python -m bench.load.rolling [--front nginx] [--copies 500] [--rate 4] [--rounds 4]

Two relays with one Redis, behind nginx or Caddy by the very file of deploy/. Each relay in turn is
ended by SIGTERM, started again on its port and asked until it is ready: the procedure of
docs/operations.md. Every copy must end "done", stored once and byte for byte.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.load.copy import Copy, copy, item
from bench.load.kills import faults
from bench.load.wire import Relay
from certrelay.e2e.qr import Direction
from tests.deploy.fronts import Caddy, Front, Nginx, free_port
from tests.nodes import Node, readiness
from tests.redis_server import redis_server
from tests.relay.tls import make_certificate

FRONTS: dict[str, type[Front]] = {"nginx": Nginx, "caddy": Caddy}
DRAIN_S = 90.0
"""Seconds that an ended relay may take: more than --drain-s."""

PAUSE_S = 2.0
"""Seconds between two restarts: what a person takes to look at the next node."""


def restart(node: Node) -> None:
    """Restart a relay as `systemctl restart` does; return once it is ready."""
    node.send(signal.SIGTERM)
    node.wait(DRAIN_S)
    node.start()
    while readiness(node.port)[0] != 200:
        pass


async def run_copies(
    relay: Relay, count: int, per_s: float, trouble: Callable[[], None], think_s: float
) -> list[Copy]:
    """Begin so many copies or more, so many a second, until the trouble is over."""
    loop = asyncio.get_running_loop()
    troubled = loop.run_in_executor(None, trouble)
    running: list[asyncio.Task[Copy]] = []
    while len(running) < count or not troubled.done():
        at = len(running)
        direction = Direction.TO_PC if at % 2 else Direction.TO_PHONE
        ways = (lambda: relay), (lambda: relay)
        running.append(loop.create_task(copy(direction, item(at), ways, think_s=think_s)))
        await asyncio.sleep(random.expovariate(per_s))
    await troubled
    return list(await asyncio.gather(*running))


def run(
    kind: type[Front], folder: Path, count: int, *, per_s: float, rounds: int, think_s: float = 1.0
) -> list[Copy]:
    """Start everything, copy while each relay is restarted so many times, stop everything."""
    with redis_server() as server, ExitStack() as stack:
        ports = free_port(), free_port()
        front = kind(folder, make_certificate(folder), *ports)
        stack.callback(front.kill)
        told = ("--public-url", front.url, "--trust-proxy", "127.0.0.1", "--redis", server.url)
        nodes = [Node(*told, port=port) for port in ports]
        for node in nodes:
            stack.callback(node.kill)
            node.start()
        front.start()

        def trouble() -> None:
            for at in range(rounds):
                asyncio.run(asyncio.sleep(PAUSE_S))
                restart(nodes[at % 2])

        relay = Relay.at(front.url, front.certificate.trusting())
        return asyncio.run(run_copies(relay, count, per_s, trouble, think_s))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--front", choices=sorted(FRONTS), default="nginx")
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--rate", type=float, default=4.0, help="copies begun a second")
    parser.add_argument("--rounds", type=int, default=4, help="restarts, of each relay in turn")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ended = run(
            FRONTS[arguments.front],
            Path(folder),
            arguments.copies,
            per_s=arguments.rate,
            rounds=arguments.rounds,
        )
    print(f"outcomes: {dict(Counter(each.outcome for each in ended))}")
    cut = sum(each.cut_times for each in ended)
    print(f"connections lost: {sum(each.lost_times for each in ended)}, {cut} of them when paired")
    for each in ended:
        if each.outcome != "done":
            print(f"  {each.outcome}: {', '.join(each.told)}")
    wrong = faults(ended, frozenset())
    print("\n".join(wrong) or "none lost, none doubled")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
