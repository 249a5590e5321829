"""`certrelay remind`: what expires soon, for a person and for cron.

Quiet where there is nothing to do.  A certificate whose successor lies beside it is nothing
to be reminded of.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certrelay.client.flow.describing import fields_of
from certrelay.client.store.reading import Entry
from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, CertRelayError, StorageError
from certrelay.frozen import frozen
from certrelay.pki.certificate import Certificate
from certrelay.pki.kinds import kind_of, label
from certrelay.pki.validity import days_left, last_day
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc import renewal
from client_pc.history import Copy, History, devices_with, devices_with_older
from client_pc.history.record import item_of
from client_pc.stores import Stores

_COLUMNS = ("number", "owner", "kind", "until", "left")


def remind(
    stores: Stores, days: int, report: Report, past: Path | None = None
) -> CertRelayError | None:
    """List what has expired or will within ``days`` days of the Korean calendar, and what to do:
    where to renew, and which devices to send what was renewed to.

    Args:
        stores: Where certificates are.
        days: The limit.
        report: Where it is told.
        past: The folder of the history, if there is one.

    Returns:
        ``expires_soon`` if anything expires, so that cron's exit status tells it.
    """
    now, texts = datetime.now(UTC), report.texts
    entries = stores.entries()
    planner = _Planner(_copies(past), now, texts)
    certificates = [
        None if entry.summary is None else entry.summary.certificate for entry in entries
    ]
    rows: list[list[str]] = []
    steps: list[_Step] = []
    seen: set[str] = set()
    for number, (entry, certificate) in enumerate(zip(entries, certificates, strict=True), 1):
        if certificate is None or certificate.not_after is None or entry.summary is None:
            continue
        left = days_left(certificate.not_after, now)
        fingerprint = certificate.fingerprint
        if fingerprint in seen or _has_successor(certificate, certificates):
            continue
        seen.add(fingerprint)
        if left > days:
            steps += planner.copying(number, certificate)
            continue
        steps.append(planner.renewing(number, entry, certificate))
        rows.append(
            [
                str(number),
                printable(certificate.cn, 44),
                label(kind_of(certificate), texts.say),
                last_day(certificate.not_after),
                _time_left(texts, left),
            ]
        )
    if not rows and not steps:
        if report.columns is not None:  # a person who looks; cron hears nothing
            report.event("empty", texts.say("pc.remind.empty", days=days))
        return None
    if rows:
        head = [texts.say(f"pc.remind.{column}") for column in _COLUMNS]
        for line in layout.table(head, rows, report.columns):
            report.result(line)
    _tell(steps, report)
    return CertificateError("expires_soon", days=days) if rows else None


@frozen
class _Step:
    """One thing to do, with what a script reads of it."""

    name: str
    text: str
    fields: dict[str, Any]


def _tell(steps: Sequence[_Step], report: Report) -> None:
    """Tell the list to work through."""
    heading = f"{report.texts.say('pc.remind.todo.head')}\n"
    for step in steps:
        report.event(step.name, heading + step.text, **step.fields)
        heading = ""


@frozen
class _Planner:
    """Makes steps of certificates."""

    copies: tuple[Copy, ...]
    now: datetime
    texts: Texts

    def renewing(self, number: int, entry: Entry, certificate: Certificate) -> _Step:
        """Where it is renewed or issued anew, and which devices have it."""
        assert entry.summary is not None
        assert certificate.not_after is not None
        where = renewal.place(certificate, self.texts)
        state = renewal.window(certificate.not_after, self.now)
        opens = renewal.opens_on(certificate.not_after)
        text = self.texts.say(
            f"pc.remind.todo.{state}",
            number=number,
            owner=printable(certificate.cn, 44),
            place=where,
            until=last_day(certificate.not_after),
            opens=opens,
        )
        having = devices_with(self.copies, certificate.fingerprint)
        devices = [printable(device) for device in having]
        if devices:
            then = self.texts.say("pc.remind.todo.then", devices=", ".join(devices))
            text = f"{text}\n{then}"
        fields = {
            "number": number,
            "days_left": days_left(certificate.not_after, self.now),
            "path": printable(str(entry.path), None),
            "renewal": state,
            "renewal_opens": opens,
            "renew_at": where,
            "devices": devices,
            **fields_of(entry.summary, self.now),
        }
        return _Step("expires", text, fields)

    def copying(self, number: int, certificate: Certificate) -> list[_Step]:
        """What is good here, and older on devices that the history names."""
        devices = devices_with_older(self.copies, item_of(certificate, "stored"))
        if not devices:
            return []
        owner, shown = printable(certificate.cn, 44), [printable(device) for device in devices]
        text = self.texts.say(
            "pc.remind.todo.copy", number=number, owner=owner, devices=", ".join(shown)
        )
        fields = {"number": number, "cn": owner, "fingerprint": certificate.fingerprint}
        return [_Step("renewed_since", text, {**fields, "devices": shown})]


def _copies(past: Path | None) -> tuple[Copy, ...]:
    """The history; none where there is none, or it cannot be read."""
    if past is None:
        return ()
    try:
        return History(past).read()
    except StorageError:
        return ()


def _has_successor(old: Certificate, others: Sequence[Certificate | None]) -> bool:
    return any(
        other is not None
        and other.subject_der == old.subject_der
        and other.not_after is not None
        and old.not_after is not None
        and other.not_after > old.not_after
        for other in others
    )


def _time_left(texts: Texts, days: int) -> str:
    """Write the days that a certificate has left; below 0 it has expired."""
    if days < 0:
        return texts.say("state.expired")
    return texts.say("pc.remind.days", days=days) if days > 0 else texts.say("pc.remind.today")
