"""`certrelay list`: what is in the stores, for a person, for a script and for a spreadsheet."""

import csv
import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from certrelay.client.manage.inventory import Filter, Listed, Sort, arranged, take_stock
from certrelay.client.manage.stores import Stores
from certrelay.client.path_text import path_text
from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError
from certrelay.frozen import frozen
from certrelay.pki.kinds import kind_of, label
from certrelay.pki.validity import last_day
from certrelay.safe_text import cell_width, printable
from certrelay.texts import Texts
from client_pc.words import COLUMNS, Column

_USUAL: Final[tuple[Column, ...]] = ("number", "kind", "cn", "issuer", "until", "state")
_STYLES: Final = {"expired": "31", "expiring": "33", "valid": "32", "broken": "31"}
_SHORTEST_CELLS: Final = 12
"""To which a name is cut at most, so that a certificate stays one line."""


@frozen
class ListView:
    """What the command line says of the list."""

    filter: Filter = Filter()
    sort: Sort | None = None
    columns: Sequence[Column] | None = None
    csv: bool = False
    all_places: bool = False
    """Whether it is also said which stores were looked into."""


def list_all(stores: Stores, view: ListView, report: Report) -> CertRelayError | None:
    """List everything, also what is broken, numbered as selectors count.

    Returns:
        ``no_store`` where a store that was named is not there: a list without it is no all-clear.
    """
    entries = stores.entries()
    records = take_stock(entries, datetime.now(UTC))
    stores.remember_shown(entries)
    kept = arranged([each for each in records if view.filter.keeps(each)], view.sort or "number")
    if view.all_places:
        report.event("looked_in", stores=list(stores.roots))
    for record in kept:
        place = stores.root_of(record.path)
        report.event("certificate", **record.fields(), place=place)
    columns = view.columns or (*_USUAL, *(("path",) if len(stores.roots) > 1 else ()))
    if view.csv:
        _write_csv(kept, view.columns or COLUMNS, report)
    elif kept:
        _draw(kept, columns, report, by_state=view.sort is None)
        _tell_notes(kept, report)
    elif stores.missing is None:
        where = ", ".join(str(root) for root in stores.roots)
        text = report.texts.say("pc.list.none" if entries else "pc.list.empty", path=where)
        report.event("empty", text, stores=list(stores.roots))
    return stores.missing


def _draw(
    records: Sequence[Listed], columns: Sequence[Column], report: Report, *, by_state: bool
) -> None:
    """A line for each certificate; for a person what has expired stands last."""
    width = report.columns
    if width is not None and by_state:
        records = sorted(records, key=lambda record: record.state == "expired")
    head = [report.texts.say(f"pc.list.{column}") for column in columns]
    rows = [[_cell(record, column, report.texts) for column in columns] for record in records]
    if width is not None:
        rows = _narrowed(head, rows, columns, width)
    drawn = layout.table(head, rows, width)
    if len(drawn) != len(rows) + 1:  # blocks, as the screen is too narrow
        drawn = ["", *drawn] if drawn else drawn
        for line in drawn[1:]:
            report.result(line)
        return
    report.result(drawn[0])
    for record, line in zip(records, drawn[1:], strict=True):
        report.result(report.painted(line, _STYLES.get(record.state, "")))


def _narrowed(
    head: Sequence[str], rows: list[list[str]], columns: Sequence[Column], width: int
) -> list[list[str]]:
    """Cut the names so far that each line fits, if it can be done."""
    widths = [max(map(cell_width, column)) for column in zip(head, *rows, strict=True)]
    over = sum(widths) + len(layout.GAP) * (len(widths) - 1) - width
    for name in ("cn", "issuer", "kind"):
        if over <= 0 or name not in columns:
            continue
        at = list(columns).index(name)
        cut = min(over, max(0, widths[at] - _SHORTEST_CELLS))
        over -= cut
        if cut:
            rows = [
                [*row[:at], printable(row[at], widths[at] - cut), *row[at + 1 :]] for row in rows
            ]
    return rows


def _cell(record: Listed, column: Column, texts: Texts) -> str:
    """What stands in a column, for a person; empty where it cannot be read."""
    certificate = record.certificate
    if column == "number":
        return str(record.number)
    if column == "path":
        return printable(str(record.path), None)
    if column == "cn":
        return printable(record.owner, None)
    if column == "state":
        return _state(record, texts)
    if certificate is None:
        return texts.say("use.sealed") if column == "kind" and record.state == "sealed" else ""
    begin, end = certificate.not_before, certificate.not_after
    match column:
        case "kind":
            return label(kind_of(certificate), texts.say)
        case "subject":
            return printable(certificate.subject, None)
        case "issuer":
            return printable(certificate.issuer_cn, None)
        case "serial":
            return str(certificate.serial)
        case "from":
            return "" if begin is None else last_day(begin)
        case "until":
            return "" if end is None else last_day(end)
        case "left":
            return "" if record.days_left is None else str(record.days_left)
        case "fingerprint":
            return certificate.fingerprint


def _state(record: Listed, texts: Texts) -> str:
    state = texts.say(f"state.{record.state}")
    begin = None if record.certificate is None else record.certificate.not_before
    if record.state == "not_yet" and begin is not None:
        state = texts.say("pc.list.from_day", state=state, day=last_day(begin))
    if record.replaced_by is None:
        return state
    return f"{state}, {texts.say(f'pc.list.replaced.{record.replaced_by.certainty}')}"


def _tell_notes(records: Sequence[Listed], report: Report) -> None:
    """Say what is wrong with what, and which copies there are: one line for all of one."""
    texts = report.texts
    copies: dict[object, list[Listed]] = {}
    for record in records:
        named = {"number": record.number, "path": record.path}
        if record.entry.error is not None:
            error = record.entry.error
            text = f"{record.number}: {texts.error(error)}"
            report.event("note", text, code=error.code, fingerprint=None, **named)
        elif record.certificate is not None and record.is_unprotected:
            text = f"{record.number}: {texts.say('note.unprotected')}"
            fingerprint = record.certificate.fingerprint
            report.event("note", text, code="unprotected", fingerprint=fingerprint, **named)
        elif record.same_as is not None:
            copies.setdefault(record.same_as, []).append(record)
    for first, others in copies.items():
        numbers = [record.number for record in others]
        certificate = others[0].certificate
        report.event(
            "note",
            texts.say("pc.list.same", numbers=_shortened(numbers), path=str(first)),
            code="same_as",
            fingerprint=None if certificate is None else certificate.fingerprint,
            number=numbers[0],
            path=first,
        )


def _shortened(numbers: Sequence[int]) -> str:
    """Write numbers for a person: ``3, 5-9``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


def _write_csv(records: Sequence[Listed], columns: Sequence[Column], report: Report) -> None:
    """A table that Excel opens as it is: UTF-8 with its mark, and no cell that is a formula.

    Source: RFC 4180; OWASP's page on CSV injection.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(report.texts.say(f"pc.list.{column}") for column in columns)
    for record in records:
        writer.writerow(_csv_cell(record, column, report.texts) for column in columns)
    _write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace"))


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def _csv_cell(record: Listed, column: Column, texts: Texts) -> str:
    if column == "path":
        text = path_text(record.path)
    elif column in ("number", "left"):
        return _cell(record, column, texts)
    else:
        text = _cell(record, column, texts)
    # Excel writes a number of more than 15 digits with zeros at its end: a blank keeps it text.
    is_number = text.isdigit() and len(text) > 15
    return f"'{text}" if text.startswith(_FORMULA) or is_number else text


def _write_bytes(content: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
