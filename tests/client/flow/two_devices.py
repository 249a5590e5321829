"""A PC and a phone in one process: two real sessions over a real relay, with people who type."""

import io
import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

from certrelay.bundle import Item
from certrelay.client.flow.dialogue import Dialogue
from certrelay.client.flow.receiving import Receiving
from certrelay.client.flow.sending import Sending
from certrelay.client.flow.session import CopySession, Handler, Names, Shell
from certrelay.client.store.store import Store
from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.lines import Lines
from certrelay.e2e.handshake import ScanSecrets, ShowSecrets
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, ShowSide, Times, events
from certrelay.testkit.pair import PC_HELLO, PHONE_HELLO
from certrelay.texts import Texts
from certrelay.wire.release import PC_POLICY, PHONE_POLICY
from relay.embedded import start
from tests.certificates import NOW

END_S = 30.0
"""Seconds after which a copy that does not end is a fault."""

Fields = Mapping[str, Any]


class Keyboard:
    """What a person types, when it is typed."""

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def type(self, line: str) -> None:
        self._lines.put(f"{line}\n")

    def end(self) -> None:
        """The end of the input."""
        self._lines.put("")

    def isatty(self) -> bool:
        return False

    def readline(self, _size: int) -> str:
        return self._lines.get()


class Screen(JsonReport):
    """A report whose events are kept, and seen by a person at once."""

    def __init__(self, see: Callable[[str, Fields], None]) -> None:
        super().__init__(Texts("en"), io.StringIO())
        self.told: list[Fields] = []
        self.asked: list[str] = []
        self._see = see

    def ask(self, text: str) -> None:
        self.asked.append(text)

    def _write(self, fields: Mapping[str, Any]) -> None:
        self.told.append(fields)
        self._see(fields["event"], fields)

    @property
    def names(self) -> list[str]:
        return [fields["event"] for fields in self.told]

    def only(self, name: str) -> Fields:
        (fields,) = [fields for fields in self.told if fields["event"] == name]
        return fields


class Person:
    """One device with its person."""

    def __init__(self, react: Callable[["Person", str, Fields], None]) -> None:
        self.keyboard, self.interrupts = Keyboard(), Interrupts()
        self.lines = Lines(cast(TextIO, self.keyboard), self.interrupts)
        self.screen = Screen(lambda name, fields: react(self, name, fields))
        self.shell = Shell(self.screen, self.lines, lambda low, _high: low)
        self.ended: events.Ended | None = None
        self.ticks = 0

    def run(self, endpoint: Endpoint, handler: Handler, origin: Origin, names: Names) -> None:
        session = CopySession(endpoint, handler, origin.text, names, self.shell)
        session.ticking = self._tick
        self.ended = session.run()

    def _tick(self, _now: float) -> None:
        self.ticks += 1

    @property
    def code(self) -> str:
        """How it ended, in one word."""
        assert self.ended is not None
        return "done" if self.ended.error is None else self.ended.error.code

    @property
    def results(self) -> list[tuple[str, str | None]]:
        assert self.ended is not None
        return [(each.status, each.reason) for each in self.ended.results or ()]

    def close(self) -> None:
        self.keyboard.end()
        if self.lines._thread is not None:
            self.lines._thread.join(5)
        self.lines._wake.close()
        self.lines._woken.close()


class Copy:
    """One copy; a test changes what people do and looks at what came of it."""

    def __init__(self, direction: Direction, root: Path, items: Sequence[Item]) -> None:
        self.direction, self.items = direction, tuple(items)
        self.numbers: list[str] = ["{number}"]
        """What the sender types, one after the other; ``{number}`` is the right one."""
        self.answer: str | None = "y"
        """What the receiver answers; ``None`` for nothing."""
        self.at: dict[tuple[str, str], Callable[[Person], None]] = {}
        """What else somebody does: at an event of the sender or the receiver."""
        self.times = Times(number_delay=0.0)
        self.receiving = Receiving(Store(root), yes=False, today=lambda: NOW)
        self.sender = Person(self._sender_sees)
        self.receiver = Person(self._receiver_sees)
        self._lock = threading.Lock()
        self._shown = ""
        self._wanted = 0

    def _sender_sees(self, person: Person, name: str, _fields: Fields) -> None:
        if name == "number_wanted":
            self._wanted += 1
            self._type_number()
        self._act("sender", name, person)

    def _receiver_sees(self, person: Person, name: str, fields: Fields) -> None:
        if name == "number":
            self._shown = fields["number"]
            self._type_number()
        elif name == "save_wanted" and self.answer is not None:
            person.keyboard.type(self.answer)
        self._act("receiver", name, person)

    def _type_number(self) -> None:
        """Type what the sender is asked for, once the receiver shows it: in either thread."""
        with self._lock:
            while self._shown and self._wanted and self.numbers:
                self._wanted -= 1
                spelled = {
                    "number": self._shown,
                    "number_end": self._shown[3:],
                    "full": self._shown.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
                    "wrong": f"{(int(self._shown) + 1) % 10**6:06}",
                }
                self.sender.keyboard.type(self.numbers.pop(0).format(**spelled))

    def _act(self, who: str, name: str, person: Person) -> None:
        if (act := self.at.get((who, name))) is not None:
            act(person)

    def _choose(self) -> Dialogue[tuple[Item, ...]]:
        yield from ()
        return self.items

    def run(self) -> "Copy":
        """Run both sessions to their ends."""
        to_pc = self.direction is Direction.TO_PC
        pc, phone = (self.receiver, self.sender) if to_pc else (self.sender, self.receiver)
        sending = Sending(self._choose)
        pc_handler: Handler = self.receiving if to_pc else sending
        phone_handler: Handler = sending if to_pc else self.receiving
        with start("127.0.0.1") as running:
            origin = Origin.of("http", "127.0.0.1", running.port)
            secrets = ShowSecrets.fresh(os.urandom)
            qr = QrCode(origin, secrets.payload(self.direction, lan=True))
            showing = Endpoint(ShowSide(secrets, qr, PC_HELLO), PC_HELLO, PHONE_POLICY, self.times)
            scanned = ScanSide(ScanSecrets.fresh(os.urandom), QrCode.from_url(qr.url), PHONE_HELLO)
            scanning = Endpoint(scanned, PHONE_HELLO, PC_POLICY, self.times)
            opened = threading.Event()
            threads = [
                threading.Thread(
                    target=pc.run,
                    args=(showing, Watching(pc_handler, opened), origin, Names("pc", "phone")),
                ),
                threading.Thread(
                    target=phone.run,
                    args=(scanning, phone_handler, origin, Names("phone", "pc")),
                ),
            ]
            try:
                threads[0].start()
                assert opened.wait(END_S)
                threads[1].start()
                for thread in threads:
                    thread.join(END_S)
            finally:
                for person in (pc, phone):
                    person.interrupts.ask()  # whatever is not over yet
                for thread in threads:
                    with suppress(RuntimeError):  # that never began
                        thread.join(END_S)
                    person.lines.wake()
                pc.close()
                phone.close()
        return self


class Watching:
    """Tells when the room stands, so that a phone can scan the code."""

    def __init__(self, handler: Handler, opened: threading.Event) -> None:
        self._handler, self._opened = handler, opened

    def on_event(self, event: events.Event, session: CopySession) -> None:
        if isinstance(event, events.RoomOpened):
            self._opened.set()
        self._handler.on_event(event, session)
