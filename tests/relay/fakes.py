"""A transport without a network: what is written lies in a list, and the test lets it be taken."""

import asyncio
from collections.abc import Callable
from typing import Final

from relay.hub import Line
from relay.ledger import Ledger
from relay.outbox import Outbox, OutboxItem
from relay.session import ConnectionSession
from relay.settings import AdmissionLimits, SocketLimits


class FakeTransport:
    """A `relay.session.Transport`."""

    speaks = True

    def __init__(self, *, reads: bool = True) -> None:
        self.written: Final[list[OutboxItem]] = []
        self.is_writable = reads
        self.unwritten = 0
        self.cuts = 0
        self.resumed = 0
        self.session: ConnectionSession | None = None

    def write(self, item: OutboxItem) -> None:
        assert self.is_writable
        self.written.append(item)

    def cut_off(self) -> None:
        self.cuts += 1
        if self.session is not None:
            self.session.lost()

    def resume_reading(self) -> None:
        self.resumed += 1

    def take(self, count: int) -> list[OutboxItem]:
        """The next things written; they must be there."""
        taken, self.written[:] = self.written[:count], self.written[count:]
        assert len(taken) == count
        return taken


def new_outbox(limits: SocketLimits, transport: FakeTransport) -> Outbox:
    """An outbox with a ledger of its own."""
    account = Ledger(AdmissionLimits()).open("198.51.100.7", transport.cut_off)
    return Outbox(limits, transport, account)


def new_line(limits: SocketLimits | None = None) -> tuple[Line, FakeTransport]:
    """A socket as a hub sees it, and what is written to it."""
    transport = FakeTransport()
    return Line(new_outbox(limits or SocketLimits(), transport), "198.51.100.7"), transport


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop run until something holds."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to that")
