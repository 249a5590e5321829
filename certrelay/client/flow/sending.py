"""The sender's part: choose, check the password, type the number, wait for the receipt."""

import unicodedata
from collections.abc import Callable
from typing import Final

from certrelay.bundle import Item
from certrelay.client.flow.dialogue import Ask, Dialogue
from certrelay.client.flow.session import CopySession
from certrelay.endpoint import events
from certrelay.errors import CertificateError
from certrelay.limits import NUMBER_DIGITS, NUMBER_TRIES
from certrelay.pki.check import inspect


def _plain(typed: str) -> str:
    """The digits as a Korean keyboard or a careful person may type them: ``６３７-081``."""
    return "".join(unicodedata.normalize("NFKC", typed).replace("-", " ").split())


def _fingerprint(item: Item) -> str | None:
    """The name of its certificate; ``None`` while it is sealed."""
    try:
        certificate = inspect(item).certificate
    except CertificateError:
        return None
    return None if certificate is None else certificate.fingerprint


class Sending:
    """Sends items that are known already, or that a dialogue finds once the other device is there.

    Args:
        choose: Makes the dialogue that gives the items, each time the part needs it.
    """

    def __init__(self, choose: Callable[[], Dialogue[tuple[Item, ...]]]) -> None:
        self._choose: Final = choose
        self._offered = False
        self._number_tries: int | None = None
        self._fingerprints: list[str | None] = []

    def on_event(self, event: events.Event, session: CopySession) -> None:
        """Take an event; see `certrelay.endpoint.events`."""
        match event:
            case events.PeerIntroduced():
                session.converse(self._prepare(session))
            case events.NumberWanted(tries_left):
                self._number_tries = tries_left
                if self._offered:
                    session.converse(self._ask_number(session))
            case events.NumberWrong(tries_left):
                if not tries_left:  # the end says it
                    session.report.event("number_wrong", tries_left=0)
                else:
                    session.say("number_wrong", "story.number_wrong", tries_left=tries_left)
                    session.converse(self._ask_number(session))
            case events.NumberMatched():
                session.say("number_matched", "story.number_matched")
            case events.Moved(done, total):
                session.say("progress", "story.progress", done=done, total=total)
            case events.ReceiptArrived(results):
                named = zip(results, self._fingerprints, strict=False)
                session.report.event(
                    "receipt",
                    items=[
                        {"fingerprint": name, "status": result.status, "reason": result.reason}
                        for result, name in named
                    ],
                )

    def _prepare(self, session: CopySession) -> Dialogue[None]:
        session.say("leaving", f"story.leaving.{session.names.other}")
        session.endpoint.report_step("choosing")
        items = yield from self._choose()
        self._fingerprints = [_fingerprint(item) for item in items]
        session.endpoint.offer(items)
        session.endpoint.report_step("typing")
        self._offered = True
        if self._number_tries is not None:
            yield from self._ask_number(session)

    def _ask_number(self, session: CopySession) -> Dialogue[None]:
        tries = self._number_tries if self._number_tries is not None else NUMBER_TRIES
        text = session.report.texts.say(f"story.ask.number.{session.names.other}")
        while True:
            session.report.event("number_wanted", tries_left=tries)
            typed = _plain((yield Ask(text)))
            if len(typed) == NUMBER_DIGITS and typed.isdecimal():
                break
            session.say("number_unreadable", "story.number_unreadable")  # costs no try
        self._number_tries = tries - 1
        session.endpoint.enter_number(typed, session.now())
