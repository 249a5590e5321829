"""`certrelay export`: certificates go from this PC to the phone."""

import os
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Opened, check_passwords, choose
from certrelay.client.flow.dialogue import Dialogue, hold
from certrelay.client.flow.sending import Sending
from certrelay.client.flow.session import Shell
from certrelay.client.terminal.report import Report
from certrelay.e2e.qr import Direction
from certrelay.endpoint.events import Ended
from certrelay.errors import CertificateError, CertRelayError
from certrelay.frozen import frozen
from certrelay.pki.pkcs12_writing import Style
from certrelay.pki.rewrap import to_pkcs12
from certrelay.safe_text import printable
from client_pc.change import remove
from client_pc.copy import CopyOptions, copy
from client_pc.history.record import Witness, remember
from client_pc.stores import Stores


@frozen
class SendOptions:
    """What the command line says of the certificates."""

    selectors: Sequence[str] = ()
    """See `certrelay.client.flow.choosing.select`; empty to ask."""

    style: Style | None = None
    """Send PKCS#12 files of this style in place of key pairs."""

    also_delete: bool = False
    """Remove from this PC what an app on the phone has confirmed to have stored."""

    km: bool = False
    """Whether a PKCS#12 file that is made gets the km pair too: phones take one certificate
    from a file, and the second could hide the first."""


def send(
    stores: Stores, options: SendOptions, way: CopyOptions, shell: Shell, past: Path | None
) -> CertRelayError | None:
    """Choose, check the passwords, then send once; give the error it ended with, if any.

    Nothing is shown and no relay is asked before the passwords were right.

    Args:
        stores: Where the certificates are.
        options: Which, and in what form.
        way: Relay, files for the QR code, this PC's name.
        shell: Report, answers, clock.
        past: The folder of the history, if the person wants one.
    """
    report, now = shell.report, datetime.now(UTC)
    chosen = hold(choose(stores.entries(), options.selectors, report, now), shell.lines, report)
    opened = hold(
        check_passwords(chosen, report, now, shell.lines.password_tries), shell.lines, report
    )
    items = tuple(_form(each, options) for each in opened)
    if options.style is not None:
        style = report.texts.say(f"style.{options.style}")
        report.event("style", report.texts.say("pc.style", style=style), style=options.style)
    if options.also_delete:
        report.event("delete_rule", report.texts.say("pc.delete_rule"))

    def ready() -> Dialogue[tuple[Item, ...]]:
        yield from ()
        return items

    witnesses: list[Witness] = []

    def make_handler() -> Witness:
        witnesses.append(Witness(Sending(ready)))
        return witnesses[-1]

    ended = copy(Direction.TO_PHONE, make_handler, way, shell)
    peer = witnesses[-1].peer if witnesses else None
    if options.also_delete:
        _delete_kept(opened, ended, report, is_page=peer is None or peer.platform == "web")
    if ended.error is None:
        report.event("done", report.texts.say("pc.done.export", count=len(items)))
    summaries = [each.candidate.summary for each in opened]
    remember(past, "export", peer, summaries, ended=ended, report=report)
    return ended.error


def _form(opened: Opened, options: SendOptions) -> Item:
    item, style = opened.candidate.item, options.style
    if style is None or item.kind == "pkcs12":
        return item
    if opened.password is None:
        raise CertificateError("unsupported_algorithm", oid="?")
    password = opened.password
    return to_pkcs12(item, password, password, os.urandom, style, km=options.km)


def _delete_kept(opened: Sequence[Opened], ended: Ended, report: Report, *, is_page: bool) -> None:
    """Delete what the receipt says is on the phone, and nothing else.

    A page cannot know what its browser did with a file, so nothing is deleted on its word: the
    person is told how to delete it after a look at the phone.
    """
    later = []
    for each, result in zip(opened, ended.results or (), strict=False):
        if result.is_kept and not is_page:
            remove(each.candidate, report)
        elif result.is_kept or result.status == "unconfirmed":
            later.append(printable(str(each.candidate.path), None))
    if later:
        commands = [f"  certrelay delete {_quoted(path)}" for path in later]
        text = "\n".join([report.texts.say("pc.delete_later"), *commands])
        report.event("delete_later", text, paths=later)


def _quoted(path: str) -> str:
    """Quote a path for the shell of this system."""
    return f'"{path}"' if os.name == "nt" else shlex.quote(path)
