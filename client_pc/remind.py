"""`certrelay remind`: what expires soon, for a person and for cron.

Quiet where there is nothing to do.  A certificate whose successor lies beside it is nothing
to be reminded of; one that nobody here can judge is told, since it may be the one that expires.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from certrelay.client.manage.inventory import Listed, take_stock
from certrelay.client.manage.stores import Stores
from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, CertRelayError, Expiring, StorageError
from certrelay.frozen import frozen
from certrelay.pki.kinds import kind_of, label
from certrelay.pki.validity import last_day
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc import renewal
from client_pc.history import (
    Copy,
    History,
    LocalChange,
    devices_with,
    devices_with_old_password,
    devices_with_older,
)
from client_pc.history.record import item_of

_COLUMNS = ("number", "owner", "kind", "until", "left")
_GROUPS: Final = (("expired", -1), ("today", 0), ("week", 7), ("month", 30))
"""The groups of the list, and the days left up to which each goes."""


@frozen
class Asked:
    """What the command line asks."""

    days: int
    not_expired: bool = False
    """Leave out what has expired already."""

    notice: bool = False
    """Show a notice of the system in place of the list: nobody reads what is written."""


def remind(
    stores: Stores, asked: Asked, report: Report, past: Path | None = None
) -> CertRelayError | None:
    """List what has expired or will within so many days of the Korean calendar, and what to do:
    where to renew, and which devices to send what was renewed to.

    Args:
        stores: Where certificates are.
        asked: The limit.
        report: Where it is told.
        past: The folder of the history, if there is one.

    Raises:
        NotConfirmed: ``notice_failed``, where a notice is asked for and cannot be shown.

    Returns:
        ``expires_soon`` if anything expires; else ``not_judged`` if something could not be read,
        or ``no_store`` if a store is not there: cron's exit status tells them apart.
    """
    now, texts = datetime.now(UTC), report.texts
    entries = stores.entries()
    planner = _Planner(*_history(past), now, texts)
    expiring: list[Listed] = []
    steps: list[_Step] = []
    unjudged: list[Listed] = []
    for record in take_stock(entries, now):
        if record.days_left is None:
            unjudged.append(record)
        elif record.same_as is not None or record.replaced_by is not None:
            steps += planner.replaced(record, asked.days)
        elif record.days_left > asked.days:
            steps += planner.copying(record)
        elif record.days_left >= 0 or not asked.not_expired:
            expiring.append(record)
    expiring = _once(sorted(expiring, key=lambda each: (each.days_left, each.number)))
    if asked.notice:
        # Nobody has seen the numbers, and no names get into the log of whoever runs this.
        _notify(expiring, asked, report)
        return _outcome(expiring, unjudged, asked, stores)
    stores.remember_shown(entries)
    steps = [*(planner.renewing(record) for record in expiring), *_once_each(steps)]
    if expiring:
        _draw(expiring, report)
    _tell(steps, report)
    for record in unjudged:
        _tell_unjudged(record, report)
    outcome = _outcome(expiring, unjudged, asked, stores)
    # A person who looks is told; cron hears nothing.
    if outcome is None and not steps and report.columns is not None:
        report.event("empty", texts.say("pc.remind.empty", days=asked.days), stores=[*stores.roots])
    return outcome


def _outcome(
    expiring: Sequence[Listed], unjudged: Sequence[Listed], asked: Asked, stores: Stores
) -> CertRelayError | None:
    if expiring:
        return Expiring("expires_soon", days=asked.days)
    if stores.missing is not None:
        return stores.missing
    return CertificateError("not_judged", count=len(unjudged)) if unjudged else None


def _notify(expiring: Sequence[Listed], asked: Asked, report: Report) -> None:
    """Show a notice of the system for what expires, if anything does.

    It has no names: a notice stands on a locked screen too.

    Raises:
        NotConfirmed: ``notice_failed``.
    """
    if not expiring:
        return
    from client_pc.desktop import notice

    say, first = report.texts.say, expiring[0]
    assert first.certificate is not None
    assert first.certificate.not_after is not None
    text = say(
        "pc.remind.notice.text",
        until=last_day(first.certificate.not_after),
        name=say("desktop.name"),
    )
    count = len(expiring)
    notice.show(say("pc.remind.notice.title", count=count, days=asked.days), text)
    report.event("noticed", count=count)


def _once(records: Sequence[Listed]) -> list[Listed]:
    """One of a pair and a PKCS#12 file of the same certificate."""
    return list({record.certificate: record for record in reversed(records)}.values())[::-1]


def _draw(records: Sequence[Listed], report: Report) -> None:
    texts = report.texts
    rows: list[list[str]] = []
    headings: dict[int, str] = {}
    for record in records:
        certificate, left = record.certificate, record.days_left
        if certificate is None or certificate.not_after is None or left is None:
            continue
        group = next((name for name, most in _GROUPS if left <= most), "later")
        if group not in headings.values():
            headings[len(rows)] = group
        rows.append(
            [
                str(record.number),
                printable(record.owner, 44 if report.columns else None),
                label(kind_of(certificate), texts.say),
                last_day(certificate.not_after),
                _time_left(texts, left),
            ]
        )
    head = [texts.say(f"pc.remind.{column}") for column in _COLUMNS]
    lines = layout.table(head, rows, report.columns)
    if len(lines) != len(rows) + 1:  # blocks on a narrow screen
        for line in lines:
            report.result(line)
        return
    report.result(lines[0])
    for at, line in enumerate(lines[1:]):
        if at in headings:
            report.result(f"[{texts.say(f'pc.remind.group.{headings[at]}')}]")
        report.result(line)


@frozen
class _Step:
    """One thing to do, with what a script reads of it."""

    name: str
    text: str
    fields: dict[str, Any]


def _once_each(steps: Sequence[_Step]) -> list[_Step]:
    return list({(step.name, step.text): step for step in steps}.values())


def _tell(steps: Sequence[_Step], report: Report) -> None:
    """Tell the list to work through."""
    heading = f"{report.texts.say('pc.remind.todo.head')}\n"
    for step in steps:
        report.event(step.name, heading + step.text, **step.fields)
        heading = ""


def _tell_unjudged(record: Listed, report: Report) -> None:
    fault = record.fault
    code = "no_validity" if fault is None else fault.code
    reason = report.texts.error(CertificateError("not_judged", count=1) if fault is None else fault)
    text = report.texts.say("pc.remind.unjudged", number=record.number, why=reason)
    report.event("unjudged", text, code=code, **record.fields())


@frozen
class _Planner:
    """Makes steps of certificates."""

    copies: tuple[Copy, ...]
    changes: tuple[LocalChange, ...]
    now: datetime
    texts: Texts

    def renewing(self, record: Listed) -> _Step:
        """Where it is renewed or issued anew, and which devices have it."""
        certificate = record.certificate
        assert certificate is not None
        assert certificate.not_after is not None
        centre = renewal.centre(certificate)
        state = renewal.window(certificate.not_after, self.now)
        opens = renewal.opens_on(certificate.not_after)
        text = self.texts.say(
            f"pc.remind.todo.{state}",
            number=record.number,
            owner=printable(record.owner, 44),
            place=renewal.place(centre, self.texts),
            until=last_day(certificate.not_after),
            opens=opens,
        )
        devices = list(devices_with(self.copies, certificate.fingerprint))
        if devices:
            then = self.texts.say("pc.remind.todo.then", devices=_listed(devices))
            text = f"{text}\n{then}"
        fields = {
            **record.fields(),
            "renewal": state,
            "renewal_opens": opens,
            "renew_at": {"authority": centre.authority, "bank": centre.bank},
            "devices": devices,
        }
        return _Step("expires", text, fields)

    def copying(self, record: Listed) -> list[_Step]:
        """What is good here, and older or under another password on devices of the history."""
        certificate = record.certificate
        assert certificate is not None
        fingerprint = certificate.fingerprint
        older = devices_with_older(self.copies, item_of(certificate, "stored"))
        locked = devices_with_old_password(self.copies, self.changes, fingerprint)
        steps = []
        for event, todo, devices in (
            ("renewed_since", "copy", older),
            ("password_changed_since", "password", locked),
        ):
            text = self.texts.say(
                f"pc.remind.todo.{todo}",
                number=record.number,
                owner=printable(record.owner, 44),
                devices=_listed(devices),
            )
            fields = {"number": record.number, "cn": certificate.cn, "path": record.path}
            named = {"fingerprint": fingerprint, "devices": list(devices)}
            if devices:
                steps.append(_Step(event, text, {**fields, **named}))
        return steps

    def replaced(self, record: Listed, days: int) -> list[_Step]:
        """What would expire, if another one had not likely taken its place."""
        replaced, left = record.replaced_by, record.days_left
        if replaced is None or replaced.certainty == "certain" or left is None or left > days:
            return []
        text = self.texts.say(
            "pc.remind.todo.replaced",
            number=record.number,
            owner=printable(record.owner, 44),
            path=str(replaced.path),
        )
        return [_Step("replaced", text, record.fields())]


def _listed(devices: Sequence[str]) -> str:
    return ", ".join(map(printable, devices))


def _history(past: Path | None) -> tuple[tuple[Copy, ...], tuple[LocalChange, ...]]:
    """Copies and changes; none where there is no history, or it cannot be read."""
    if past is None:
        return (), ()
    history = History(past)
    try:
        return history.read(), history.read_changes()
    except StorageError:
        return (), ()


def _time_left(texts: Texts, days: int) -> str:
    """Write the days that a certificate has left; below 0 it has expired."""
    if days < 0:
        return texts.say("state.expired")
    return texts.say("pc.remind.days", days=days) if days > 0 else texts.say("pc.remind.today")
