"""A whole copy: two devices, their people, and what became of it when."""

import asyncio
import math
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.load.end import End
from bench.load.wire import Relay
from certrelay.bundle import Item
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.handshake import ScanSecrets, ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, ShowSide, events
from certrelay.wire.release import PC_POLICY, PHONE_POLICY

ORIGIN = Origin.parse("https://relay.example.kr/")
PC = Hello("PC", "linux", "certrelay-pc", "P1.0", "6.1")
PHONE = Hello("Phone", "android", "bench", "G5.0", "14")

Port = Callable[[], int | Relay]
Watch = Callable[[str, events.Event], None]
"""Hears whose event it is, ``G`` or ``S``, and the event."""


def item(seed: int = 0) -> Item:
    """Two files of the size that an NPKI pair has."""
    source = random.Random(seed)
    return Item.of("npki", {"signCert": source.randbytes(1400), "signPri": source.randbytes(1800)})


@dataclass
class Copy:
    """What became of one copy; times in seconds, the people's apart."""

    outcome: str = ""
    """``done``, ``not_confirmed`` or another error, of the sender; "A/B" where both differ."""

    opened_s: float = 0.0
    """From the moment at which it should have begun until the code could be shown."""

    paired_s: float = 0.0
    """From the scan until the phone is in the room."""

    copied_s: float = 0.0
    """From the scan until the sender knows that everything is stored, without thinking."""

    stored: list[Item] = field(default_factory=list)
    lost_times: int = 0
    cut_times: int = 0
    """How often one of the two lost its connection after they had met."""

    told: list[str] = field(default_factory=list)
    """What both ends' people saw, with the seconds."""


class _People:
    """Both persons: they do what they are asked, and take ``think_s`` to type the number."""

    def __init__(self, made: Copy, think_s: float, watch: Watch | None) -> None:
        self._made = made
        self._think_s = think_s
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._number: str | None = None
        self._asked: End | None = None
        self.scanner: End | None = None
        self.shown: asyncio.Future[float] = self._loop.create_future()
        self.joined: asyncio.Future[float] = self._loop.create_future()

    def on_event(self, end: End, event: events.Event) -> None:
        role, seen = "S" if end is self.scanner else "G", type(event).__name__
        self._made.told.append(f"{self._loop.time() - self._began:.1f} {role} {seen}")
        if self._watch is not None:
            self._watch(role, event)
        match event:
            case events.RoomOpened() if not self.shown.done():
                self.shown.set_result(self._loop.time())
            case events.DeviceJoined() if end is self.scanner and not self.joined.done():
                self.joined.set_result(self._loop.time())
            case events.ConnectionLost() if self.joined.done():
                self._made.cut_times += 1
            case events.NumberShown(digits):
                self._number = digits
                self._type()
            case events.NumberWanted():
                self._asked = end
                self._type()
            case events.ItemsArrived(items):
                self._made.stored += [each for each in items if each is not None]
                end.endpoint.saving()
                end.endpoint.stored([_STORED if each else _BAD_DIGEST for each in items])

    def _type(self) -> None:
        if self._number is not None and self._asked is not None:
            self._loop.call_later(self._think_s, self._enter, self._asked, self._number)

    def _enter(self, sender: End, digits: str) -> None:
        sender.endpoint.enter_number(digits, self._loop.time())
        sender.pump()


async def copy(
    direction: Direction,
    sent: Item,
    ports: tuple[Port, Port],
    *,
    think_s: float = 0.0,
    began: float | None = None,
    watch: Watch | None = None,
) -> Copy:
    """Run one copy to its end.

    Args:
        direction: Where the certificate goes.
        sent: What is sent.
        ports: Where G and where S connects, asked at each connection.
        think_s: Seconds that a person takes to type the number.
        began: When it should have begun, on the loop's clock.
        watch: Hears what both ends' people see.
    """
    loop = asyncio.get_running_loop()
    began = loop.time() if began is None else began
    made = Copy()
    people = _People(made, think_s, watch)
    g_driver, s_driver = _drivers(direction, sent)
    g = End(g_driver, ports[0], _address(), people.on_event)
    s = people.scanner = End(s_driver, ports[1], _address(), people.on_event)
    g_runs = asyncio.create_task(g.run())
    either: set[asyncio.Future[Any]] = {people.shown, g_runs}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    scanned = loop.time()
    made.opened_s = scanned - began
    if g_runs.done():
        made.outcome = _word(await g_runs)
        await g.farewell()
        return made
    s_runs = asyncio.create_task(s.run())
    ends = (s_runs, g_runs) if direction is Direction.TO_PC else (g_runs, s_runs)
    words = [_word(await ends[0])]
    made.copied_s = loop.time() - scanned - think_s
    words.append(_word(await ends[1]))
    made.paired_s = people.joined.result() - scanned if people.joined.done() else math.inf
    made.outcome = words[0] if words[0] == words[1] else "/".join(words)
    made.lost_times = g.lost_times + s.lost_times
    await asyncio.gather(g.farewell(), s.farewell())
    return made


def _drivers(direction: Direction, sent: Item) -> tuple[Endpoint, Endpoint]:
    secrets = ShowSecrets.fresh(os.urandom)
    qr = QrCode(ORIGIN, secrets.payload(direction, lan=False))
    g = Endpoint(ShowSide(secrets, qr, PC), PC, PHONE_POLICY)
    s = Endpoint(ScanSide(ScanSecrets.fresh(os.urandom), qr, PHONE), PHONE, PC_POLICY)
    (s if direction is Direction.TO_PC else g).offer([sent])
    return g, s


_STORED = ItemResult("stored")
_BAD_DIGEST = ItemResult("rejected", "bad_digest")


def _word(ended: events.Ended) -> str:
    return "done" if ended.error is None else ended.error.code


def _address() -> str:
    return ".".join(str(random.randint(1, 254)) for _ in range(4))
