"""Who is let in: a ticket in the address's fragment, exchanged once for a token.

The first ticket is seen by whoever may read this PC's process table while the browser starts,
the one for a reload by whoever reads the files in which the browser keeps its tabs.  Two who
have one are one too many: a ticket that is used a second time shuts its tab, for both.  Each
tab has tickets of its own, so another tab stays.

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
class TabAdmission:
    """What a page gets for its ticket: both are secrets."""

    token: str
    """For its requests.  It stays in the page's memory."""
    reload_ticket: str
    """For its next reload.  Browsers write it down with the tab."""
    door: str
    """Where the page begins."""


def _secret() -> str:
    return secrets.token_urlsafe(32)


class _Tab:
    def __init__(self, now: float, door: str) -> None:
        self.door = door
        self.ticket = _secret()
        self.token = _secret()
        self.spent: list[str] = []
        self.born: Final = now
        self.is_token_used = False
        self.is_shut = False


class Tickets:
    """The tabs that are let in.

    Args:
        clock: Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._tabs: list[_Tab] = []

    def issue(self, door: str = "home") -> str:
        """Make the ticket of one more tab, which begins at a screen of the page."""
        with self._lock:
            tab = _Tab(self._clock(), door)
            self._tabs = [*self._tabs[1 - _MOST_TABS :], tab]
            return tab.ticket

    def redeem(self, ticket: str) -> TabAdmission | None:
        """Exchange a ticket for a token and the ticket of the next reload; each is good once."""
        with self._lock:
            tab = next((each for each in self._tabs if _is_of(ticket, each)), None)
            if tab is None or tab.is_shut:
                return None
            is_next = ticket == tab.ticket
            # A person who reloads twice in a row repeats a ticket whose token was never used.
            is_repeated = len(tab.spent) > 1 and ticket == tab.spent[-1] and not tab.is_token_used
            if not is_next and not is_repeated:
                tab.is_shut = True
                return None
            if not tab.spent and self._clock() - tab.born > FIRST_TICKET_S:
                return None
            if is_next:
                tab.spent.append(ticket)
                tab.ticket = _secret()
            tab.token, tab.is_token_used = _secret(), False
            door, tab.door = tab.door, "home"  # a reload knows its screen
            return TabAdmission(tab.token, tab.ticket, door)

    @property
    def is_anybody_in(self) -> bool:
        """Whether any ticket has been used."""
        with self._lock:
            return any(tab.spent for tab in self._tabs)

    def admits(self, token: str) -> bool:
        """Tell whether this is a tab's token; the one before a reload is it no more."""
        with self._lock:
            for tab in self._tabs:
                if _is_same(token, tab.token) and tab.spent and not tab.is_shut:
                    tab.is_token_used = True
                    return True
            return False


def _is_of(ticket: str, tab: _Tab) -> bool:
    return any(_is_same(ticket, known) for known in (tab.ticket, *tab.spent))


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
