"""The memory hub by itself, without sockets: what only many thousand requests show."""

import asyncio

import pytest

from certrelay.wire.close import CloseCode
from certrelay.wire.messages import Join, encode
from relay.hub import Line
from relay.hub_memory import MemoryHub
from relay.outbox import Item, Outbox
from relay.settings import AdmissionLimits, Settings, SocketLimits
from tests.relay.device import Pair

REFUSED: list[Item] = ['{"type":"error","code":"no_such_room"}', CloseCode.NO_ROOM]


def new_line() -> Line:
    return Line(Outbox(SocketLimits(), lambda: None), "198.51.100.7")


async def written(line: Line, count: int) -> list[Item]:
    """The next things that the socket's writer would send."""
    return [await asyncio.wait_for(line.outbox.next(), 20) for _ in range(count)]


@pytest.mark.attack(10)
def test_of_ten_thousand_random_joins_none_gets_in_and_all_hear_the_same() -> None:
    async def work() -> None:
        hub = MemoryHub(Settings())
        live, g, s = Pair(), new_line(), new_line()
        await hub.ask(g, live.create)
        await written(g, 1)
        for _ in range(10_000):
            stranger = new_line()
            await hub.ask(stranger, Pair().join)
            assert await written(stranger, 2) == REFUSED
            assert stranger.seat is None
        await hub.ask(s, live.join)
        assert [str(item)[:16] for item in await written(s, 1)] == ['{"type":"paired"']
        assert len(hub) == 1
        await hub.stop()

    asyncio.run(work())


@pytest.mark.attack(13)
def test_rooms_that_come_and_go_leave_nothing_behind_but_their_words() -> None:
    async def work() -> None:
        settings = Settings(admission=AdmissionLimits(rooms_per_address=1), max_dead_rooms=100)
        hub = MemoryHub(settings)
        for n in range(2000):
            pair, g, s = Pair(), new_line(), new_line()
            await hub.ask(g, pair.create)
            if n % 2:
                await hub.ask(s, pair.join)
            await hub.leave(g)
            assert len(hub) == 0
        late = new_line()
        await hub.ask(late, pair.join)
        assert await written(late, 1) == ['{"type":"error","code":"already_used"}']
        await hub.stop()

    asyncio.run(work())


def test_a_line_without_a_seat_moves_nothing() -> None:
    async def work() -> None:
        hub, line = MemoryHub(Settings()), new_line()
        await hub.carry(line, b"sealed")
        await hub.leave(line)
        await hub.lost(line)
        assert not line.outbox.ending

    asyncio.run(work())


def test_a_replaced_line_speaks_for_nobody() -> None:
    async def work() -> None:
        hub, pair = MemoryHub(Settings()), Pair()
        old, new, s = new_line(), new_line(), new_line()
        await hub.ask(old, pair.create)
        await hub.ask(s, pair.join)
        await hub.ask(new, pair.resume_g)
        await written(s, 2)
        await hub.carry(old, b"from the replaced one")
        await hub.leave(old)
        await hub.lost(old)
        await hub.carry(new, b"from the new one")
        assert await written(s, 1) == [b"from the new one"]
        assert hub.is_paired(new)
        assert not hub.is_paired(old)
        await hub.stop()

    asyncio.run(work())


def test_the_secret_of_a_join_is_what_counts_and_not_its_room() -> None:
    async def work() -> None:
        hub, pair, g = MemoryHub(Settings()), Pair(), new_line()
        await hub.ask(g, pair.create)
        assert encode(pair.create).count(pair.secret.hex) == 0, "G never shows it"
        join = pair.join
        wrong = Join(Pair().secret, join.token_hash, "android", "G5.0", "14")
        stranger = new_line()
        await hub.ask(stranger, wrong)
        assert await written(stranger, 2) == REFUSED
        await hub.stop()

    asyncio.run(work())
