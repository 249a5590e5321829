"""What a node counts of its way to the store, for its metrics."""

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 4.0)
"""Upper bounds of the classes of answers: the last one is when a node gives up."""


class StoreFigures:
    """Counts."""

    def __init__(self) -> None:
        self._counts: Final = [0] * (len(BUCKETS_S) + 1)
        self.seconds = 0.0
        """That all answers took together."""

        self.failures: Final[Counter[str]] = Counter()
        """What was not done, by what kept it from being done."""

        self.retries = 0
        """Changes that another node was faster with, tried again."""

        self.skew_s = 0.0
        """By how much the store's clock is ahead of this computer's."""

    def took(self, seconds: float) -> None:
        """Count an answer."""
        at = next((at for at, top in enumerate(BUCKETS_S) if seconds <= top), len(BUCKETS_S))
        self._counts[at] += 1
        self.seconds += seconds

    def buckets(self) -> Iterator[tuple[str, int]]:
        """Each bound with how many answers took no longer, as Prometheus has them."""
        bounds = [*map(str, BUCKETS_S), "+Inf"]
        return zip(bounds, accumulate(self._counts), strict=True)
