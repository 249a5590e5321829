"""The receiver's part: show the number, check what arrived, ask, store, give the receipt."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from certrelay.bundle import Item
from certrelay.client.flow.describing import fields_of, line_of
from certrelay.client.flow.dialogue import Ask, Dialogue, says_yes
from certrelay.client.flow.session import CopySession
from certrelay.client.store.store import Store
from certrelay.client.store.system import others_can_read
from certrelay.e2e.bodies import ItemResult
from certrelay.endpoint import events
from certrelay.errors import CertificateError, StorageError
from certrelay.frozen import frozen
from certrelay.pki.check import Summary, inspect
from certrelay.safe_text import printable


@frozen
class _Arrived:
    """An item with its summary, or the reason for which it cannot be kept."""

    item: Item | None
    summary: Summary | None
    refusal: str | None


class Receiving:
    """Stores what arrives, if the person says yes.

    Args:
        store: Where.
        yes: Answer the question about saving with yes; nothing ever skips the number.
        today: Gives the wall clock's time, to judge validity.
    """

    def __init__(self, store: Store, *, yes: bool, today: Callable[[], datetime]) -> None:
        self._store: Final = store
        self._yes: Final = yes
        self._today: Final = today
        self._peer = "?"
        self._arrived: tuple[_Arrived, ...] = ()
        self.saved: list[dict[str, Any]] = []
        """Path and digests of what was stored, as the `saved` events told it."""
        self.failure: StorageError | None = None
        """Why something could not be stored here, if it could not."""

    @property
    def summaries(self) -> tuple[Summary | None, ...]:
        """What arrived, in the order of the results; ``None`` for what cannot be read."""
        return tuple(arrived.summary for arrived in self._arrived)

    def on_event(self, event: events.Event, session: CopySession) -> None:
        """Take an event; see `certrelay.endpoint.events`."""
        match event:
            case events.PeerIntroduced(hello):
                self._peer = printable(hello.name)
            case events.NumberShown(number):
                text = session.report.texts.say(
                    f"story.number.{session.names.other}", number=f"{number[:3]} {number[3:]}"
                )
                session.report.event("number", text, number=number)
            case events.Moved(done, total):
                session.say("progress", "story.progress", done=done, total=total)
            case events.ItemsArrived(items):
                self._check(items, session)
            case events.SaveOverdue():
                session.stop_asking()
                session.say("declined", "story.save_overdue")
                self._decline(session)

    def _check(self, items: tuple[Item | None, ...], session: CopySession) -> None:
        self._arrived = tuple(_inspect(item) for item in items)
        now, texts = self._today(), session.report.texts
        lines: list[str] = []
        fields: list[dict[str, Any]] = []
        for arrived in self._arrived:
            if arrived.summary is None or arrived.item is None:
                lines.append(f"- {texts.say('story.item.broken')}")
                fields.append({"refused": arrived.refusal})
                continue
            taken = self._store.name_is_taken(arrived.item, arrived.summary.place)
            lines.append(f"- {line_of(arrived.summary, texts, now)}")
            if taken:
                lines.append(texts.say("story.item.beside"))
            fields.append({**fields_of(arrived.summary, now), "name_taken": taken})
        session.report.event("offer", "\n".join(f"  {line}" for line in lines), items=fields)
        if all(arrived.summary is None for arrived in self._arrived):
            self._decline(session)
            return
        session.converse(self._save(session) if self._yes else self._ask(session))

    def _ask(self, session: CopySession) -> Dialogue[None]:
        session.report.event("save_wanted")
        answer = yield Ask(session.report.texts.say("story.ask.save", peer=self._peer))
        if says_yes(answer):
            yield from self._save(session)
        else:
            self._decline(session)

    def _decline(self, session: CopySession) -> None:
        session.endpoint.stored(
            [ItemResult("rejected", arrived.refusal or "declined") for arrived in self._arrived]
        )

    def _save(self, session: CopySession) -> Dialogue[None]:
        session.endpoint.saving()
        session.carry_out()  # the other end hears it before the first byte is written
        results = [self._save_one(arrived, session) for arrived in self._arrived]
        yield from self._report(results, session)

    def _report(self, results: list[ItemResult], session: CopySession) -> Dialogue[None]:
        """Give the receipt; a page asks its person first whether the files are there."""
        yield from ()
        session.endpoint.stored(results)

    def _save_one(self, arrived: _Arrived, session: CopySession) -> ItemResult:
        if arrived.item is None or arrived.summary is None:
            return ItemResult("rejected", arrived.refusal)
        try:
            saved = self._store.save(arrived.item, arrived.summary.place, beside=True)
        except StorageError as error:
            if len(self._arrived) > 1:  # a single one ends the copy with it
                session.report.error(error)
            self.failure = error
            return ItemResult("rejected", "name_taken" if error.code == "name_taken" else "disk")
        fields = {
            "status": saved.status,
            "path": saved.path,
            "fingerprint": fields_of(arrived.summary, self._today())["fingerprint"],
            "sha256": {file.name: file.sha256 for file in saved.files},
        }
        self.saved.append(fields)
        session.report.event(
            "saved",
            session.report.texts.say(f"story.saved.{saved.status}", path=str(saved.path)),
            **fields,
        )
        if saved.status == "stored" and others_can_read(saved.path):
            text = session.report.texts.say("note.readable", path=str(saved.path))
            session.report.event("note", text, code="readable", path=saved.path)
        return ItemResult(saved.status)


def _inspect(item: Item | None) -> _Arrived:
    if item is None:
        return _Arrived(None, None, "bad_digest")
    try:
        return _Arrived(item, inspect(item), None)
    except CertificateError as error:
        refusal = "key_mismatch" if error.code == "key_mismatch" else "bad_certificate"
        return _Arrived(item, None, refusal)
