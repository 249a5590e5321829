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
from certrelay.pki.rewrap import to_pkcs12, without_km
from certrelay.safe_text import printable
from client_pc.change import KmKey, ask_km_key, km_differs, remove
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

    km: bool | None = None
    """Whether the km pair goes along.  If the person does not say, a key pair goes with it, and
    a PKCS#12 file that is made goes without: phones take one certificate from a file, and the
    second could hide the first."""


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
    forms = [_form(each, options, shell) for each in opened]
    items = tuple(item for item, _ in forms)
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
        whole = [goes_whole for _, goes_whole in forms]
        is_page = peer is None or peer.platform == "web"
        _delete_kept(opened, whole, ended, report, is_page=is_page)
    if ended.error is None:
        report.event("done", report.texts.say("pc.done.export", count=len(items)))
    summaries = [each.candidate.summary for each in opened]
    remember(past, "export", peer, summaries, ended=ended, report=report)
    return ended.error


def _form(opened: Opened, options: SendOptions, shell: Shell) -> tuple[Item, bool]:
    """What is sent of a certificate, and whether that is all of it.

    A km key under another password is named before it goes.
    """
    item, style, password = opened.candidate.item, options.style, opened.password
    if item.kind == "pkcs12":
        return item, True
    had_km = opened.candidate.summary.km_certificate is not None
    goes = style is None if options.km is None else options.km
    if not goes:
        item = without_km(item)
    differs = password is not None and km_differs(item, password)
    if style is None:
        if differs:
            text = shell.report.texts.say("note.km_password")
            shell.report.event("note", text, code="km_password")
        return item, goes or not had_km
    if password is None:
        raise CertificateError("unsupported_algorithm", oid="?")
    km = ask_km_key("pc.ask.km_password", shell) if differs else KmKey()
    made = to_pkcs12(
        item, password, password, os.urandom, style, km=km.taken, km_password=km.password
    )
    return made, (goes and km.taken) or not had_km


def _delete_kept(
    opened: Sequence[Opened], whole: Sequence[bool], ended: Ended, report: Report, *, is_page: bool
) -> None:
    """Delete what the receipt says is on the phone, and nothing else.

    A page cannot know what its browser did with a file, so nothing is deleted on its word: the
    person is told how to delete it after a look at the phone.  What went without its km pair
    stays: there is no other copy of that.
    """
    later = []
    for each, is_whole, result in zip(opened, whole, ended.results or (), strict=False):
        if result.is_kept and not is_whole:
            path = printable(str(each.candidate.path), None)
            text = report.texts.say("note.km_stays", path=path)
            report.event("note", text, code="km_stays", path=path)
        elif result.is_kept and not is_page:
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
