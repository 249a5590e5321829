"""Connects to a relay beside the loop: the person and the clock never wait for a name server.

Names are looked up by the system, which offers no way to do it without waiting, so all of it
(name, proxy, TCP, TLS, upgrade) happens in a thread.  A thread that nobody waits for any more
closes what it opened.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from certrelay.client.link import CONNECT_S, Link, connect
from certrelay.errors import RelayUnreachable


class Dial(Protocol):
    """A connection that is being made; ``select`` finds it readable once it is made, or failed."""

    def fileno(self) -> int:
        """The file number for ``select``."""

    def take(self, now: float) -> Link | None:
        """Give the connection; ``None`` while it is being made.

        Raises:
            CertRelayError: Why there is none; see `certrelay.client.link.connect`.
        """

    def deadline(self) -> float:
        """The time at which ``take`` is due in any case."""

    def abandon(self) -> None:
        """Do not wait for it any more."""


class Dialling:
    """Connects in a thread.

    Args:
        origin: As `certrelay.client.link.connect` takes it.
        now: The monotonic clock's time, in seconds.
        timeout_s: Seconds until the connection must be made, all steps together.
        connecting: What makes it.
    """

    def __init__(
        self,
        origin: str,
        now: float,
        *,
        timeout_s: float = CONNECT_S,
        connecting: Callable[..., Link] = connect,
    ) -> None:
        self._origin: Final = origin
        self._deadline: Final = now + timeout_s
        self._timeout_s: Final = timeout_s
        self._connecting: Final = connecting
        self._lock: Final = threading.Lock()
        self._is_abandoned = False
        self._outcome: Link | BaseException | None = None
        self._done, self._doing = socket.socketpair()
        threading.Thread(target=self._dial, daemon=True, name="dialling").start()

    def fileno(self) -> int:
        """See `Dial`."""
        return self._done.fileno()

    def deadline(self) -> float:
        """See `Dial`."""
        return self._deadline

    def take(self, now: float) -> Link | None:
        """See `Dial`; an outcome is given once."""
        with self._lock:
            outcome = self._outcome
        if outcome is None and now < self._deadline:
            return None
        if isinstance(outcome, Link):
            self._done.close()
            return outcome
        self.abandon()
        raise outcome or RelayUnreachable("relay_unreachable", relay=self._origin)

    def abandon(self) -> None:
        """See `Dial`."""
        with self._lock:
            self._is_abandoned = True
            outcome = self._outcome
        if isinstance(outcome, Link):
            outcome.close()
        self._done.close()

    def _dial(self) -> None:
        outcome: Link | BaseException
        try:
            outcome = self._connecting(self._origin, time.monotonic(), timeout_s=self._timeout_s)
        except BaseException as error:  # told in the loop's thread, whatever it is
            outcome = error
        with self._lock:
            is_abandoned = self._is_abandoned
            self._outcome = outcome
        if is_abandoned and isinstance(outcome, Link):
            outcome.close()
        with contextlib.suppress(OSError):
            self._doing.send(b"\0")
        self._doing.close()
