"""`certrelay list`: what is in the stores."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certrelay.client.flow.describing import fields_of, state_of
from certrelay.client.store.reading import Entry
from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.pki.kinds import kind_of, label
from certrelay.pki.validity import last_day
from certrelay.safe_text import printable
from client_pc.stores import Stores, duplicates

_CN_CELLS = 44
_COLUMNS = ("kind", "cn", "issuer", "until", "state")


def list_all(stores: Stores, report: Report) -> None:
    """List everything, also what is broken, numbered as selectors count."""
    now = datetime.now(UTC)
    entries = stores.entries()
    texts = report.texts
    if not entries:
        where = ", ".join(str(root) for root in stores.roots)
        report.event("empty", texts.say("pc.list.empty", path=where))
        return
    again = duplicates(entries)
    head = ["#", *(texts.say(f"pc.list.{column}") for column in _COLUMNS)]
    rows = []
    notes = []
    for number, entry in enumerate(entries, 1):
        rows.append(_row(number, entry, again, report, now))
        if len(stores.roots) > 1:
            rows[-1].append(printable(str(entry.path), None))
        if entry.error is not None:
            notes.append(f"{number}: {texts.error(entry.error)}")
        elif entry.summary is not None and not entry.summary.protected:
            notes.append(f"{number}: {texts.say('note.unprotected')}")
        elif entry.path in again:
            notes.append(texts.say("pc.list.same", number=number, path=str(again[entry.path])))
    if len(stores.roots) > 1:
        head.append(texts.say("pc.list.path"))
    for line in layout.table(head, rows, report.columns):
        report.result(line)
    for note in notes:
        report.event("note", note)


def _row(
    number: int, entry: Entry, again: Mapping[Path, Path], report: Report, now: datetime
) -> list[str]:
    fields: dict[str, Any] = {"number": number, "path": printable(str(entry.path), None)}
    texts = report.texts
    if entry.summary is None:
        fields["error"] = "internal" if entry.error is None else entry.error.code
        report.event("certificate", **fields)
        name = printable(entry.path.name, _CN_CELLS)
        return [str(number), "", name, "", "", texts.say("state.unknown")]
    summary = entry.summary
    certificate = summary.certificate
    kind = texts.say("use.sealed")
    if certificate is not None:
        kind = label(kind_of(certificate), texts.say)
    if entry.path in again:
        fields["same_as"] = printable(str(again[entry.path]), None)
    report.event(
        "certificate", **fields, use="" if certificate is None else kind, **fields_of(summary, now)
    )
    return [
        str(number),
        kind,
        printable(summary.name or entry.path.stem, _CN_CELLS),
        printable(summary.issuer or "", 24),
        "" if summary.not_after is None else last_day(summary.not_after),
        texts.say(f"state.{state_of(summary, now)}"),
    ]
