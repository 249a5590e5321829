"""On paper: what machines of usual sizes carry, from measured figures.

    python -m bench.capacity
    python -m bench.capacity --alone-ms 2 --nodes-ms 8 --waiting-s 60

Nothing is run here.  The defaults are the measured figures of docs/performance.md; give what
`python -m bench.load.knee` says on your own machine.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from bench import measured
from relay.settings import AdmissionLimits

KIB, MIB = 2**10, 2**20
CORES = (2, 4, 8, 16)
ROOMS = AdmissionLimits().rooms
"""That a process lets in unless its limits are raised."""


@dataclass(frozen=True)
class Figures:
    """The assumptions; each one is an option of the command."""

    alone_ms: float = measured.ALONE_MS  # CPU of a copy at a node alone
    nodes_ms: float = measured.NODES_MS  # at two nodes over a Redis, together
    redis_ms: float = measured.REDIS_MS  # at the Redis
    waiting_kib: float = measured.WAITING_KIB  # memory of a waiting room
    pair_kib: float = measured.PAIR_KIB  # memory of a pair
    alone_mib: float = measured.ALONE_MIB  # memory of a process
    node_mib: float = measured.NODE_MIB  # the same with a Redis
    load: float = 0.5  # share of a core that is used: the rest is for an hour nobody expected
    waiting_s: float = 120.0  # a code waits for its scan
    pair_s: float = 60.0  # from the scan to the end


def rows(figures: Figures) -> Iterator[str]:
    """Give the table, line by line."""
    yield "| machine | processes | copies a second | an hour | rooms | connections | memory |"
    yield "|---|---|---|---|---|---|---|"
    yield _row("1 core, one node alone, no Redis", 1, figures.alone_ms, figures.alone_mib, figures)
    for cores in (1, *CORES):
        name = "1 core, one of several nodes" if cores == 1 else f"{cores} cores"
        yield _row(name, cores, figures.nodes_ms, figures.node_mib, figures)


def redis_copies(figures: Figures) -> float:
    """Copies a second that one Redis on a core of its own carries."""
    return _round(1e3 * figures.load / figures.redis_ms)


def _row(name: str, cores: int, ms: float, mib: float, figures: Figures) -> str:
    by_cpu = 1e3 * figures.load / ms
    by_rooms = ROOMS / (figures.waiting_s + figures.pair_s)
    per_s = _round(cores * min(by_cpu, by_rooms))
    waiting, pairs = per_s * figures.waiting_s, per_s * figures.pair_s
    rooms = (waiting * figures.waiting_kib + pairs * figures.pair_kib) * KIB / MIB
    told = f"{cores}, with `--share-port`" if cores == 2 else f"{cores}"
    cells = (
        name,
        told,
        f"{per_s:,.0f}",
        f"{per_s * 3600:,.0f}",
        f"{waiting + pairs:,.0f}",
        f"{waiting + 2 * pairs:,.0f}",
        f"{_round(rooms + cores * mib):,.0f} MiB",
    )
    return f"| {' | '.join(cells)} |"


def _round(value: float) -> float:
    """Two digits that count: no more is known."""
    return round(value, 1 - math.floor(math.log10(value)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for field in fields(Figures):
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=float, default=field.default, help=f"{field.default:g}")
    figures = Figures(**vars(parser.parse_args()))
    print("\n".join(rows(figures)))
    print(f"\none Redis on a core of its own: {redis_copies(figures):,.0f} copies a second")


if __name__ == "__main__":
    main()
