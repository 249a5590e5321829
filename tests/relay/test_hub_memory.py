"""The memory hub by itself, without sockets: what only many thousand requests show."""

import asyncio

import pytest

from certrelay.wire.close import CloseCode
from certrelay.wire.messages import Join, encode
from relay.hub_memory import MemoryHub
from relay.outbox import OutboxItem
from relay.settings import AdmissionLimits, Settings
from tests.relay.device import Pair
from tests.relay.fakes import new_line

REFUSED: list[OutboxItem] = ['{"type":"error","code":"no_such_room"}', CloseCode.NO_ROOM]


@pytest.mark.attack(10)
def test_of_ten_thousand_random_joins_none_gets_in_and_all_hear_the_same() -> None:
    async def work() -> None:
        hub = MemoryHub(Settings())
        live, (g, g_end), (s, s_end) = Pair(), new_line(), new_line()
        hub.ask(g, live.create)
        g_end.take(1)
        for _ in range(10_000):
            stranger, its_end = new_line()
            hub.ask(stranger, Pair().join)
            assert its_end.take(2) == REFUSED
            assert stranger.seat is None
        hub.ask(s, live.join)
        assert [str(item)[:16] for item in s_end.take(1)] == ['{"type":"paired"']
        assert len(hub) == 1
        await hub.stop()

    asyncio.run(work())


@pytest.mark.attack(13)
def test_rooms_that_come_and_go_leave_nothing_behind_but_their_words() -> None:
    async def work() -> None:
        settings = Settings(admission=AdmissionLimits(rooms_per_address=1), max_dead_rooms=100)
        hub = MemoryHub(settings)
        for n in range(2000):
            pair, (g, _), (s, _) = Pair(), new_line(), new_line()
            hub.ask(g, pair.create)
            if n % 2:
                hub.ask(s, pair.join)
            hub.leave(g)
            assert len(hub) == 0
        late, its_end = new_line()
        hub.ask(late, pair.join)
        assert its_end.take(1) == ['{"type":"error","code":"already_used"}']
        await hub.stop()

    asyncio.run(work())


def test_a_line_without_a_seat_moves_nothing() -> None:
    async def work() -> None:
        hub, (line, _) = MemoryHub(Settings()), new_line()
        hub.carry(line, b"sealed")
        hub.leave(line)
        hub.lost(line)
        assert not line.outbox.ending

    asyncio.run(work())


def test_a_replaced_line_speaks_for_nobody() -> None:
    async def work() -> None:
        hub, pair = MemoryHub(Settings()), Pair()
        (old, _), (new, _), (s, s_end) = new_line(), new_line(), new_line()
        hub.ask(old, pair.create)
        hub.ask(s, pair.join)
        hub.ask(new, pair.resume_g)
        s_end.take(2)
        hub.carry(old, b"from the replaced one")
        hub.leave(old)
        hub.lost(old)
        hub.carry(new, b"from the new one")
        assert s_end.take(1) == [b"from the new one"]
        assert hub.is_paired(new)
        assert not hub.is_paired(old)
        await hub.stop()

    asyncio.run(work())


def test_the_secret_of_a_join_is_what_counts_and_not_its_room() -> None:
    async def work() -> None:
        hub, pair, (g, _) = MemoryHub(Settings()), Pair(), new_line()
        hub.ask(g, pair.create)
        assert encode(pair.create).count(pair.secret.hex) == 0, "G never shows it"
        join = pair.join
        wrong = Join(Pair().secret, join.token_hash, "android", "G5.0", "14")
        stranger, its_end = new_line()
        hub.ask(stranger, wrong)
        assert its_end.take(2) == REFUSED
        await hub.stop()

    asyncio.run(work())
