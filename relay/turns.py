"""Whose turn it is: in one turn of the loop the sockets of one address do so much work at most.

Each socket does little in a turn by itself; four hundred of them would hold the loop all the same.
Whoever has done enough waits, first come, first served; the others do not notice.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from certrelay.limits import KIB

TURN_COST: Final = 128 * KIB
"""What the sockets of one address may cost in a turn: bytes, and `FRAME_COST` for each frame."""

FRAME_COST: Final = 1 * KIB
"""A frame costs as much work as so many bytes."""


class Turns:
    """The turns of one process's loop."""

    def __init__(self) -> None:
        self._used: Final[dict[str, int]] = {}
        self._waiting: deque[tuple[str, Callable[[], None]]] = deque()
        self._is_scheduled = False

    def has_left(self, address: str) -> bool:
        """Whether an address may do more in this turn."""
        return self._used.get(address, 0) < TURN_COST

    def use(self, address: str, size: int, frames: int) -> None:
        """Count the work of parsing so many bytes, which were so many frames."""
        self._used[address] = self._used.get(address, 0) + size + frames * FRAME_COST
        self._schedule()

    def wait(self, address: str, go_on: Callable[[], None]) -> None:
        """Call ``go_on`` in a later turn in which the address has something left."""
        self._waiting.append((address, go_on))
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        """Begin a turn: those who have waited longest go first."""
        self._is_scheduled = False
        self._used.clear()
        waiting, self._waiting = self._waiting, deque()
        for address, go_on in waiting:
            if self.has_left(address):
                go_on()
            else:
                self._waiting.append((address, go_on))
        if self._waiting:
            self._schedule()
