"""A copy that a terminal runs and that the page shows: the centre's end of their connection.

The terminal tells its events in lines, as a child process does, and last ``end STATUS``.  It hears
what the person at the page answers and wishes, and what has become of the page: ``page STATE``.

Source: docs/architecture.md; `client_pc.centre.visiting` is the terminal's end.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedIOBase
from typing import Final, Literal

PageState = Literal["open", "closed", "unopened", "twice"]
"""A page is there, none is any more, none came in time; the address was opened twice."""

UNOPENED_S: Final = 30.0
"""Seconds after which the person is told that no browser has come; it may still come."""

MAX_EVENT: Final = 4 * 1024 * 1024
"""Bytes of an event: what a thousand certificates to choose from take, and more."""


_LOST: Final = 1


class Visit:
    """A terminal's copy, as a task's worker.

    Args:
        connection: Where it hears.
        events: Where it tells.
        ticket: What its page was opened with.
        now: Seconds on the clock of `look`.
    """

    def __init__(
        self, connection: socket.socket, events: BufferedIOBase, ticket: str, now: float
    ) -> None:
        connection.settimeout(None)
        self.ticket: Final = ticket
        self._connection: Final = connection
        self._events: Final = events
        self._began: Final = now
        self._lock: Final = threading.Lock()
        self._status = _LOST
        self._told: PageState | None = None
        self._was_shut = False

    def portions(self) -> Iterator[bytes]:
        """Give its events."""
        with suppress(OSError, ValueError):
            while line := self._events.readline(MAX_EVENT):
                word, _, status = line.strip().partition(b" ")
                if word == b"end" and status.isdigit():
                    self._status = int(status)
                    return
                yield line

    def wait(self) -> int:
        """Give the exit status that it has told; a terminal that is gone has told none."""
        return self._status

    def say(self, line: str) -> None:
        """Give it a line; one that is gone hears nothing."""
        with self._lock, suppress(OSError):
            self._connection.sendall(f"{line}\n".encode())

    def stop(self) -> None:
        """Ask it to stop."""
        self.say("stop")

    def end(self, patience_s: float = 0) -> None:
        """Let it go: without a page it goes on in its terminal."""
        del patience_s
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def look(self, now: float, *, is_here: bool, is_shut: bool) -> None:
        """Tell the terminal what has become of the page, once.

        Args:
            now: Seconds on the clock.
            is_here: Whether any page of the centre is there.
            is_shut: Whether its own was opened twice.
        """
        state: PageState | None = self._told
        if is_shut and not self._was_shut:
            self._was_shut = True
            state = "twice"
        elif is_here:
            state = "open"
        elif self._told == "open":
            state = "closed"
        elif self._told is None and now - self._began > UNOPENED_S:
            state = "unopened"
        if state is not None and state != self._told:
            self._told = state
            self.say(f"page {state}")


class Visits:
    """All that are there."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._there: list[Visit] = []

    def run(self, visit: Visit, follow: Callable[[], None]) -> None:
        """Have one among them while it is followed."""
        with self._lock:
            self._there.append(visit)
        try:
            follow()
        finally:
            with self._lock:
                self._there.remove(visit)

    def look(self, now: float, *, is_here: bool, is_shut: Callable[[str], bool]) -> None:
        """Tell each of them what has become of its page."""
        with self._lock:
            there = tuple(self._there)
        for visit in there:
            visit.look(now, is_here=is_here, is_shut=is_shut(visit.ticket))
