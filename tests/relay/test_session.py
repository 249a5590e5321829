"""A session by itself: what a socket leaves behind when the relay has a fault of its own."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from certrelay.wire.messages import encode
from relay.admission import Admission
from relay.hub import Line, Request
from relay.hub_memory import MemoryHub
from relay.outbox import Outbox
from relay.session import Session
from relay.settings import Settings
from tests.relay.device import Pair


class Door:
    """A socket that tells its session at once when it is cut off."""

    is_writable = True

    def __init__(self) -> None:
        self.session: Session | None = None

    def hand_over(self, session: Session) -> None:
        self.session = session

    def cut_off(self) -> None:
        if self.session is not None:
            self.session.lost()

    def resume_reading(self) -> None:
        raise AssertionError("a socket that is gone reads no more")

    def write(self, _item: object) -> None:
        """Nobody reads it."""

    write_sealed = write


class FaultyHub(MemoryHub):
    """Admits a device, and then fails."""

    async def ask(self, line: Line, request: Request) -> None:
        await super().ask(line, request)
        raise RuntimeError("a fault of ours")


@pytest.mark.parametrize("lost_first", [False, True])
def test_a_fault_gives_the_seat_back(lost_first: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        settings = Settings()
        hub, door = FaultyHub(settings), Door()
        admission = Admission(settings.admission)
        left: list[Session] = []
        line = Line(Outbox(settings.socket, door.cut_off), "198.51.100.7")
        session = Session(hub, admission, line, 5.0, lambda: False)
        session.open(door, left.append)
        session.receive(encode(Pair().create))
        if lost_first:
            session.lost()
        await until(lambda: left == [session])
        assert line.seat is None
        await hub.stop()

    with caplog.at_level(logging.ERROR):
        asyncio.run(work())


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to that")
