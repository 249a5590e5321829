"""What the page shows and what it answers, between the program's thread and the server's.

The page is a second reader of the story's events: it gets the same ones that ``--json``
writes, in order, from any point on, so that a reload shows the same again.  Two things are
never in them for long: the QR code, which is taken out of the record once it is burnt, and
answers, which only wait here until the story takes them.

Source: docs/security.md, attacks 8, 46 and the page of the PC.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Literal

from certrelay.errors import CertRelayError, Detail
from client_pc.loopback.tickets import PageKeys, Tab

PageState = Literal["opening", "open", "closed", "failed", "unopened", "twice"]
"""The page: on its way, seen, left; or no browser opened it, none in time, two did."""

UNOPENED_S: Final = 30.0
"""Seconds after which the person is told that no browser has come; it may still come."""

AWAY_S: Final = 3.0
"""Seconds without the page after which it counts as left: a reload takes less."""

_LOOK_S: Final = 0.1
"""Seconds between two looks whether a wait became shorter."""

CODE_GRACE_S: Final = 3.0
"""Seconds after the end of its life at which a code goes from the page, whatever the story's loop
is doing: later than the story burns it."""


class PageSession:
    """One page beside one story.

    Args:
        clock: Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.wake: Callable[[], None] = lambda: None
        """Ends the wait of the story's loop."""
        self._clock: Final = clock
        self._opened_at: Final = clock()
        self._tab: Final = Tab(self._opened_at)
        self.ticket: Final = self._tab.ticket
        """What the page's address holds; good for one use."""
        self._changed: Final = threading.Condition()
        self._state: PageState = "opening"
        self._news: list[PageState] = []
        self._events: list[dict[str, Any]] = []
        self._expires_at = 0.0
        self._told = 0
        self._listeners = 0
        self._seen_at = 0.0
        self._questions = 0
        self._is_open = False
        self._is_settled = True
        self._answer: str | None = None
        self._wants_code = False

    # --- the story's side ---

    def tell(self, event: str, **fields: Any) -> None:
        """Add an event to the record."""
        with self._changed:
            self._events.append({"event": event, **fields})
            self._changed.notify_all()

    def show_code(self, rows: list[str], *, is_local: bool, expires_in_ms: int) -> None:
        """Show a QR code.

        Args:
            rows: Its modules without a quiet zone, ``1`` for dark.
            is_local: Whether phone and PC must be in one network.
            expires_in_ms: How long it lives.
        """
        self._expires_at = self._clock() + expires_in_ms / 1000
        self.tell("waiting", rows=rows, is_local=is_local)

    def burn_code(self) -> None:
        """Take the QR code out of the record, and off the page."""
        with self._changed:
            shown = [event for event in self._events if "rows" in event]
            for event in shown:
                del event["rows"]
        self.withdraw_typed_code()
        if shown:
            self.tell("burnt")

    def withdraw_typed_code(self) -> None:
        """Take the digits of typed codes out of the record."""
        with self._changed:
            for event in self._events:
                if event["event"] == "code":
                    event.pop("code", None)

    def want_code(self) -> None:
        """The person at the page wants a code to type."""
        with self._changed:
            self._wants_code = True
        self.wake()

    def take_code_wish(self) -> bool:
        """Tell whether that is so, once."""
        with self._changed:
            wanted, self._wants_code = self._wants_code, False
        return wanted

    def ask(self) -> None:
        """Open a question; an answer to an earlier one counts no more."""
        with self._changed:
            self._questions += 1
            self._answer, self._is_open, self._is_settled = None, True, False
        self.tell("ask", question=self._questions)

    def settle(self) -> None:
        """The question is answered, here or there, or needs no answer any more."""
        with self._changed:
            was_settled, self._is_settled = self._is_settled, True
            self._answer, self._is_open = None, False
        if not was_settled:
            self.tell("answered", question=self._questions)

    def take_answer(self) -> str | None:
        """Give the page's answer, once."""
        with self._changed:
            answer, self._answer = self._answer, None
        return answer

    def take_news(self) -> list[PageState]:
        """What has become of the page since the last call."""
        with self._changed:
            news, self._news = self._news, []
        return news

    @property
    def may_answer(self) -> bool:
        """Whether an answer may still come from the page."""
        return self._state in ("opening", "open")

    def end(self, error: CertRelayError | None) -> None:
        """Tell how it ended: the last event."""
        self.burn_code()
        if error is None:
            self.tell("end")
        else:
            self.tell("end", **described(error))

    def wait_until_told(self, longest: Callable[[], float]) -> None:
        """Wait until a page that is open has the last event.

        Args:
            longest: Gives the seconds for it, which may become fewer meanwhile.
        """
        began = self._clock()
        with self._changed:
            while self._state == "open" and self._told < len(self._events):
                if (left := began + longest() - self._clock()) <= 0:
                    return
                self._changed.wait(min(left, _LOOK_S))

    # --- the server's side ---

    def redeem(self, ticket: str) -> PageKeys | None:
        """Exchange a ticket, as `Tab.redeem`; a second use shuts the page for both."""
        with self._changed:
            keys = self._tab.redeem(ticket, self._clock())
            if self._tab.is_shut:
                self._become("twice")
            elif keys is not None:
                self._seen_at = self._clock()
                self._become("open")
            return keys

    def admits(self, token: str) -> bool:
        """Tell whether this is the page's token, as `Tab.admits`."""
        with self._changed:
            return self._tab.admits(token)

    def events_after(
        self, count: int, seconds: float, is_gone: Callable[[], bool]
    ) -> list[dict[str, Any]]:
        """Give the events after the first ``count``; wait for one if there is none.

        Args:
            count: How many the page has.
            seconds: How long to wait at most.
            is_gone: Whether nobody listens any more.
        """
        end = self._clock() + seconds
        with self._changed:
            self._listeners += 1
            if self._state != "twice":
                self._become("open")
            try:
                while len(self._events) <= count and self._state == "open":
                    if self._clock() >= end or is_gone():
                        break
                    self._changed.wait(0.5)
                left = max(0, round(1000 * (self._expires_at - self._clock())))
                return [
                    {**event, "left_ms": left} if "rows" in event else dict(event)
                    for event in self._events[count:]
                ]
            finally:
                self._listeners -= 1
                self._seen_at = self._clock()

    def was_told(self, count: int) -> None:
        """Note that the page has so many events."""
        with self._changed:
            self._told = max(self._told, count)
            self._changed.notify_all()

    def answer(self, question: int, line: str) -> bool:
        """Take an answer from the page; false if that question is not open."""
        with self._changed:
            if not self._is_open or question != self._questions:
                return False
            self._answer, self._is_open = line, False
        self.wake()
        return True

    def failed(self) -> None:
        """No browser could be opened."""
        with self._changed:
            if not self._tab.was_opened:
                self._become("failed")

    def watch(self) -> None:
        """Look whether the page is still there, and the code still good; called again and again."""
        now = self._clock()
        if now > self._expires_at + CODE_GRACE_S:
            self.burn_code()
        with self._changed:
            if self._state == "opening" and now - self._opened_at > UNOPENED_S:
                self._become("unopened")
            is_away = self._listeners == 0 and now - self._seen_at > AWAY_S
            if self._state == "open" and is_away:
                self._become("closed")

    def _become(self, state: PageState) -> None:
        if state == self._state:
            return
        self._state = state
        if state != "open":
            self._news.append(state)
        self._changed.notify_all()
        self.wake()


def _in_words(value: Detail) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def described(error: CertRelayError) -> dict[str, Any]:
    """An error as the page says it: its code, and its sentence's key and values."""
    details = {name: _in_words(value) for name, value in error.details.items() if name != "what"}
    return {"code": error.code, "key": error.text_key, "details": details}
