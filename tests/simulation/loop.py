"""An event loop whose clock jumps: nothing is waited for, and the order is always the same."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

MAX_TURNS = 400_000
"""Turns of the loop in one world; a world takes some hundreds, a livelock all of them."""


class Livelock(AssertionError):
    """The world does not come to rest."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs until nothing is left to happen.

    It leans on one private thing of asyncio, as every loop does: ``_run_once`` asks
    ``_selector.select(timeout)`` how long to sleep, and here the sleep is a jump.
    """

    def __init__(self) -> None:
        super().__init__()
        self._selector = self
        self._now = 0.0
        self._turns = 0
        self._max_turns = MAX_TURNS

    def time(self) -> float:
        """Seconds since the world began."""
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """Jump to the next thing that happens; stop if there is none."""
        self._turns += 1
        if self._turns > self._max_turns:
            self.stop()
            raise Livelock(f"no rest after {self._turns} turns")
        if timeout is None:
            self.stop()
        else:
            self._now += timeout
        return []

    def run_until_rest(self, begin: Callable[[], None]) -> None:
        """Run until no callback and no timer is left."""
        self.call_soon(begin)
        self.run_forever()

    def run_a_little(self) -> None:
        """Run for some turns more, whatever happens."""
        self._max_turns = self._turns + 30
        with contextlib.suppress(Livelock):
            self.run_forever()

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no files here."""

    def _write_to_self(self) -> None:
        """Nothing wakes this loop from outside."""
