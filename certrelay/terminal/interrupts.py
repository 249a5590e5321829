"""Ctrl-C as a fact to be asked for, never as an exception in the middle of a step.

So a file is never half written and a farewell is always said: the loop looks when it is
between two steps.  A second Ctrl-C ends the program at once.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from certrelay.errors import Interrupted


class Interrupts:
    """Whether the person, or the system, asked the program to stop."""

    def __init__(self) -> None:
        self._asked = False
        self._wake: Callable[[], None] = lambda: None

    @property
    def asked(self) -> bool:
        """Whether to stop."""
        return self._asked

    def check(self) -> None:
        """Stop here if asked to.

        Raises:
            Interrupted: ``interrupted``.
        """
        if self._asked:
            raise Interrupted("interrupted")

    @contextmanager
    def watched(self, wake: Callable[[], None]) -> Iterator[None]:
        """Catch SIGINT and SIGTERM; ``wake`` ends a wait that is going on."""
        self._wake = wake
        names = (signal.SIGINT, signal.SIGTERM)
        before = {name: signal.signal(name, self._handle) for name in names}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._wake()
