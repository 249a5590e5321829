"""A copy from the PC's side: a relay, a fresh QR code, a session; again if the code died.

Source: docs/protocol.md §8.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from certrelay.client.dialling import Dialling
from certrelay.client.flow.session import CopySession, Handler, Names, Shell
from certrelay.client.link import connect
from certrelay.client.terminal.report import Report
from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ShowSide, Times
from certrelay.endpoint.code_display import CodeSource
from certrelay.endpoint.events import Ended
from certrelay.errors import NotConfirmed, RelayUnreachable, UsageError
from certrelay.frozen import frozen, replace
from certrelay.limits import QR_RENEWALS
from certrelay.safe_text import printable
from certrelay.wire.release import PHONE_POLICY, ReleasePolicy
from client_pc import computer
from client_pc.code_files import CodeFiles
from client_pc.embedded import USUAL_PORT, listen_address, relay_on
from client_pc.interfaces import addresses, others_beside
from client_pc.nearby import Announcement
from client_pc.showing import CodeWindow, CodeWish

RENEWED: Final = frozenset({"expired", "second_scan", "m1_tries", "page_closed", "left", "grace"})
"""Ends after which the PC shows a fresh code by itself, as long as no number has matched.

The old code is dead and nothing has been sent.  The last three say that the phone has gone
without its person having cancelled: a page that was closed or loaded anew.
"""


@frozen
class CopyOptions:
    """What the command line says of the way."""

    relay: str | None = None
    access_key: Path | None = None
    """The file with the key that the relay's operator has given to this PC."""

    listen: str | None = None
    qr_png: Path | None = None
    url_file: Path | None = None
    name: str | None = None
    times: Times | None = None
    code: bool = False
    """Whether a code to type is wanted from the start."""

    hears: bool = False
    """Whether a line on standard input may ask for one."""

    policy: ReleasePolicy = PHONE_POLICY
    """Which devices this PC talks to."""


def copy(
    direction: Direction, make_handler: Callable[[], Handler], options: CopyOptions, shell: Shell
) -> Ended:
    """Show QR codes until a copy has ended for good.

    Args:
        direction: Where the certificates go.
        make_handler: Makes the PC's part, anew for each code.
        options: The way.
        shell: Report, answers, clock.

    Raises:
        NotConfirmed: ``renewals_used_up``.
        CertRelayError: What no session could begin with.
    """
    purpose = "import" if direction is Direction.TO_PC else "export"
    own = computer.hello(options.name)
    files = CodeFiles(options.qr_png, options.url_file)
    wish = CodeWish(is_asked=options.code, reads=options.hears or shell.lines.is_in_front)
    with _relay(options, shell) as origin, _announcement(options, origin) as announcement:
        shell = _with_key(shell, options, origin)
        for renewal in range(QR_RENEWALS + 1):
            secrets = ShowSecrets.fresh(os.urandom)
            qr = QrCode(origin, secrets.payload(direction, lan=origin.scheme == "http"))
            endpoint = Endpoint(
                ShowSide(secrets, qr, own),
                own,
                options.policy,
                options.times,
                codes=CodeSource(qr, os.urandom),
            )
            handler = CodeWindow(qr, make_handler, purpose, files, wish, announcement=announcement)
            session = CopySession(endpoint, handler, origin.text, Names("pc", "phone"), shell)
            try:
                ended = session.run()
            finally:
                handler.take_away(session)
            if ended.error is None or ended.matched or ended.error.code not in RENEWED:
                return ended
            if renewal < QR_RENEWALS:
                code = "code" if handler.renews_for_code else ended.error.code
                shell.report.event(
                    "renewed", shell.report.texts.say(f"pc.renewed.{code}"), reason=code
                )
    raise NotConfirmed("renewals_used_up")


def _announcement(options: CopyOptions, relay: Origin) -> Announcement:
    """A relay on the internet is told to nobody here: it is in both PCs' settings, or typed."""
    return Announcement(relay if options.relay is None else None)


def _with_key(shell: Shell, options: CopyOptions, relay: Origin) -> Shell:
    """Show the operator's key to his relay, at every connection: it may have to open rooms anew.

    Raises:
        UsageError: See `client_pc.access_key.read_access_key`.
    """
    if options.relay is None or options.access_key is None:
        return shell
    from client_pc.access_key import read_access_key

    key = read_access_key(options.access_key, relay)
    return replace(shell, connect=partial(Dialling, connecting=partial(connect, key=key)))


@contextmanager
def _relay(options: CopyOptions, shell: Shell) -> Iterator[Origin]:
    if options.relay is not None:
        yield relay_origin(options.relay)
        return
    host, port = listen_address(options.listen)
    with _own_relay(host, port, is_named=options.listen is not None) as origin:
        if origin.is_loopback and options.listen is None:
            shell.report.event("loopback", shell.report.texts.say("pc.loopback"))
        elif options.listen is None:
            _tell_address(host, shell.report)
        yield origin


@contextmanager
def _own_relay(host: str, port: int, *, is_named: bool) -> Iterator[Origin]:
    with ExitStack() as stack:
        try:
            origin = stack.enter_context(relay_on(host, port if is_named else USUAL_PORT))
        except RelayUnreachable:
            if is_named:
                raise
            origin = stack.enter_context(relay_on(host, 0))
        yield origin


def _tell_address(host: str, report: Report) -> None:
    """Say which address was taken, where the phone may be in another network."""
    known = addresses()
    others = [each.address for each in others_beside(host, known)]
    if others:
        interface = next((each.interface for each in known if each.address == host), "")
        text = report.texts.say(
            "pc.address", address=host, interface=interface or "?", others=", ".join(others)
        )
        shown = printable(interface)
        report.event("address", text, address=host, interface=shown, others=others)


def relay_origin(text: str) -> Origin:
    """Read the relay's address from the command line.

    Plain http is for private addresses: to any other the QR code could not say it.

    Raises:
        UsageError: ``bad_relay_url`` or ``relay_needs_https``.
    """
    from client_pc.relay_address import complete  # with urllib, 10 ms

    origin = Origin.parse(complete(text))
    if origin.scheme == "http" and not origin.is_local:
        raise UsageError("relay_needs_https")
    return origin
