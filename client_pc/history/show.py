"""`certrelay history`: what went where, when, and how it ended; and what is to be copied again."""

from datetime import UTC, datetime
from typing import Any

from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc.history import CopiedItem, Copy, History
from client_pc.history.record import item_of, tell_older
from client_pc.stores import Stores

_COLUMNS = ("when", "direction", "device", "owner", "result", "fingerprint")
_FINGERPRINT_DIGITS = 16


def show_history(history: History, stores: Stores, report: Report) -> None:
    """Tell every copy, oldest first; then the certificates that were renewed since.

    Raises:
        StorageError: ``history_unreadable``.
    """
    texts = report.texts
    copies = history.read()
    if not copies:
        report.event("empty", texts.say("pc.history.empty"))
        return
    rows = []
    for copy in copies:
        report.event("copy", **_fields(copy))
        rows += [_row(copy, item, texts) for item in copy.items or (_NOTHING,)]
    head = [texts.say(f"pc.history.{column}") for column in _COLUMNS]
    for line in layout.table(head, rows, report.columns):
        report.result(line)
    _tell_renewed(copies, stores, report)


def clear_history(history: History, report: Report) -> None:
    """Remove the history.

    Raises:
        StorageError: ``output_file`` with ``path``.
    """
    history.clear()
    text = report.texts.say("pc.history.cleared", path=str(history.path))
    report.event("cleared", text, path=printable(str(history.path), None))


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
        "device": printable(copy.device),
        "platform": printable(copy.platform),
        "error": copy.error and printable(copy.error),
        "items": [
            {
                "cn": item.cn and printable(item.cn),
                "fingerprint": item.fingerprint and printable(item.fingerprint),
                "not_after": _iso(item.not_after),
                "status": printable(item.status),
            }
            for item in copy.items
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _tell_renewed(copies: tuple[Copy, ...], stores: Stores, report: Report) -> None:
    """Tell of each certificate here that is newer than what a device was given."""
    try:
        entries = stores.entries()
    except CertificateError:
        return
    for entry in entries:
        certificate = None if entry.summary is None else entry.summary.certificate
        if certificate is not None:
            tell_older(copies, item_of(certificate, "stored"), report)
