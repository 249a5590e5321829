"""The clocks that the relay's rules and counts go by, so that a test can set them."""

import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Final

Clock = Callable[[], float]
"""Gives seconds that never go back; only differences mean anything."""


monotonic: Final[Clock] = time.monotonic
"""Seconds of the machine's monotonic clock."""


def wall() -> float:
    """Seconds since the Unix epoch: for hours of use, which follow the clock on the wall."""
    return time.time()


def http_date() -> str:
    """The wall clock's time as HTTP writes it: lets a PC see that its own clock is wrong."""
    return formatdate(usegmt=True)
