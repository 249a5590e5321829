"""Waiting rooms and copies by the thousand against real relay processes.

    python -m bench.load [--waiting 10000] [--copies 500] [--rate 25] [--think 20] [--nodes 2]
    python -m bench.load --table
    python -m bench.load --relay https://relay.example.kr/ [--pid 4711]

Everything is the protocol itself: HPKE, the number, frames, receipts.  Arrivals are open-loop:
each copy begins when it is due, however late the others are, and its times count from then on.
The relay's CPU is that of its processes during the copies, less what the waiting rooms alone
cost (measured before).  What the load itself was late by is told: where that is much, the
times are the load's more than the relay's.

--table measures 100, 1,000 and 10,000 waiting rooms on one node, 1,000 with a Redis, and 1,000
on two nodes, and writes what docs/performance.md and docs/operations.md have.

--relay loads a relay that stands already, by its public address; SSL_CERT_FILE names an authority
of your own.  All come from this computer's address then: raise the limits of an address
(docs/operations.md, "Limits"), or name this computer in --trust-proxy.  --pid names its processes,
if they run here, whose CPU and memory are told.
"""

import argparse
import statistics
import sys
from collections import Counter

from bench.load.measure import Measured, measure
from relay.open_files import raise_limit

RUNS = ((100, 1, False), (1000, 1, False), (10_000, 1, False), (1000, 1, True), (1000, 2, True))
"""Waiting rooms, nodes, and whether there is a Redis: the rows of the table."""


def report(found: Measured) -> None:
    """Tell everything about one measurement."""
    good = found.good
    heard = {word: count for word, count in found.counts.items() if word != "stopping"}
    print(f"waiting rooms         {found.waiting:8}   {heard}")
    print(
        f"copies                {len(found.copies):8}   "
        f"{dict(Counter(each.outcome for each in found.copies))}, {found.at_once} at once"
    )
    print(f"errors                {found.errors:8.2%}")
    print(f"until the code shows  {quantiles([each.opened_s for each in good])}")
    print(f"scan until paired     {quantiles([each.paired_s for each in good])}")
    print(f"scan until confirmed  {quantiles([each.copied_s for each in good])}, thinking apart")
    print(f"relay CPU per copy    {found.copy_cpu_s * 1e3:8.1f} ms")
    print(f"relay CPU, waiting    {found.idle * 100:8.1f} % of a core")
    print(
        f"relay memory          {found.empty.rss_mib:8.0f} MiB empty, "
        f"{found.before.rss_mib:.0f} waiting, {found.full.rss_mib:.0f} with all pairs, "
        f"{found.after.rss_mib:.0f} at the end; {found.waiting_kib:.1f} KiB a waiting room"
    )
    if found.redis_bytes:
        sizes = ", ".join(f"{kind} {size:.0f}" for kind, size in found.redis_bytes.items())
        print(f"Redis CPU per copy    {found.copy_redis_s * 1e3:8.1f} ms; bytes of a key: {sizes}")
    print(f"the load's lateness   {quantiles(found.lateness)}")


def quantiles(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "-"
    p50, p90, p99 = (cut * 1e3 for cut in cuts(seconds))
    return f"p50 {p50:7.1f}  p90 {p90:7.1f}  p99 {p99:7.1f} ms"


def cuts(seconds: list[float]) -> tuple[float, float, float]:
    """p50, p90 and p99."""
    hundred = statistics.quantiles(seconds, n=100, method="inclusive")
    return hundred[49], hundred[89], hundred[98]


def row(found: Measured, *, redis: bool) -> str:
    """One row of the table."""

    def both(seconds: list[float]) -> str:
        p50, _, p99 = (cut * 1e3 for cut in cuts(seconds))
        return f"{p50:.1f} / {p99:.0f}"

    where = "one node" if found.nodes == 1 else f"{found.nodes} nodes"
    cells = (
        f"{found.waiting:,}, {where}{', Redis' if redis else ''}",
        f"{len(found.good)} of {len(found.copies)}, {found.errors:.2%}",
        both([each.opened_s for each in found.good]),
        both([each.paired_s for each in found.good]),
        both([each.copied_s for each in found.good]),
        f"{found.copy_cpu_s * 1e3:.1f}" + (f" + {found.copy_redis_s * 1e3:.1f}" if redis else ""),
        f"{found.idle * 100:.1f} %",
        f"{found.empty.rss_mib:.0f}, {found.before.rss_mib:.0f}, {found.full.rss_mib:.0f} MiB",
        f"{found.waiting_kib:.1f} KiB",
        f"{cuts(found.lateness)[2] * 1e3:.0f}",
    )
    return f"| {' | '.join(cells)} |"


HEAD = """| waiting rooms | copies done, errors | code shows p50 / p99 | scan until paired \
| scan until confirmed | CPU of a copy (+ Redis) | CPU, waiting | memory empty, waiting, all pairs \
| a waiting room | the load late, p99 |
|---|---|---|---|---|---|---|---|---|---|"""


def table(arguments: argparse.Namespace) -> bool:
    """Measure and write all rows; times in ms.  Gives whether nothing went wrong."""
    pace = f"{arguments.rate:g} begun a second, {arguments.think:g} s each for the number"
    print(f"{arguments.copies} copies, {pace}; times in ms\n")
    print(HEAD, flush=True)
    sizes: dict[str, float] = {}
    right = True
    for waiting, nodes, redis in RUNS:
        arguments.waiting, arguments.nodes, arguments.redis = waiting, nodes, redis
        found = measure(arguments)
        print(row(found, redis=redis), flush=True)
        sizes |= found.redis_bytes
        right &= found.errors == 0
    told = ", ".join(f"{kind} {size:.0f}" for kind, size in sorted(sizes.items()))
    print(f"\nbytes of a room's key in the Redis: {told}")
    return right


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
    parser.add_argument("--relay", metavar="URL", help="one that stands already")
    parser.add_argument("--pid", type=int, action="append", default=[], help="of its processes")
    parser.add_argument("--table", action="store_true", help="all rows of the documents")
    arguments = parser.parse_args()
    raise_limit()
    if arguments.table:
        return 0 if table(arguments) else 1
    found = measure(arguments)
    report(found)
    return 0 if found.errors == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
