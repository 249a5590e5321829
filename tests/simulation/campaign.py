"""Many worlds, on several processors."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence

from tests.simulation.plan import plan_of
from tests.simulation.world import Outcome, run

_BATCH = 20
"""Worlds that a process takes at once."""


def run_seed(seed: int) -> Outcome:
    """Run the world of one seed."""
    return run(plan_of(seed))


def run_seeds(seeds: Sequence[int], processes: int | None = None) -> Iterator[Outcome]:
    """Run many worlds; they come as they end.

    Args:
        seeds: Which.
        processes: How many at once; as many as there are processors without.
    """
    processes = min(processes or os.cpu_count() or 1, -(-len(seeds) // _BATCH))
    if processes <= 1:
        yield from map(run_seed, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(run_seed, seeds, chunksize=_BATCH)
