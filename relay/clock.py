"""The only place in the relay that reads time."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Gives seconds that never go back; only differences mean anything."""


def monotonic() -> float:
    """Seconds of the machine's monotonic clock."""
    return time.monotonic()
