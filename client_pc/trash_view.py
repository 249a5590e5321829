"""`certrelay trash`: what was deleted and can be put back."""

from certrelay.client.flow.dialogue import Ask, Dialogue, hold, says_yes
from certrelay.client.flow.session import Shell
from certrelay.client.manage.stores import Stores
from certrelay.client.manage.trash import Trash
from certrelay.client.terminal import layout
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, NotConfirmed
from certrelay.safe_text import printable

_COLUMNS = ("deleted", "until", "owner", "fingerprint", "path")
_FINGERPRINT_DIGITS = 16


def show_trash(stores: Stores, report: Report) -> None:
    """List what lies in the trash of each store, newest first."""
    texts = report.texts
    found = [each for root in stores.roots for each in Trash(root).deleted()]
    if not found:
        report.event("empty", texts.say("pc.trash.none"), stores=[*stores.roots])
        return
    rows = []
    for deleted in found:
        report.event("trashed", **deleted.fields())
        rows.append(
            [
                f"{deleted.at.astimezone():%Y-%m-%d %H:%M}",
                f"{deleted.until.astimezone():%Y-%m-%d}",
                printable(deleted.owner, None),
                (deleted.fingerprint or "")[:_FINGERPRINT_DIGITS],
                printable(str(deleted.path), None),
            ]
        )
    head = [texts.say(f"pc.trash.{column}") for column in _COLUMNS]
    for line in layout.table(head, rows, report.columns):
        report.result(line)


def empty_trash(stores: Stores, shell: Shell, *, yes: bool) -> CertRelayError | None:
    """Remove for good what lies there, once the person is sure.

    Returns:
        ``not_deleted`` if not.
    """
    report = shell.report
    count = sum(len(Trash(root).deleted()) for root in stores.roots)
    if count and not yes and not hold(_sure(report, count), shell.lines, report):
        return NotConfirmed("not_deleted")
    gone = sum(Trash(root).empty() for root in stores.roots)
    text = report.texts.say("pc.trash.emptied", count=gone)
    report.event("emptied", text, count=gone, stores=[*stores.roots])
    return None


def _sure(report: Report, count: int) -> Dialogue[bool]:
    report.event("empty_wanted", count=count)
    return says_yes((yield Ask(report.texts.say("pc.ask.empty", count=count))))
