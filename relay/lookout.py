"""What a relay watches of itself: how late its loop is, and whether it turns connections away."""

import asyncio
from collections import deque
from typing import Final

from relay import journal
from relay.admission import ConnectionLimiter
from relay.clock import Clock, monotonic

EVERY_S: Final = 1.0
"""Seconds between two looks."""

_KEPT: Final = 60
"""Looks that are remembered: the worst of a minute is told."""

AGAIN_S: Final = 60.0
"""Seconds between two lines about connections that are turned away."""


class Lookout:
    """Looks once a second.

    Args:
        limiter: Counts the connections.
        clock: Gives seconds.
    """

    def __init__(self, limiter: ConnectionLimiter, clock: Clock = monotonic) -> None:
        self._limiter: Final = limiter
        self._clock: Final = clock
        self._lags: Final[deque[float]] = deque([0.0], maxlen=_KEPT)
        self._told = 0
        self._again_at = 0.0

    @property
    def lag_s(self) -> float:
        """By how much a timer was late at most, in the last minute."""
        return max(self._lags)

    async def keep_watching(self) -> None:
        """Look, for ever."""
        while True:
            due = self._clock() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self._lags.append(max(0.0, self._clock() - due))
            self.look()

    def look(self) -> None:
        """Tell, now and then, that connections are turned away."""
        limiter, now = self._limiter, self._clock()
        refused = limiter.refused.total()
        if refused > self._told and now >= self._again_at:
            why = max(limiter.refused, key=limiter.refused.__getitem__)
            journal.write_warning(
                "connections_refused",
                why=why,
                refused=refused - self._told,
                connections=len(limiter),
                limit=limiter.most,
            )
            self._told = refused
            self._again_at = now + AGAIN_S
