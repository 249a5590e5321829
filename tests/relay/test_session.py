"""A session by itself: the order of what is said, and what a socket leaves behind."""

import asyncio
import logging
from typing import Any

import pytest

from certrelay.wire.messages import encode
from relay.admission import AddressLimiter
from relay.hub import Line, Request, Seat
from relay.hub_memory import MemoryHub
from relay.ledger import Ledger
from relay.outbox import Pending
from relay.session import ConnectionSession
from relay.settings import AdmissionLimits, Settings, SocketLimits
from relay.socket import Sockets
from tests.relay.device import Pair
from tests.relay.fakes import FakeTransport, new_outbox, until


class FaultyHub(MemoryHub):
    """Admits a device, and then fails."""

    def ask(self, line: Line, request: Request) -> None:
        super().ask(line, request)
        raise RuntimeError("a fault of ours")


class SlowHub:
    """Notes what it is asked, and is done when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.under_way: list[asyncio.Future[None]] = []

    def _later(self, what: Any) -> Pending:
        self.asked.append(what)
        self.under_way.append(asyncio.get_running_loop().create_future())
        return self.under_way[-1]

    def ask(self, line: Line, request: Request) -> Pending:
        line.seat = Seat.of(request)
        return self._later(type(request).__name__)

    def carry(self, line: Line, sealed: bytes) -> Pending:
        return self._later(sealed)

    def leave(self, line: Line) -> Pending:
        return self._later("leave")

    def lost(self, line: Line) -> Pending:
        self.asked.append("lost")
        return None


class Keeper(Sockets):
    """Notes which sessions have left."""

    def __init__(self, hub: Any) -> None:
        limits = AdmissionLimits()
        super().__init__(hub, AddressLimiter(limits), Ledger(limits), SocketLimits())
        self.left: list[ConnectionSession] = []

    def leave(self, session: ConnectionSession) -> None:
        self.left.append(session)


def begin(hub: Any) -> tuple[ConnectionSession, FakeTransport, list[ConnectionSession]]:
    keeper, transport = Keeper(hub), FakeTransport()
    line = Line(new_outbox(keeper.limits, transport), "198.51.100.7")
    session = transport.session = ConnectionSession(keeper, line, transport)
    return session, transport, keeper.left


@pytest.mark.parametrize("lost_first", [False, True])
def test_a_fault_gives_the_seat_back(lost_first: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        hub = FaultyHub(Settings())
        session, _, left = begin(hub)
        session.receive(encode(Pair().create))
        if lost_first:
            session.lost()
        await until(lambda: left == [session])
        assert session.line.seat is None
        await hub.stop()

    with caplog.at_level(logging.ERROR):
        asyncio.run(work())


@pytest.mark.attack(73)
def test_all_that_was_said_before_the_end_is_acted_upon_in_its_order() -> None:
    async def work() -> None:
        hub = SlowHub()
        session, transport, left = begin(hub)
        session.receive(encode(Pair().create))
        session.receive(b"one")
        session.receive(b"two")
        session.receive('{"type":"leave"}')
        session.lost()
        assert hub.asked == ["Create"]
        for _ in range(4):
            assert not left
            hub.under_way.pop(0).set_result(None)
            await asyncio.sleep(0.01)
        assert hub.asked == ["Create", b"one", b"two", "leave", "lost"]
        assert left == [session]
        assert not transport.resumed, "a socket that is gone reads no more"

    asyncio.run(work())


def test_a_session_that_waits_asks_for_more_when_it_is_done() -> None:
    async def work() -> None:
        hub = SlowHub()
        session, transport, _ = begin(hub)
        session.receive(encode(Pair().create))
        assert session.pending is not None
        assert not transport.resumed
        hub.under_way.pop().set_result(None)
        await until(lambda: transport.resumed == 1)
        assert session.pending is None

    asyncio.run(work())
