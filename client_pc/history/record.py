"""What an import or an export leaves in the history, and what it then knows to tell."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from certrelay.client.flow.session import CopySession, Handler
from certrelay.client.terminal.report import Report
from certrelay.e2e.hello import Hello
from certrelay.endpoint import events
from certrelay.errors import StorageError
from certrelay.pki.certificate import Certificate
from certrelay.pki.check import Summary
from certrelay.safe_text import printable
from client_pc.history import (
    CopiedItem,
    Copy,
    CopyKind,
    History,
    LocalChange,
    devices_with_old_password,
    devices_with_older,
)


class Witness:
    """A part that remembers who the other device was; the part it is given does the work."""

    def __init__(self, handler: Handler) -> None:
        self._handler: Final = handler
        self.peer: Hello | None = None

    def on_event(self, event: events.Event, session: CopySession) -> None:
        """Take an event."""
        if isinstance(event, events.PeerIntroduced):
            self.peer = event.hello
        self._handler.on_event(event, session)


def remember(
    folder: Path | None,
    direction: CopyKind,
    peer: Hello | None,
    summaries: Sequence[Summary | None],
    *,
    ended: events.Ended,
    report: Report,
) -> None:
    """Write a copy into the history; tell which other devices still have an older one.

    A history that cannot be written is told and spoils nothing: the copy has happened.

    Args:
        folder: Where the history is; ``None`` if the person wants none.
        direction: Seen from this PC.
        peer: The other device; a copy that never met one leaves no trace.
        summaries: The certificates, in the order of the results.
        ended: How it ended.
        report: Where the rest is told.
    """
    if folder is None or peer is None:
        return
    history = History(folder)
    results = ended.results or ()
    fates = [result.reason or result.status for result in results]
    fates += ["unknown"] * (len(summaries) - len(fates))
    items = tuple(
        item_of(None if summary is None else summary.certificate, fate)
        for summary, fate in zip(summaries, fates, strict=False)
    )
    error = None if ended.error is None else ended.error.code
    copy = Copy(datetime.now(UTC), direction, printable(peer.name), peer.platform, items, error)
    try:
        history.append(copy)
        copies = history.read()
    except StorageError as problem:
        path = str(problem.details["path"])
        report.event(
            "history_not_written",
            report.texts.say("pc.history.not_written", path=path),
            path=Path(path),
        )
        return
    for item in items:
        if item.is_kept:
            tell_older(copies, item, report)


def tell_older(copies: Sequence[Copy], newer: CopiedItem, report: Report) -> None:
    """Tell which devices had an older certificate of the same owner: copy it there again."""
    devices = devices_with_older(copies, newer)
    if devices:
        shown = [printable(device) for device in devices]
        name = printable(newer.cn or "?")
        report.event(
            "renewed_since",
            report.texts.say("pc.renewed_since", cn=name, devices=", ".join(shown)),
            cn=newer.cn,
            fingerprint=newer.fingerprint,
            devices=list(devices),
        )


def tell_old_password(
    copies: Sequence[Copy], changes: Sequence[LocalChange], certificate: Certificate, report: Report
) -> None:
    """Tell which devices were given a certificate before its password was changed here."""
    devices = devices_with_old_password(copies, changes, certificate.fingerprint)
    if devices:
        name = printable(certificate.cn)
        shown = ", ".join(map(printable, devices))
        report.event(
            "password_changed_since",
            report.texts.say("pc.password_changed_since", cn=name, devices=shown),
            cn=certificate.cn,
            fingerprint=certificate.fingerprint,
            devices=list(devices),
        )


def item_of(certificate: Certificate | None, status: str) -> CopiedItem:
    """What the history keeps of a certificate; its texts are made printable here."""
    if certificate is None:
        return CopiedItem(None, None, None, None, status)
    return CopiedItem(
        printable(certificate.cn),
        printable(certificate.subject, None),
        certificate.fingerprint,
        certificate.not_after,
        status,
    )
