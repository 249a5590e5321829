"""`certrelay join`: this PC meets another one that shows a code, or a QR code, as a phone would.

Source: docs/protocol.md §10.1; docs/security.md, attacks 56 and 66.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from certrelay.client.flow.dialogue import Ask, Dialogue, hold, says_yes
from certrelay.client.flow.scanning import enter, follow, read_url
from certrelay.client.flow.session import Names, Shell
from certrelay.client.terminal.report import Report
from certrelay.e2e.code import Code
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Times
from certrelay.errors import CertRelayError, Interrupted, StateError, UsageError
from certrelay.frozen import frozen
from client_pc import computer
from client_pc.copy import relay_origin
from client_pc.embedded import USUAL_PORT
from client_pc.receive import Incoming
from client_pc.send import Outgoing
from client_pc.settings import Settings, check_direction

CODE_TRIES: Final = 5
"""Codes that a person may type before the program ends: the other PC has no more for a QR code."""

_HTTP_PORT: Final = 80

_ANOTHER: Final = frozenset({
    *("code_shape", "code_open", "low_order", "no_such_code", "code_unanswered"),
    *("connection_lost", "rate_limited", "try_later"),
})  # fmt: skip
"""Refusals after which a person may type the next code."""


@frozen
class JoinOptions:
    """What the command line says of the way."""

    address: str | None = None
    """The address beside the code, ``-`` for a URL on standard input, or the settings' relay."""

    picture: Path | None = None
    """A picture of the QR code."""

    yes: bool = False
    """Whether to go on without asking, and to save without asking."""

    name: str | None = None
    times: Times | None = None


def join(
    options: JoinOptions, settings: Settings, incoming: Incoming, outgoing: Outgoing, shell: Shell
) -> CertRelayError | None:
    """Find the other PC, then send or receive as it wants; give the error it ended with, if any.

    Args:
        options: The way.
        settings: Which copies this PC may make.
        incoming: What to do if the other PC sends.
        outgoing: What to do if it receives.
        shell: Report, answers, clock.

    Raises:
        CertRelayError: What no session could begin with.
    """
    qr = _found(options, shell)
    sends = qr.payload.direction is Direction.TO_PC
    purpose = "export" if sends else "import"
    check_direction(purpose, settings)
    report = shell.report
    original = outgoing.fate_of_original if sends else "unknown"
    text = report.texts.say(f"join.way.{purpose}.{original}")
    report.event("found", text, direction=purpose, original=original)
    if not sends:
        incoming.check()
    if not options.yes and not hold(_ask(report), shell.lines, report):
        raise Interrupted("interrupted")
    part = outgoing if sends else incoming
    own, names = computer.hello(options.name), Names("pc", "other_pc")
    return part.finish(follow(qr, own, part.make(), names, shell, times=options.times))


def _ask(report: Report) -> Dialogue[bool]:
    report.event("go_on_wanted")
    return says_yes((yield Ask(report.texts.say("join.ask.go_on"))))


def _found(options: JoinOptions, shell: Shell) -> QrCode:
    """Get the QR code's content in the way that the person has chosen."""
    if options.picture is not None:
        return QrCode.from_url(read_url(options.picture, shell.lines))
    if options.address == "-":
        return QrCode.from_url(read_url("-", shell.lines))
    origin = address_origin(options.address) if options.address else _nearby(shell)
    refused: CertRelayError | None = None
    for left in reversed(range(CODE_TRIES)):
        try:
            typed = hold(_ask_code(shell.report, left), shell.lines, shell.report)
        except UsageError as error:
            raise refused or error from None  # a script that had one code only
        try:
            return enter(Code.parse(typed), origin, shell, options.times)
        except CertRelayError as error:
            if error.code not in _ANOTHER or not left:
                raise
            refused = error
            texts = shell.report.texts
            text = "\n".join(filter(None, [texts.error(error), texts.hint(error)]))
            shell.report.event("code_refused", text, code=error.code, tries_left=left)
    raise StateError("the last try returns or raises")


def _nearby(shell: Shell) -> Origin:
    """Find the PC that shows a code in the local network, or ask where it is."""
    from client_pc.code_screen import address_of
    from client_pc.nearby import can_search, search

    found: tuple[Origin, ...] = ()
    if can_search():
        report = shell.report
        report.event("searching", report.texts.say("join.searching"))
        found = search(shell.lines.interrupts)
        _tell_nearby([address_of(each) for each in found], report)
    if len(found) == 1:
        return found[0]
    return hold(_ask_address(shell, found), shell.lines, shell.report)


def _tell_nearby(found: Sequence[str], report: Report) -> None:
    how = "none" if not found else "one" if len(found) == 1 else "several"
    lines = [report.texts.say(f"join.nearby.{how}", address="".join(found[:1]))]
    if len(found) > 1:
        lines += [f"  {number}  {each}" for number, each in enumerate(found, 1)]
    report.event("nearby", "\n".join(lines), addresses=[*found])


def address_origin(text: str) -> Origin:
    """Read the address beside a code; one of the local network without a port has the usual one.

    Raises:
        UsageError: ``bad_relay_url`` or ``relay_needs_https``.
    """
    origin = relay_origin(text)
    if "://" in text or origin.scheme == "https" or origin.port != _HTTP_PORT:
        return origin
    return Origin.of("http", origin.host, USUAL_PORT)


def _ask_address(shell: Shell, found: Sequence[Origin]) -> Dialogue[Origin]:
    """Ask for the address, or for the number of one that was found."""
    shell.report.event("address_wanted")
    typed = yield Ask(shell.report.texts.say("join.ask.which" if found else "join.ask.address"))
    numbered = {str(number): each for number, each in enumerate(found, 1)}
    return numbered.get(typed.strip()) or address_origin(typed)


def _ask_code(report: Report, left: int) -> Dialogue[str]:
    report.event("code_wanted", report.texts.say("join.warning"), tries_left=left + 1)
    return (yield Ask(report.texts.say("join.ask.code")))
