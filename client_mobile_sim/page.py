"""The phone as a browser page: it hands files over and cannot know that they were saved.

The key store is its folder of downloads.  As docs/protocol.md §7.4 demands, the receipt says
`stored` only after the person has said that the file is there.
"""

from collections.abc import Callable
from datetime import datetime

from certrelay.client.flow.dialogue import Ask, Dialogue, says_yes
from certrelay.client.flow.receiving import Receiving
from certrelay.client.flow.session import CopySession
from certrelay.client.store.store import Store
from certrelay.e2e.bodies import ItemResult
from certrelay.endpoint import events


class PageReceiving(Receiving):
    """Receives as a page does.

    Args:
        store: The folder of downloads.
        yes: Answer both questions with yes: whether to save, and whether the file is there.
        today: Gives the wall clock's time.
    """

    def __init__(self, store: Store, *, yes: bool, today: Callable[[], datetime]) -> None:
        super().__init__(store, yes=yes, today=today)
        self._sees = yes

    def on_event(self, event: events.Event, session: CopySession) -> None:
        """Take an event; see `certrelay.endpoint.events`."""
        if isinstance(event, events.SeenOverdue):
            session.stop_asking()
            session.say("unconfirmed", "phone.unconfirmed")
        super().on_event(event, session)

    def _report(self, results: list[ItemResult], session: CopySession) -> Dialogue[None]:
        handed_over = [ItemResult("stored") if result.is_kept else result for result in results]
        session.endpoint.ask_seen(handed_over, session.now())
        session.report.event("seen_wanted")
        if self._sees or says_yes((yield Ask(session.report.texts.say("phone.ask.seen")))):
            session.endpoint.confirm_seen()
        else:
            session.endpoint.give_up_seeing()
            session.say("unconfirmed", "phone.unconfirmed")
