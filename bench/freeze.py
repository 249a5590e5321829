"""How long a copy stands still after the network is back: a cut of five seconds in the middle.

    python -m bench.freeze [--rounds 50] [--at-once 5]

Each round is a whole copy of real programs with the usual time limits, through a proxy that cuts
one end off at a random message of the transfer, keeps it off for five seconds and lets it come
back.  Counted is the time from then until the next sealed message passes.  Three ways in turns:

    refused  the device's connection is reset, and new ones are
    moved    the same, but the relay is not told, and the device has another address afterwards
    held     nothing is told and nothing is lost: all messages are held back

The copy must end well in every round.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from certrelay.frozen import replace
from certrelay.testkit.proxy import FaultProxy
from certrelay.wire.ids import Role
from relay.embedded import EMBEDDED, start
from relay.settings import Edges
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench, Client, bench

CUT_S = 5.0
WAYS = ("refused", "moved", "held")


class Cut:
    """Cuts once, and looks when it goes on."""

    def __init__(self, proxy: FaultProxy, way: str, role: Role, at: int) -> None:
        self._proxy = proxy
        self._way = way
        self._role = role
        self._at = at
        self._back_at: float | None = None
        self.seconds: float | None = None
        """From the return until a sealed message passed."""

    def watch(self, number: int, _role: Role, sealed: bool) -> None:
        """See a message before it passes."""
        if number == self._at:
            if self._way == "held":
                self._proxy.stall(CUT_S)
            else:
                self._proxy.take_away(self._role, silently=self._way == "moved")
            threading.Timer(CUT_S, self._come_back).start()
        elif self._back_at is not None and sealed and self.seconds is None:
            self.seconds = time.monotonic() - self._back_at

    def _come_back(self) -> None:
        self._back_at = time.monotonic()
        self._proxy.bring_back()


def copy(desk: Bench, proxy: FaultProxy) -> None:
    """Copy a certificate to the PC, with answers as fast as they are asked for."""
    fill(desk.phone_store, person().npki(PASSWORD))
    way: list[str | Path] = ["--store", desk.pc_store, "--relay", proxy.url]
    pc = Client("client_pc", "import", "--yes", *way)
    desk.clients.append(pc)
    phone = desk.phone_with_url(pc.expect("waiting")["url"], "--send", "1")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    phone.expect("number_wanted")
    phone.answer(number)
    assert (phone.finish(), pc.finish()) == (0, 0), (phone.events, pc.events)
    assert files_below(desk.pc_store) == files_below(desk.phone_store)


def measure(port: int, number: int) -> tuple[str, float]:
    """Run one round; seconds that it stood still."""
    draw = Random(number)
    way = WAYS[number % len(WAYS)]
    role = draw.choice((Role.G, Role.S))
    while True:
        with (
            tempfile.TemporaryDirectory() as folder,
            FaultProxy("127.0.0.1", port) as proxy,
            bench(Path(folder), proxy.url) as desk,
        ):
            cut = Cut(proxy, way, role, draw.randint(18, 34))
            proxy.watch = cut.watch
            copy(desk, proxy)
        if cut.seconds is not None:  # else the copy was over before
            return way, cut.seconds


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.freeze")
    parser.add_argument("--rounds", type=int, default=50, help="of each way (50)")
    parser.add_argument("--at-once", type=int, default=5, help="copies at once (5)")
    arguments = parser.parse_args()
    settings = replace(EMBEDDED, edges=Edges(hosts=frozenset(), ip_hosts=True))
    with (
        start("127.0.0.1", settings=settings) as relay,
        ThreadPoolExecutor(arguments.at_once) as pool,
    ):
        numbers = range(arguments.rounds * len(WAYS))
        rounds = list(pool.map(lambda number: measure(relay.port, number), numbers))
    print("seconds until it goes on, after a cut of 5 s: median, quarters, longest")
    for way in WAYS:
        taken = sorted(seconds for name, seconds in rounds if name == way)
        low, middle, high = statistics.quantiles(taken, n=4)
        print(f"{way:8} {middle:5.2f} {low:5.2f}-{high:.2f} {taken[-1]:5.2f}  of {len(taken)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
