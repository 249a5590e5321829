"""A phone in under 200 lines, of the public parts of certrelay alone: see docs/app-makers.md.

python examples/minimal_phone.py CERTIFICATE|FOLDER (what to give away, or where to store); standard
input is camera and person: first the QR code's URL, or the digits of a code and the address that
stands beside them, then the answers, one a line.
"""

import os
import random
import select
import sys
import time
from io import FileIO
from pathlib import Path

from certrelay.bundle import Item
from certrelay.client.link import ConnectionLostError, Link, connect
from certrelay.client.store.reading import read_item
from certrelay.client.store.store import Store
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.code import Code
from certrelay.e2e.handshake import ScanSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, events
from certrelay.endpoint.code_entry import CodeEntry
from certrelay.errors import (
    CertificateError,
    CertRelayError,
    RelayUnreachable,
    RoomEnded,
    StorageError,
)
from certrelay.pki.check import Summary, inspect, inspect_with_password
from certrelay.safe_text import printable
from certrelay.wire.release import PC_POLICY

PERSON = FileIO(0)  # standard input without a buffer: `select` must see every line
QUESTIONS = events.NumberWanted | events.NumberWrong | events.ItemsArrived
DECLINED, DAMAGED = ItemResult("rejected", "declined"), Item.of("npki", {})
WORDS: dict[type, str] = {
    events.PeerIntroduced: "connected to {0.hello.name}",
    events.ConnectionLost: "the connection is lost; trying again for {0.seconds:.0f} s",
    events.NumberShown: "type this number on the PC: {0.number}",
    events.NumberWanted: "the number on the PC?",
    events.NumberWrong: "that was not the number; {0.tries_left} tries left",
}


def show(words: str) -> None:
    """Tell the person; texts of the other side must not act on the screen."""
    print(printable(words, None), flush=True)


def ask(question: str) -> str:
    """Wait for an answer: only while nothing else goes on."""
    show(question)
    return PERSON.readline().decode("utf-8", "replace").strip()


def scan() -> QrCode:
    """What the person has scanned, or typed; a "no" in time joins nothing."""
    seen = ask("the QR code's URL, or the digits of a code?")
    if "#" in seen:
        return QrCode.from_url(seen)
    qr = enter(Code.parse(seen), Origin.parse(ask("the address beside the code?")))
    leaves = qr.payload.direction is Direction.TO_PC
    way = "FROM this phone TO the PC" if leaves else "from the PC to this phone"
    if ask(f"A certificate goes {way}. Go on? [y/N]") != "y":
        raise RoomEnded("cancelled")
    return qr


def enter(code: Code, origin: Origin) -> QrCode:
    """Enter a code, once; the other device's answer is what its QR code says."""
    entry, link = CodeEntry(code, origin, os.urandom), connect(origin.text, time.monotonic())
    entry.connected(time.monotonic())
    while not entry.is_over:
        for order in entry.take():
            if isinstance(order, events.SendText):
                link.send_text(order.text)
        until = min(filter(None, (entry.deadline(), link.deadline())))
        select.select([link], [], [], 0 if link.has_to_read else max(0, until - time.monotonic()))
        now = time.monotonic()
        try:
            link.flush()
            for message in link.receive(now):
                if isinstance(message, str):
                    entry.receive_text(message, now)
                else:
                    entry.receive_binary(message, now)
        except ConnectionLostError:
            entry.connection_lost(now)
        entry.tick(now)
    link.close()
    if entry.qr is None:
        raise entry.error or RoomEnded("code_unanswered")
    return entry.qr


class Phone:
    """One copy, from the QR code to its end."""

    def __init__(self, qr: QrCode, path: Path) -> None:
        me = Hello("Minimal phone", "android", "minimal-phone", "G5.0", "14")
        self.endpoint = Endpoint(ScanSide(ScanSecrets.fresh(os.urandom), qr, me), me, PC_POLICY)
        self.origin, self.path, self.is_asked = qr.origin.text, path, False
        self.link: Link | None = None
        self.arrived: list[tuple[Item, Summary]] = []
        if qr.payload.direction is Direction.TO_PC:
            show("A certificate LEAVES this phone. If somebody told you to do this, stop.")
            item = read_item(path)
            inspect_with_password(item, ask("its password?"))  # checked here, and never sent
            self.endpoint.offer([item])

    def run(self) -> CertRelayError | None:
        """Go on to the end; give the error, if it ended with one."""
        self.link, again_at = connect(self.origin, time.monotonic()), 0.0
        self.endpoint.connected(time.monotonic())
        ended: events.Ended | None = None
        while ended is None:
            try:
                if self.link is None and time.monotonic() >= again_at:
                    self.link, again_at = connect(self.origin, time.monotonic(), timeout_s=2), 0.0
                    self.endpoint.connected(time.monotonic())
                while outputs := self.endpoint.take(time.monotonic()):
                    for output in outputs:
                        if isinstance(output, events.Ended):  # wait for the relay's close
                            ended, again_at = output, time.monotonic() + 2
                        self.do(output)
                self.wait(self.link, again_at)
            except (ConnectionLostError, RelayUnreachable):
                self.link, again_at = None, time.monotonic() + random.uniform(1, 2)
                self.endpoint.connection_lost(time.monotonic())
        return ended.error

    def wait(self, link: Link | None, again_at: float) -> None:
        """Wait for relay, clock and, where there is a question, the person; hand on what comes."""
        due = (self.endpoint.deadline(), link.deadline() if link else None, again_at)
        readers = [each for each in (PERSON if self.is_asked else None, link) if each]
        until = 0.0 if link and link.has_to_read else min(filter(None, due))
        ready, _, _ = select.select(readers, [], [], max(0.0, until - time.monotonic()))
        now = time.monotonic()
        if link:
            for message in link.receive(now):
                if isinstance(message, str):
                    self.endpoint.receive_text(message, now)
                else:
                    self.endpoint.receive_binary(message, now)
            link.flush()
            link.keep_alive(now)
        if PERSON in ready:
            self.is_asked, line = False, PERSON.readline().decode("utf-8", "replace")
            if not line:  # nobody is there any more
                self.endpoint.cancel(now)
            elif self.arrived:
                yes = line.strip() == "y"
                self.endpoint.stored([self.keep(*i) if yes else DECLINED for i in self.arrived])
            else:
                self.endpoint.enter_number(line, now)
        self.endpoint.tick(now)

    def keep(self, item: Item, seen: Summary) -> ItemResult:
        """Store one item, whole or not at all; its name comes from the certificate."""
        try:
            return ItemResult(Store(self.path).save(item, seen.place, beside=True).status)
        except StorageError:
            return ItemResult("rejected", "disk")

    def do(self, output: events.Command | events.Event) -> None:
        """Carry out what the endpoint orders, and tell the person what it notices."""
        self.is_asked |= isinstance(output, QUESTIONS)
        match output:
            case events.SendText(text) if self.link:
                self.link.send_text(text)
            case events.SendBinary(message) if self.link:
                self.link.send_binary(message)
            case events.HangUp():
                raise ConnectionLostError
            case events.ItemsArrived(items):
                try:  # all or nothing: one that is broken spoils the rest
                    self.arrived = [(each, inspect(each)) for each in (i or DAMAGED for i in items)]
                    show(f"{', '.join(str(seen.cn) for _, seen in self.arrived)}: save? [y/N]")
                except CertificateError:
                    self.endpoint.stored([ItemResult("rejected", "bad_certificate")] * len(items))
            case events.SaveOverdue():
                self.endpoint.stored([DECLINED] * len(self.arrived))
            case _ if words := WORDS.get(type(output)):
                show(words.format(output))


if __name__ == "__main__":
    try:
        problem = Phone(scan(), Path(sys.argv[1])).run()
    except CertRelayError as error:
        problem = error
    show(f"not done: {problem.code}" if problem else "done")
    sys.exit(problem.exit_status if problem else 0)
