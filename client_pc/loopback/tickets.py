"""Who is let in: a ticket in the address's fragment, exchanged once for a token.

The first ticket is seen by whoever may read this PC's process table while the browser starts,
the one for a reload by whoever reads the files in which the browser keeps its tabs.  Two who
have one are one too many: a ticket that is used a second time shuts its tab, for both.

Source: docs/security.md, attacks 51 and 84.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import Final

from certrelay.frozen import frozen

FIRST_TICKET_S: Final = 120.0
"""Seconds that the ticket of a start is good for."""

_MOST_TABS: Final = 64
"""Tabs that are known; the oldest is forgotten first."""


@frozen(repr=False)
class PageKeys:
    """What a page gets for its ticket: both are secrets."""

    token: str
    """For its requests.  It stays in the page's memory."""
    reload_ticket: str
    """For its next reload.  Browsers write it down with the tab."""
    door: str
    """Where the page begins."""


class Tab:
    """One tab of a browser: the ticket that opens it next, and its token.

    Args:
        now: Seconds on the clock of `redeem`.
        door: Where the page begins when it is opened first; a reload knows its screen.
    """

    def __init__(self, now: float, door: str = "home") -> None:
        self.ticket = _secret()
        """What opens it, or its next reload; good for one use."""
        self.is_shut = False
        """Whether two have used one ticket."""
        self._token = _secret()
        self._spent: list[str] = []
        self._born: Final = now
        self._door = door
        self._is_token_used = False

    @property
    def was_opened(self) -> bool:
        """Whether a ticket has been used."""
        return bool(self._spent)

    def knows(self, ticket: str) -> bool:
        """Tell whether a ticket is or was one of this tab's."""
        return any(_is_same(ticket, known) for known in (self.ticket, *self._spent))

    def redeem(self, ticket: str, now: float) -> PageKeys | None:
        """Exchange a ticket for a token and the ticket of the next reload; each is good once."""
        if self.is_shut or not self.knows(ticket):
            return None
        is_next = _is_same(ticket, self.ticket)
        # A person who reloads twice in a row repeats a ticket whose token was never used.
        is_repeated = len(self._spent) > 1 and ticket == self._spent[-1] and not self._is_token_used
        if not is_next and not is_repeated:
            self.is_shut = True
            return None
        if not self._spent and now - self._born > FIRST_TICKET_S:
            return None
        if is_next:
            self._spent.append(ticket)
            self.ticket = _secret()
        self._token, self._is_token_used = _secret(), False
        door, self._door = self._door, "home"
        return PageKeys(self._token, self.ticket, door)

    def admits(self, token: str) -> bool:
        """Tell whether this is the tab's token; the one before a reload is it no more."""
        admitted = _is_same(token, self._token) and self.was_opened and not self.is_shut
        self._is_token_used |= admitted
        return admitted


class Tickets:
    """Tabs that are let in beside each other: each has tickets of its own, so another one stays.

    Args:
        clock: Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._tabs: list[Tab] = []

    def issue(self, door: str = "home") -> str:
        """Make the ticket of one more tab, which begins at a screen of the page."""
        with self._lock:
            tab = Tab(self._clock(), door)
            self._tabs = [*self._tabs[1 - _MOST_TABS :], tab]
            return tab.ticket

    def redeem(self, ticket: str) -> PageKeys | None:
        """Exchange a ticket, as `Tab.redeem`."""
        with self._lock:
            tab = next((each for each in self._tabs if each.knows(ticket)), None)
            return None if tab is None else tab.redeem(ticket, self._clock())

    def is_shut(self, ticket: str) -> bool:
        """Tell whether a ticket's tab is shut: two have used one."""
        with self._lock:
            return any(tab.is_shut for tab in self._tabs if tab.knows(ticket))

    @property
    def is_anybody_in(self) -> bool:
        """Whether any ticket has been used."""
        with self._lock:
            return any(tab.was_opened for tab in self._tabs)

    def admits(self, token: str) -> bool:
        """Tell whether this is a tab's token, as `Tab.admits`."""
        with self._lock:
            return any(tab.admits(token) for tab in self._tabs)


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
