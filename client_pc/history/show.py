"""`certrelay history`: what went where, when, and how it ended; and what is to be copied again."""

from datetime import UTC, datetime
from typing import Any

from certrelay.client.flow.dialogue import Ask, Dialogue, hold, says_yes
from certrelay.client.flow.session import Shell
from certrelay.client.manage.stores import Stores
from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, CertRelayError, NotConfirmed
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc.history import CopiedItem, Copy, History, LocalChange
from client_pc.history.record import item_of, tell_old_password, tell_older

_COLUMNS = ("when", "direction", "device", "owner", "result", "fingerprint")
_FINGERPRINT_DIGITS = 16


def show_history(history: History, stores: Stores, report: Report) -> None:
    """Tell every copy, oldest first; then the certificates that were renewed since.

    Raises:
        StorageError: ``history_unreadable``.
    """
    texts = report.texts
    copies, changes = history.read(), history.read_changes()
    if not copies and not changes:
        report.event("empty", texts.say("pc.history.empty"))
        return
    rows = []
    for copy in copies:
        report.event("copy", **_fields(copy))
        rows += [_row(copy, item, texts) for item in copy.items or (_NOTHING,)]
    for change in changes:
        report.event(
            "change",
            at=_iso(change.at),
            change=change.change,
            path=change.path,
            fingerprint=change.fingerprint,
            to=change.to,
        )
        rows.append(_change_row(change, texts))
    rows.sort(key=lambda row: row[0])
    head = [texts.say(f"pc.history.{column}") for column in _COLUMNS]
    for line in layout.table(head, rows, report.columns):
        report.result(line)
    _tell_renewed(copies, changes, stores, report)


def clear_history(history: History, shell: Shell, *, yes: bool) -> CertRelayError | None:
    """Remove the history, once the person is sure.

    Returns:
        ``not_deleted`` if not.

    Raises:
        StorageError: ``output_file`` with ``path``.
    """
    report = shell.report
    if not yes and not hold(_sure(history, report), shell.lines, report):
        return NotConfirmed("not_deleted")
    history.clear()
    text = report.texts.say("pc.history.cleared", path=str(history.path))
    report.event("cleared", text, path=history.path)
    return None


def _sure(history: History, report: Report) -> Dialogue[bool]:
    report.event("clear_wanted", path=history.path)
    return says_yes((yield Ask(report.texts.say("pc.ask.clear", path=str(history.path)))))


_NOTHING = CopiedItem(None, None, None, None, "")


def _row(copy: Copy, item: CopiedItem, texts: Texts) -> list[str]:
    return [
        copy.at.astimezone().strftime("%Y-%m-%d %H:%M"),
        texts.say(f"pc.history.{copy.direction}"),
        printable(copy.device, 24),
        printable(item.cn or "", 44),
        _result(copy, item, texts),
        printable(item.fingerprint or "")[:_FINGERPRINT_DIGITS],
    ]


def _change_row(change: LocalChange, texts: Texts) -> list[str]:
    known = f"pc.history.change.{change.change}"
    return [
        change.at.astimezone().strftime("%Y-%m-%d %H:%M"),
        texts.say(known) if texts.has(known) else printable(change.change),
        "",
        printable(change.path, None),
        printable(change.to or "", None),
        printable(change.fingerprint or "")[:_FINGERPRINT_DIGITS],
    ]


def _result(copy: Copy, item: CopiedItem, texts: Texts) -> str:
    """The item's fate; where there is none, why the whole copy failed."""
    if item.is_kept:
        return texts.say(f"fate.{item.status}")
    code = copy.error or item.status or "?"
    return texts.say(
        f"fate.{code}" if texts.has(f"fate.{code}") else "fate.failed", code=printable(code)
    )


def _fields(copy: Copy) -> dict[str, Any]:
    return {
        "at": copy.at.astimezone(UTC).isoformat(),
        "direction": copy.direction,
        "device": copy.device,
        "platform": copy.platform,
        "error": copy.error,
        "items": [
            {
                "cn": item.cn,
                "fingerprint": item.fingerprint,
                "not_after": _iso(item.not_after),
                "status": item.status,
            }
            for item in copy.items
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _tell_renewed(
    copies: tuple[Copy, ...], changes: tuple[LocalChange, ...], stores: Stores, report: Report
) -> None:
    """Tell of each certificate here that is newer than what a device was given, or has another
    password."""
    try:
        entries = stores.entries()
    except CertificateError:
        return
    known = [entry.summary.certificate for entry in entries if entry.summary is not None]
    # A pair and a file of one certificate are told once.
    for certificate in {each.fingerprint: each for each in known if each is not None}.values():
        tell_older(copies, item_of(certificate, "stored"), report)
        tell_old_password(copies, changes, certificate, report)
