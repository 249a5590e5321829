"""Ctrl-C as a fact to be asked for, never as an exception in the middle of a step.

So a file is never half written and a farewell is always said: the loop looks when it is
between two steps.  A second Ctrl-C ends the program at once.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from certrelay.errors import Interrupted
from certrelay.pki import kdf

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_HANG_UP: Final = getattr(signal, "SIGHUP", None)


class Interrupts:
    """Whether the person, or the system, asked the program to stop."""

    def __init__(self) -> None:
        self._asked = False
        self._wake: Callable[[], None] = lambda: None
        self._screens: list[int] = []

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
        """Catch what asks to stop; ``wake`` ends a wait that is going on.

        That is SIGINT, SIGTERM, and the end of the terminal (SIGHUP; SIGBREAK on Windows)
        unless whoever started the program wants it to go on without one, as nohup does.  A long
        derivation of a key is ended by it too.
        """
        self._wake = wake
        self._screens = [fd for fd in (1, 2) if os.isatty(fd)]
        names = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        if _ignores_the_end_of_the_terminal():
            names.remove(_HANG_UP)
        before = {name: signal.signal(name, self._handle) for name in names}
        token = kdf.elsewhere.set(self._derive)
        try:
            yield
        finally:
            kdf.elsewhere.reset(token)
            for name, handler in before.items():
                signal.signal(name, handler)

    def ask(self) -> None:
        """Ask to stop, from any thread: as the first Ctrl-C does."""
        self._asked = True
        self._wake()

    def _derive(self, derivation: kdf.Derivation) -> bytes:
        from certrelay.client.terminal.derivation import (
            derive,  # 10 ms, for a key file in a thousand
        )

        return derive(derivation, self.check)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if number == _HANG_UP:
            self._leave_the_screen()
            if self._asked:
                return  # a shell hands on what the system then says again: nobody is impatient
        if self._asked:
            raise KeyboardInterrupt
        self.ask()

    def _leave_the_screen(self) -> None:
        """Write to nowhere from now on: a terminal that is gone must not spoil the farewell."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in self._screens:
            os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _ignores_the_end_of_the_terminal() -> bool:
    return _HANG_UP is not None and signal.getsignal(_HANG_UP) is signal.SIG_IGN
