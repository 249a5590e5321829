"""The simulated phone's story: a picture is scanned, a certificate goes or comes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from certrelay.bundle import Item
from certrelay.client.flow.choosing import check_passwords, choose
from certrelay.client.flow.dialogue import Dialogue
from certrelay.client.flow.receiving import Receiving
from certrelay.client.flow.scanning import follow
from certrelay.client.flow.sending import Sending
from certrelay.client.flow.session import Handler, Names, Shell
from certrelay.client.store.reading import find
from certrelay.client.store.store import Store
from certrelay.client.terminal.report import Report
from certrelay.e2e.hello import Hello
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Times
from certrelay.errors import CertRelayError
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


def scan(url: str, phone: Phone, shell: Shell) -> CertRelayError | None:
    """Do what the QR code says; give the error with which it ended, if any.

    Raises:
        QrError: If the URL is none of ours.
        RelayUnreachable: If its relay cannot be reached.
    """
    qr = QrCode.from_url(url)
    direction = qr.payload.direction
    purpose = "export" if direction is Direction.TO_PC else "import"
    shell.report.event(
        "scanned", shell.report.texts.say(f"phone.scanned.{purpose}"), direction=purpose
    )
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
