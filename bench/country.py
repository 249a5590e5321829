"""On paper: what a country's copies cost, from measured figures and a few assumptions.

    python -m bench.country
    python -m bench.country --people 5e6 --days 30 --node-ms 6 --zones 2

Nothing is run here: every line is arithmetic over the options, whose defaults are what
docs/performance.md has measured and what a bank would have to assume.  Change what you know better.
Prices are in one currency, whichever it is.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from bench import measured

DAY_S = 86_400
MONTH_H = 730
GIB = 2**30
KIB = 2**10


@dataclass(frozen=True)
class Country:
    """The assumptions; each one is an option of the command."""

    people: float = 20e6  # who have a certificate
    copies: float = 2.0  # a person and year
    days: float = 7.0  # in which all copies of a year fall, at worst
    busiest_hour: float = 0.12  # share of a day's copies in its busiest hour
    burst: float = 2.0  # for an hour that nobody expected
    waiting_s: float = 60.0  # a code waits before somebody scans it
    pair_s: float = 60.0  # from the scan to the end
    node_ms: float = measured.NODES_MS  # CPU of a copy, both nodes together
    redis_ms: float = measured.REDIS_MS  # CPU of a copy at the Redis
    tls_ms: float = 2.0  # CPU of a copy at the proxy: two handshakes and what is passed on
    page_kib: float = 104.0  # the page, once for each copy
    copy_kib: float = 24.0  # a copy with its control messages and TLS, in and out
    waiting_kib: float = measured.WAITING_KIB  # memory of a waiting room
    pair_kib: float = measured.PAIR_KIB  # memory of a pair
    socket_kib: float = 60.0  # memory of a connection at a proxy that ends TLS
    node_mib: float = measured.NODE_MIB  # memory of a relay process
    load: float = 0.5  # share of a core that is used at the peak
    cores: float = 8.0  # of a machine
    zones: float = 3.0  # places of which one may be lost
    core_month: float = 25.0  # price of a core with 2 GiB for a month
    gib_out: float = 0.09  # price of a GiB to the internet


@dataclass(frozen=True)
class Answer:
    """What it takes at the peak, and in a month."""

    day: float
    peak: float
    waiting: float
    pairs: float
    connections: float
    relay_cores: int
    proxy_cores: int
    redis_cores: float
    memory_gib: float
    out_mbit: float
    machines: int
    lost: float
    """Copies that have to begin again when a zone is lost: the pairs that its nodes held."""
    month_gib: float
    month_price: float


def answer(country: Country) -> Answer:
    """Do the sum."""
    day = country.people * country.copies / country.days
    peak = day * country.busiest_hour / 3600 * country.burst
    waiting, pairs = peak * country.waiting_s, peak * country.pair_s
    connections = waiting + 2 * pairs
    relay_cores = math.ceil(peak * country.node_ms / 1000 / country.load)
    proxy_cores = math.ceil(peak * country.tls_ms / 1000 / country.load)
    memory = (
        waiting * country.waiting_kib + pairs * country.pair_kib + connections * country.socket_kib
    ) * KIB + relay_cores * country.node_mib * KIB**2
    # What the zones that are left must carry: one of them may be lost at the peak.
    left = max(1.0, country.zones - 1)
    per_zone = math.ceil((relay_cores + proxy_cores) / left / country.cores)
    machines = max(1, per_zone) * int(country.zones)
    bytes_of_copy = (country.page_kib + country.copy_kib) * KIB
    month_gib = country.people * country.copies / 12 * bytes_of_copy / GIB
    price = machines * country.cores * country.core_month + month_gib * country.gib_out
    return Answer(
        day,
        peak,
        waiting,
        pairs,
        connections,
        relay_cores,
        proxy_cores,
        peak * country.redis_ms / 1000,
        memory / GIB,
        peak * bytes_of_copy * 8 / 1e6,
        machines,
        pairs / country.zones,
        month_gib,
        price,
    )


def rows(country: Country) -> Iterator[str]:
    """Give the table, line by line."""
    found = answer(country)
    per_redis = 1000 / country.redis_ms * country.load
    yield "| | at the peak |"
    yield "|---|---|"
    yield f"| copies | {found.day:,.0f} a day, {found.peak:,.0f} a second |"
    yield f"| codes that wait, pairs | {found.waiting:,.0f}, {found.pairs:,.0f} |"
    yield f"| connections | {found.connections:,.0f} |"
    yield f"| cores of relays, of proxies | {found.relay_cores}, {found.proxy_cores} |"
    redises = math.ceil(found.peak / per_redis)
    yield f"| cores of the Redis | {found.redis_cores:.2f}, so {redises} Redis |"
    yield f"| memory | {found.memory_gib:.1f} GiB |"
    yield f"| bandwidth | {found.out_mbit:,.0f} Mbit/s |"
    yield (
        f"| machines of {country.cores:.0f} cores in {country.zones:.0f} zones | {found.machines}, "
        "any zone may be lost |"
    )
    yield f"| a zone is lost | {found.lost:,.0f} copies go on at another node, or begin again |"
    yield (
        f"| an average month | {found.month_gib:,.0f} GiB out; {found.month_price:,.0f} "
        f"at {country.core_month:g} a core and {country.gib_out:g} a GiB |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for field in fields(Country):
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=float, default=field.default, help=f"{field.default:g}")
    print("\n".join(rows(Country(**vars(parser.parse_args())))))


if __name__ == "__main__":
    main()
