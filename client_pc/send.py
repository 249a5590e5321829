"""`certrelay export`: certificates go from this PC to the phone."""

import os
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from certrelay.bundle import Item
from certrelay.client.flow.choosing import choose
from certrelay.client.flow.dialogue import Dialogue, hold
from certrelay.client.flow.passwords import Opened, Passwords
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
from client_pc.asking import KmKey, ask_km_key, km_differs
from client_pc.batch_list import Wanted
from client_pc.copy import CopyOptions, copy
from client_pc.deletion import remove
from client_pc.history.record import Witness, remember
from client_pc.parcel import Piece, named_pieces, open_pieces, tell_results
from client_pc.route import Original, Route


@frozen(repr=False)
class SendOptions:
    """What the command line says of the certificates."""

    wanted: Sequence[Wanted] | None = None
    """What is named, each perhaps with its password; ``None`` to ask."""

    style: Style | None = None
    """Send PKCS#12 files of this style in place of key pairs."""

    also_delete: bool = False
    """Remove from this PC what an app on the phone has confirmed to have stored."""

    km: bool | None = None
    """Whether the km pair goes along.  If the person does not say, a key pair goes with it, and
    a PKCS#12 file that is made goes without: phones take one certificate from a file, and the
    second could hide the first."""

    password: str | None = None
    """The one password of all, where it is known beforehand."""

    keep_going: bool = False
    """Whether the others go where one cannot be sent."""

    is_list: bool = False
    """Whether the names come from a list: one that names nothing is a fault of that line alone."""

    dry_run: bool = False
    """Whether only is seen that all could be sent."""


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
        self._past: Final = past
        self._pieces: tuple[Piece, ...] = ()
        self._witness: Witness | None = None

    @property
    def fate_of_original(self) -> Original:
        """What becomes of the originals on this PC."""
        return "deleted" if self._options.also_delete else "stays"

    @property
    def going(self) -> tuple[Piece, ...]:
        """Those that are sent."""
        return tuple(piece for piece in self._pieces if piece.item is not None)

    def choose(self) -> Dialogue[tuple[Item, ...]]:
        """Choose and check the passwords; what was chosen once stays chosen."""
        if not self._pieces:
            self._pieces = yield from self._open()
        return tuple(piece.item for piece in self.going if piece.item is not None)

    def _open(self) -> Dialogue[tuple[Piece, ...]]:
        options, report, now = self._options, self._report, datetime.now(UTC)
        found, keep_going = self._stores.entries(), options.keep_going
        named: list[tuple[Piece, str | None]]
        if options.wanted is None:
            chosen = yield from choose(found, (), report, now)
            named = [(Piece(str(each.number), each), None) for each in chosen]
        else:
            goes_on = keep_going and options.is_list
            named = list(named_pieces(self._stores, found, options.wanted, keep_going=goes_on))
        tries = self._shell.lines.password_tries
        passwords = Passwords(report, now, tries, options.password, each_anew=keep_going)

        def form(opened: Opened) -> tuple[Item, bool]:
            return _form(opened, options, self._shell)

        pieces = yield from open_pieces(named, passwords, form, report, keep_going=keep_going)
        if options.style is not None:
            style = report.texts.say(f"style.{options.style}")
            report.event("style", report.texts.say("pc.style", style=style), style=options.style)
        if options.also_delete:
            report.event("delete_rule", report.texts.say("pc.delete_rule"))
        return pieces

    def make(self) -> Witness:
        """Make the part, anew for each session."""
        self._witness = Witness(Route(Sending(self.choose), self.fate_of_original))
        return self._witness

    def finish(self, ended: Ended) -> CertRelayError | None:
        """Delete what is to be deleted, tell and remember; give the error, if any."""
        report, peer = self._report, None if self._witness is None else self._witness.peer
        going = self.going
        if self._options.also_delete:
            is_page = peer is None or peer.platform == "web"
            _delete_kept(self._stores, going, ended, report, is_page=is_page)
        error = tell_results(self._pieces, ended, report)
        if ended.error is None:
            other = "other_pc" if peer is not None and peer.platform in PCS else "phone"
            text = report.texts.say(f"pc.done.export.{other}", count=len(going))
            report.event("done", text)
        summaries = [each.candidate.summary for each in going if each.candidate is not None]
        remember(self._past, "export", peer, summaries, ended=ended, report=report)
        return error

    def rehearse(self) -> CertRelayError | None:
        """Tell what would be sent, or why nothing can be."""
        report = self._report
        if self._options.dry_run:
            for piece in self.going:
                if piece.candidate is not None:
                    piece.candidate.about(report).event("would_send")
            report.event("dry_run", report.texts.say("pc.dry_run"))
        return tell_results(self._pieces, None, report)


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
    if options.dry_run or not outgoing.going:
        return outgoing.rehearse()
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
    stores: Stores, going: Sequence[Piece], ended: Ended, report: Report, *, is_page: bool
) -> None:
    """Delete what the receipt says is on the phone, and nothing else.

    A page cannot know what its browser did with a file, so nothing is deleted on its word: the
    person is told how to delete it after a look at the phone.  What went without its km pair
    stays: there is no other copy of that.
    """
    later = []
    for piece, result in zip(going, ended.results or (), strict=False):
        candidate = piece.candidate
        if candidate is None:
            continue
        if result.is_kept and not piece.is_whole:
            text = report.texts.say("note.km_stays", path=str(candidate.path))
            candidate.about(report).event("note", text, code="km_stays")
        elif result.is_kept and not is_page:
            remove(stores, candidate.entry, report)
        elif result.is_kept or result.status == "unconfirmed":
            later.append(candidate.path)
    if later:
        commands = [f"  certrelay delete {_quoted(printable(str(path), None))}" for path in later]
        text = "\n".join([report.texts.say("pc.delete_later"), *commands])
        report.event("delete_later", text, paths=later)


def _quoted(path: str) -> str:
    """Quote a path for the shell of this system."""
    return f'"{path}"' if os.name == "nt" else shlex.quote(path)
