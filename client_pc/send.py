"""`certrelay export`: certificates go from this PC to the phone."""

import os
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from certrelay.bundle import Item
from certrelay.client.flow.choosing import Opened, check_passwords, choose
from certrelay.client.flow.dialogue import Dialogue, hold
from certrelay.client.flow.sending import Sending
from certrelay.client.flow.session import Shell
from certrelay.client.manage.stores import Stores
from certrelay.client.terminal.report import Report
from certrelay.e2e.qr import Direction
from certrelay.endpoint.events import Ended
from certrelay.errors import CertificateError, CertRelayError
from certrelay.frozen import frozen
from certrelay.pki.pkcs12_writing import Style
from certrelay.pki.rewrap import to_pkcs12, without_km
from certrelay.safe_text import printable
from certrelay.wire.release import PCS
from client_pc.change import KmKey, ask_km_key, km_differs, remove
from client_pc.copy import CopyOptions, copy
from client_pc.history.record import Witness, remember
from client_pc.route import Original, Route


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


class Outgoing:
    """The sending PC's part in a copy, and what follows it.

    Args:
        stores: Where the certificates are.
        options: Which, and in what form.
        shell: Report, answers, clock.
        past: The folder of the history, if the person wants one.
    """

    def __init__(
        self, stores: Stores, options: SendOptions, shell: Shell, past: Path | None
    ) -> None:
        self._stores: Final = stores
        self._options: Final = options
        self._shell: Final = shell
        self._report: Final = shell.report
        self._password_tries: Final = shell.lines.password_tries
        self._past: Final = past
        self._opened: tuple[Opened, ...] = ()
        self._items: tuple[Item, ...] = ()
        self._goes_whole: list[bool] = []
        self._witness: Witness | None = None

    @property
    def fate_of_original(self) -> Original:
        """What becomes of the originals on this PC."""
        return "deleted" if self._options.also_delete else "stays"

    def choose(self) -> Dialogue[tuple[Item, ...]]:
        """Choose and check the passwords; what was chosen once stays chosen."""
        if self._items:
            return self._items
        options, report, now = self._options, self._report, datetime.now(UTC)
        found = self._stores.entries()
        several = self._stores.pick_several
        chosen = yield from choose(found, options.selectors, report, now, several)
        self._opened = yield from check_passwords(chosen, report, now, self._password_tries)
        forms = [_form(each, options, self._shell) for each in self._opened]
        self._items = tuple(item for item, _ in forms)
        self._goes_whole = [goes_whole for _, goes_whole in forms]
        if options.style is not None:
            style = report.texts.say(f"style.{options.style}")
            report.event("style", report.texts.say("pc.style", style=style), style=options.style)
        if options.also_delete:
            report.event("delete_rule", report.texts.say("pc.delete_rule"))
        return self._items

    def make(self) -> Witness:
        """Make the part, anew for each session."""
        self._witness = Witness(Route(Sending(self.choose), self.fate_of_original))
        return self._witness

    def finish(self, ended: Ended) -> CertRelayError | None:
        """Delete what is to be deleted, tell and remember; give the error, if any."""
        report, peer = self._report, None if self._witness is None else self._witness.peer
        if self._options.also_delete:
            is_page = peer is None or peer.platform == "web"
            _delete_kept(
                self._stores, self._opened, self._goes_whole, ended, report, is_page=is_page
            )
        if ended.error is None:
            other = "other_pc" if peer is not None and peer.platform in PCS else "phone"
            text = report.texts.say(f"pc.done.export.{other}", count=len(self._items))
            report.event("done", text)
        summaries = [each.candidate.summary for each in self._opened]
        remember(self._past, "export", peer, summaries, ended=ended, report=report)
        return ended.error


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
    outgoing = Outgoing(stores, options, shell, past)
    hold(outgoing.choose(), shell.lines, shell.report)
    return outgoing.finish(copy(Direction.TO_PHONE, outgoing.make, way, shell))


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
    stores: Stores,
    opened: Sequence[Opened],
    whole: Sequence[bool],
    ended: Ended,
    report: Report,
    *,
    is_page: bool,
) -> None:
    """Delete what the receipt says is on the phone, and nothing else.

    A page cannot know what its browser did with a file, so nothing is deleted on its word: the
    person is told how to delete it after a look at the phone.  What went without its km pair
    stays: there is no other copy of that.
    """
    later = []
    for each, is_whole, result in zip(opened, whole, ended.results or (), strict=False):
        if result.is_kept and not is_whole:
            path = each.candidate.path
            text = report.texts.say("note.km_stays", path=str(path))
            each.candidate.about(report).event("note", text, code="km_stays")
        elif result.is_kept and not is_page:
            remove(stores, each.candidate.entry, report)
        elif result.is_kept or result.status == "unconfirmed":
            later.append(each.candidate.path)
    if later:
        commands = [f"  certrelay delete {_quoted(printable(str(path), None))}" for path in later]
        text = "\n".join([report.texts.say("pc.delete_later"), *commands])
        report.event("delete_later", text, paths=later)


def _quoted(path: str) -> str:
    """Quote a path for the shell of this system."""
    return f'"{path}"' if os.name == "nt" else shlex.quote(path)
