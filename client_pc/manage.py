"""`certrelay list` and `certrelay show`: what is in the store."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from certrelay.disk.reading import Entry, find
from certrelay.pki.validity import last_day
from certrelay.safe_text import cell_width, pad, printable
from certrelay.story.choosing import select
from certrelay.story.describing import fields_of, files_of, state_of
from certrelay.terminal.report import Report

_CN_CELLS = 44


def list_all(root: Path, report: Report) -> None:
    """List everything, also what is broken, numbered as selectors count."""
    now = datetime.now(UTC)
    entries = find(root)
    rows = [_row(number, entry, report, now) for number, entry in enumerate(entries, 1)]
    if not rows:
        report.event("empty", report.texts.say("pc.list.empty", path=str(root)))
        return
    heads = [report.texts.say(f"pc.list.{key}") for key in ("cn", "issuer", "until", "state")]
    table = [["#", *heads], *rows]
    widths = [max(cell_width(row[column]) for row in table) for column in range(5)]
    for row in table:
        cells = (pad(text, width) for text, width in zip(row, widths, strict=True))
        report.result("  ".join(cells).rstrip())


def _row(number: int, entry: Entry, report: Report, now: datetime) -> list[str]:
    fields: dict[str, Any] = {"number": number, "path": printable(str(entry.path), None)}
    texts = report.texts
    if entry.summary is None:
        code = "internal" if entry.error is None else entry.error.code
        report.event("certificate", **fields, error=code)
        why = "" if entry.error is None else texts.error(entry.error)
        return [str(number), printable(entry.path.name, _CN_CELLS), "", "", why]
    summary = entry.summary
    report.event("certificate", **fields, **fields_of(summary, now))
    return [
        str(number),
        printable(summary.cn or texts.say("story.item.sealed"), _CN_CELLS),
        printable(summary.issuer or "", 24),
        "" if summary.not_after is None else last_day(summary.not_after),
        texts.say(f"state.{state_of(summary, now)}"),
    ]


def show(root: Path, selector: str, report: Report) -> None:
    """Tell everything of one certificate.

    Raises:
        CertRelayError: As `certrelay.story.choosing.select`.
    """
    now = datetime.now(UTC)
    (candidate,) = select(find(root), [selector])
    summary = candidate.summary
    fields = fields_of(summary, now)
    digests = files_of(candidate.item)
    certificate = summary.certificate
    more: dict[str, Any] = {
        "path": printable(str(candidate.path), None),
        "subject": None if certificate is None else printable(certificate.subject, None),
        "issuer_name": None if certificate is None else printable(certificate.issuer, None),
        "policy": summary.policy_oid,
        "fingerprint": None if certificate is None else certificate.fingerprint,
    }
    report.event("certificate", **fields, **more, sha256=digests)
    texts = report.texts
    lines = {
        "cn": fields["cn"],
        "subject": more["subject"],
        "issuer": more["issuer_name"],
        "serial": fields["serial"],
        "until": "" if summary.not_after is None else last_day(summary.not_after),
        "state": texts.say(f"state.{fields['state']}"),
        "policy": more["policy"],
        "fingerprint": more["fingerprint"],
        "path": more["path"],
    }
    heads = {key: texts.say(f"pc.list.{key}") for key in lines}
    width = max(cell_width(head) for head in heads.values())
    for key, value in lines.items():
        if value:
            report.result(f"{pad(heads[key], width)}  {value}")
    for role, digest in digests.items():
        report.result(f"{pad(role, width)}  sha256 {digest}")
