"""How a relay comes to its end: by a signal, or because its operator says so."""

import asyncio
import contextlib
import signal
from typing import Final

from relay import journal
from relay.server import Server

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """Ends a server; made inside its event loop.

    The first SIGTERM drains: paired devices finish.  Ctrl-C, or a signal after that, ends it at
    once.
    """

    def __init__(self, server: Server) -> None:
        self._server: Final = server
        self._loop: Final = asyncio.get_running_loop()
        self._draining: asyncio.Task[None] | None = None
        self.first: int | None = None
        """The signal that came first."""

        for number in _SIGNALS:
            try:
                self._loop.add_signal_handler(number, self._hear, number)
            except NotImplementedError:  # Windows
                signal.signal(number, self._hear_from_outside)

    def drain(self) -> bool:
        """Let paired devices finish, then end; whether that was not begun before."""
        if self._draining is not None:
            return False
        journal.write_notice("draining", sockets=len(self._server.sockets))
        self._draining = self._loop.create_task(self._server.drain())
        return True

    def ignore_more(self) -> None:
        """Let an impatient second Ctrl-C not spoil the end, which is near: the process exits."""
        for number in _SIGNALS:
            with contextlib.suppress(NotImplementedError):
                self._loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)

    def _hear_from_outside(self, number: int, _frame: object) -> None:
        self._loop.call_soon_threadsafe(self._hear, number)

    def _hear(self, number: int) -> None:
        if self.first is None:
            self.first = number
        if number != signal.SIGTERM or not self.drain():
            self._server.stop()
