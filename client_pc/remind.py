"""`certrelay remind`: what expires soon, for a person and for cron.

Quiet where there is nothing to do.  A certificate whose successor lies beside it is nothing
to be reminded of.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from certrelay.client.flow.describing import fields_of
from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, CertRelayError
from certrelay.pki.certificate import Certificate
from certrelay.pki.kinds import kind_of, label
from certrelay.pki.validity import days_left, last_day
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc.stores import Stores

_COLUMNS = ("number", "owner", "kind", "until", "left")


def remind(stores: Stores, days: int, report: Report) -> CertRelayError | None:
    """List what has expired or will within ``days`` days of the Korean calendar.

    Returns:
        ``expires_soon`` if there is anything, so that cron's exit status tells it.
    """
    now, texts = datetime.now(UTC), report.texts
    entries = stores.entries()
    certificates = [
        None if entry.summary is None else entry.summary.certificate for entry in entries
    ]
    rows: list[list[str]] = []
    seen: set[str] = set()
    for number, (entry, certificate) in enumerate(zip(entries, certificates, strict=True), 1):
        if certificate is None or certificate.not_after is None or entry.summary is None:
            continue
        left = days_left(certificate.not_after, now)
        fingerprint = certificate.fingerprint
        if left > days or fingerprint in seen or _has_successor(certificate, certificates):
            continue
        seen.add(fingerprint)
        path = printable(str(entry.path), None)
        report.event(
            "expires", number=number, days_left=left, path=path, **fields_of(entry.summary, now)
        )
        rows.append(
            [
                str(number),
                printable(certificate.cn, 44),
                label(kind_of(certificate), texts.say),
                last_day(certificate.not_after),
                _time_left(texts, left),
            ]
        )
    if not rows:
        if report.columns is not None:  # a person who looks; cron hears nothing
            report.event("empty", texts.say("pc.remind.empty", days=days))
        return None
    head = [texts.say(f"pc.remind.{column}") for column in _COLUMNS]
    for line in layout.table(head, rows, report.columns):
        report.result(line)
    return CertificateError("expires_soon", days=days)


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
