"""Tune the cyclic garbage collector so that full collections do not stall a busy relay.

A full collection looks at every object there is: with 10,000 waiting rooms it stopped the
relay for 0.5 to 2.3 s, and 90 of 100 codes came 2.8 s late (python -m bench.load --waiting
10000).  Connections leave no cycles behind (`relay.websocket`), so it is hardly needed.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

_YOUNG: Final = (5_000, 10)
"""New objects until the youngest are looked at, and how often until the next older: 15 ms."""

_NEVER: Final = 1_000_000

EVERY_S: Final = 600.0
"""Seconds between two looks whether the relay is quiet enough for a full collection."""

QUIET: Final = 200
"""Sockets up to which it is: a full collection takes below 50 ms then."""


def calm() -> None:
    """Leave out full collections from now on, and what stands by now from all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_YOUNG, _NEVER)


async def collect_when_quiet(sockets: Callable[[], int]) -> None:
    """Collect what was left behind all the same, now and then, when few would notice."""
    while True:
        await asyncio.sleep(EVERY_S)
        if sockets() <= QUIET:
            gc.collect()
