"""`certrelay export`: certificates go from this PC to the phone."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from certrelay.bundle import Item
from certrelay.disk.reading import find
from certrelay.e2e.qr import Direction
from certrelay.errors import CertRelayError
from certrelay.story.choosing import check_passwords, choose
from certrelay.story.dialogue import Dialogue, hold
from certrelay.story.sending import Sending
from certrelay.story.session import Shell
from client_pc.room import RoomOptions, copy


def send(
    root: Path, selectors: Sequence[str], options: RoomOptions, shell: Shell
) -> CertRelayError | None:
    """Choose, check the passwords, then send once; give the error it ended with, if any.

    Nothing is shown and no relay is asked before the passwords were right.

    Args:
        root: The NPKI folder to read.
        selectors: See `certrelay.story.choosing.select`; empty to ask.
        options: Relay, files for the QR code, this PC's name.
        shell: Report, answers, clock.
    """
    report, now = shell.report, datetime.now(UTC)
    chosen = hold(choose(find(root), selectors, report, now), shell.lines, report)
    items = hold(check_passwords(chosen, report, now), shell.lines, report)

    def ready() -> Dialogue[tuple[Item, ...]]:
        yield from ()
        return items

    ended = copy(Direction.TO_PHONE, lambda: Sending(ready), options, shell)
    if ended.error is None:
        report.event("done", report.texts.say("pc.done.export", count=len(items)))
    return ended.error
