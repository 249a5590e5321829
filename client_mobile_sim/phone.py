"""The simulated phone's story: a picture is scanned, a certificate goes or comes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from certrelay.bundle import Item
from certrelay.client.flow.choosing import choose
from certrelay.client.flow.dialogue import Ask, Dialogue, hold, says_yes
from certrelay.client.flow.passwords import check_passwords
from certrelay.client.flow.receiving import Receiving
from certrelay.client.flow.scanning import enter, follow
from certrelay.client.flow.sending import Sending
from certrelay.client.flow.session import Handler, Names, Shell
from certrelay.client.store.reading import find
from certrelay.client.store.store import Store
from certrelay.client.terminal.report import Report
from certrelay.e2e.code import Code
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Times
from certrelay.errors import CertRelayError, Interrupted
from certrelay.frozen import frozen
from client_mobile_sim.page import PageReceiving


@frozen
class Phone:
    """A phone: who it says it is, and where its certificates are."""

    hello: Hello
    keystore: Path
    selectors: Sequence[str] = ()
    """What it sends, if it is to send; asked for if there are none."""

    yes: bool = False
    """Whether it saves without asking what it receives, and, as a page, sees the file."""

    times: Times | None = None


def type_code(origin: Origin, shell: Shell) -> QrCode:
    """Ask for the digits that the PC shows, and enter them once at its relay.

    Raises:
        CertRelayError: Why there is nothing; the code is used up then.
    """
    return enter(
        Code.parse(hold(_ask_code(shell.report), shell.lines, shell.report)), origin, shell
    )


def _ask_code(report: Report) -> Dialogue[str]:
    report.event("code_wanted", report.texts.say("page.code.warning"))
    return (yield Ask(report.texts.say("phone.ask.code")))


def _ask_go_on(report: Report) -> Dialogue[bool]:
    report.event("go_on_wanted", report.texts.say("page.code.told"))
    return says_yes((yield Ask(report.texts.say("join.ask.go_on"))))


def scan(qr: QrCode, phone: Phone, shell: Shell, *, asks: bool = False) -> CertRelayError | None:
    """Do what the QR code says; give the error with which it ended, if any.

    Args:
        qr: What was scanned, or where a typed code leads.
        phone: The phone.
        shell: Report, answers, clock.
        asks: Whether its person has to say yes to the direction before anything is joined.

    Raises:
        Interrupted: If the person said no.
        RelayUnreachable: If its relay cannot be reached.
    """
    direction = qr.payload.direction
    purpose = "export" if direction is Direction.TO_PC else "import"
    way = f"phone.scanned.{purpose}"
    if asks:
        way = "page.code.send" if direction is Direction.TO_PC else "page.code.receive"
    shell.report.event("scanned", shell.report.texts.say(way), direction=purpose)
    if asks and not hold(_ask_go_on(shell.report), shell.lines, shell.report):
        raise Interrupted("interrupted")
    handler = _handler(direction, phone, shell.report)
    names = Names("phone", "pc")
    ended = follow(qr, phone.hello, handler, names, shell, times=phone.times)
    if isinstance(handler, Receiving):
        for each in handler.saved:
            shell.report.result(str(each["path"]))
    if ended.error is None:
        count = len(ended.results or ())
        shell.report.event("done", shell.report.texts.say(f"phone.done.{purpose}", count=count))
    return ended.error


def _handler(direction: Direction, phone: Phone, report: Report) -> Handler:
    if direction is Direction.TO_PHONE:
        store = Store(phone.keystore)
        store.clean()
        kind = PageReceiving if phone.hello.platform == "web" else Receiving
        return kind(store, yes=phone.yes, today=lambda: datetime.now(UTC))

    def pick() -> Dialogue[tuple[Item, ...]]:
        now = datetime.now(UTC)
        chosen = yield from choose(find(phone.keystore), phone.selectors, report, now)
        opened = yield from check_passwords(chosen, report, now)
        return tuple(each.candidate.item for each in opened)

    return Sending(pick)
