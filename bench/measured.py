"""The figures of docs/performance.md with which the sums of docs/operations.md begin.

From the table of `python -m bench.load --table`.  Whoever measures anew, with it or with `python -m
bench.load.knee`, changes them here; tests/docs holds the pages to them.
"""

from typing import Final

ALONE_MS: Final = 3.9
"""CPU of a copy at one node without a Redis, while 1,000 rooms wait."""

NODES_MS: Final = 12.7
"""The same at two nodes together."""

REDIS_MS: Final = 1.2
"""CPU of such a copy at their Redis."""

WAITING_KIB: Final = 9.4
PAIR_KIB: Final = 17.0
ALONE_MIB: Final = 34.0
NODE_MIB: Final = 41.0
"""Memory of a room that waits, of a pair, of a process without and with a Redis client."""
