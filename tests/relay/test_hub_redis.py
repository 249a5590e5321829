"""Several nodes and a real server between them: what befalls either."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from certrelay.frozen import replace
from certrelay.wire.messages import (
    Closed,
    Created,
    FromDevice,
    Leave,
    Paired,
    PeerBack,
    PeerGone,
    Refused,
    Resumed,
)
from certrelay.wire.room import RoomLimits
from relay import store
from relay.embedded import Running, start
from relay.hub_redis import RedisHub
from relay.settings import AdmissionLimits, Settings
from tests.nodes import nodes, readiness
from tests.redis_server import RedisServer, redis_server
from tests.relay.conftest import Connect
from tests.relay.device import Device, Heard, Pair

Start = Callable[..., Running]


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may stop, freeze or fill."""
    with redis_server() as server:
        yield server


@pytest.fixture
def node() -> Iterator[Start]:
    """Start nodes on a server."""
    with ExitStack() as stack:

        def start_one(server: RedisServer, **changed: Any) -> Running:
            settings = replace(Settings(), redis_url=server.url, **changed)
            return stack.enter_context(start("127.0.0.1", settings=settings))

        yield start_one


def hear_until(device: Device, wanted: Heard) -> list[Heard]:
    """What comes up to a message; it must come."""
    heard = [device.hear()]
    while heard[-1] != wanted:
        assert not isinstance(heard[-1], int), heard
        heard.append(device.hear())
    return heard


def knock_until(connect: Callable[[], Device], ask: FromDevice, wanted: type) -> Device:
    """Ask on new sockets until the answer is as wanted."""
    while True:
        device = connect()
        if isinstance(device.ask(ask), wanted):
            return device


# --- nodes ---


def test_a_device_moves_to_another_node_and_the_old_one_lets_go(
    redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    first, second, third = node(redis), node(redis), node(redis)
    g, s = connect_to(first), connect_to(second)
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    moved = connect_to(third)
    assert isinstance(moved.ask(pair.resume_s), Resumed)
    assert s.hear_all() == [4000]
    assert g.hear() == PeerBack()
    moved.say(b"from the third")
    g.say(b"from the first")
    assert (g.hear(), moved.hear()) == (b"from the third", b"from the first")


def test_a_node_that_is_killed_leaves_its_rooms_to_the_others(
    redis: RedisServer, connect_to: Connect, pair: Pair
) -> None:
    with nodes(2, "--redis", redis.url) as (dying, living):
        g, s = connect_to(dying), connect_to(living)
        assert isinstance(g.ask(pair.create), Created)
        assert isinstance(s.ask(pair.join), Paired)
        assert isinstance(g.hear(), Paired)
        dying.kill()
        assert g.hear() == 1006
        back = connect_to(living)
        assert isinstance(back.ask(pair.resume_g), Resumed)
        assert s.hear() == PeerBack()
        back.say(b"on we go")
        assert s.hear() == b"on we go"


def test_who_was_on_a_killed_node_and_does_not_come_back_is_missed(
    redis: RedisServer, connect_to: Connect, pair: Pair
) -> None:
    with nodes(2, "--redis", redis.url) as (dying, living):
        g, s = connect_to(dying), connect_to(living)
        assert isinstance(g.ask(pair.create), Created)
        assert isinstance(s.ask(pair.join), Paired)
        dying.kill()
        assert s.hear() == PeerGone()


def test_a_room_whose_nodes_are_all_gone_still_ends_in_time(
    redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    limits = RoomLimits(unclaimed_s=0.3)
    with start("127.0.0.1", settings=replace(Settings(), redis_url=redis.url, room=limits)) as gone:
        assert isinstance(connect_to(gone).ask(pair.create), Created)
    other = node(redis, room=limits)
    answers: list[Heard] = []
    while not answers or answers[-1] == Refused("peer_not_ready", retry_in_ms=2000):
        answers.append(connect_to(other).ask(pair.join))
    assert answers[-1] == Refused("expired")


def test_the_budget_counts_both_directions_on_both_nodes(
    redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    room = RoomLimits(budget_messages=9)
    g, s = connect_to(node(redis, room=room)), connect_to(node(redis, room=room))
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    for _ in range(4):
        s.say(b"up")
        assert g.hear() == b"up"
        g.say(b"down")
        assert s.hear() == b"down"
    g.say(b"the ninth")
    assert s.hear() == b"the ninth"
    s.say(b"one too many")
    assert s.hear_all() == [Closed("over_budget"), 4413]
    assert g.hear_all() == [Closed("over_budget"), 4413]


def test_each_node_has_its_share_of_the_rooms(
    redis: RedisServer, node: Start, connect_to: Connect
) -> None:
    admission = AdmissionLimits(rooms_per_address=1)
    one, other = node(redis, admission=admission), node(redis, admission=admission)
    g = connect_to(one)
    assert isinstance(g.ask(Pair().create), Created)
    assert connect_to(one).ask(Pair().create) == Refused("rate_limited")
    assert isinstance(connect_to(other).ask(Pair().create), Created)
    g.say(Leave())
    assert g.hear() == 1000
    assert isinstance(connect_to(one).ask(Pair().create), Created), "it is free again"


def test_a_node_stops_although_a_cancellation_was_lost(redis: RedisServer) -> None:
    """Once a node took ten minutes to end: so long did it try to note what it could not."""
    heard: list[str] = []

    async def stubborn() -> None:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)
            heard.append("cancelled")

    async def start_and_stop() -> None:
        hub = RedisHub(Settings(), redis.url)
        await hub.start()
        hub._spawn(stubborn())
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await hub.stop()

    asyncio.run(start_and_stop())
    assert heard == ["cancelled", "cancelled"]


# --- the server ---


def test_while_the_server_is_away_newcomers_wait_and_pairs_on_one_node_go_on(
    own_redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = node(own_redis)
    assert readiness(relay.port) == (200, "ok")
    g, s = pair.meet(lambda: connect_to(relay))
    own_redis.stop()
    while readiness(relay.port) != (503, "store_away"):
        pass
    newcomer = connect_to(relay)
    newcomer.say(Pair().create)
    assert newcomer.hear_all() == [Refused("try_later"), 4429]
    s.say(b"still")
    g.say(b"here")
    assert (g.hear(), s.hear()) == (b"still", b"here")
    own_redis.start()
    while readiness(relay.port)[0] != 200:
        pass
    s.say(b"the room was put back")
    assert g.hear() == b"the room was put back"
    s.lose()
    assert g.hear() == PeerGone()
    assert isinstance(connect_to(relay).ask(pair.resume_s), Resumed)
    assert g.hear() == PeerBack()


def test_a_device_that_leaves_while_the_server_is_away_is_let_go_and_its_room_ends_later(
    own_redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = node(own_redis)
    g, s = pair.meet(lambda: connect_to(relay))
    own_redis.stop()
    s.say(Leave())
    assert s.hear_all() == [1000]
    own_redis.start()
    assert g.hear_all() == [Closed("left"), 1000]
    assert connect_to(relay).ask(pair.join) == Refused("already_used")


def test_pairs_on_two_nodes_survive_a_server_that_loses_everything(
    own_redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    first, second = node(own_redis), node(own_redis)
    g, s = connect_to(first), connect_to(second)
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    own_redis.stop()
    own_redis.start()
    for relay in (first, second):
        while readiness(relay.port)[0] != 200:
            pass
    s.say(b"again")
    assert hear_until(g, b"again") == [b"again"]


def test_a_refused_request_leaves_no_task_behind_while_the_server_is_away(
    own_redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = node(own_redis)
    hub = relay._server.hub
    assert isinstance(hub, RedisHub)
    pair.meet(lambda: connect_to(relay))
    own_redis.stop()
    while readiness(relay.port) != (503, "store_away"):
        pass
    before = len(hub._tasks)
    for number in range(30):
        other = Pair()
        newcomer = connect_to(relay)
        newcomer.say((other.create, other.join, other.resume_s)[number % 3])
        assert newcomer.hear_all() == [Refused("try_later"), 4429]
    assert not hub._notings
    assert len(hub._tasks) <= before, "nothing that tries again and again"


def test_while_the_server_is_away_it_is_not_asked_again_and_again(
    own_redis: RedisServer, node: Start, connect_to: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = node(own_redis, room=RoomLimits(unclaimed_s=0.5))
    hub = relay._server.hub
    assert isinstance(hub, RedisHub)
    waiting = [connect_to(relay) for _ in range(5)]
    for device in waiting:
        assert isinstance(device.ask(Pair().create), Created)
    tried = []
    change = RedisHub._change

    async def count(hub: RedisHub, room: Any, step: Any) -> Any:
        tried.append(room)
        return await change(hub, room, step)

    monkeypatch.setattr(RedisHub, "_change", count)
    own_redis.stop()
    while len(hub._notings) < 5:  # the rooms' time is over, and that cannot be written down
        time.sleep(0.01)
    time.sleep(3)
    assert len(tried) <= 10, "twice each at most"
    own_redis.start()
    assert [device.hear_all() for device in waiting]


def test_a_server_that_stands_still_is_no_server(
    own_redis: RedisServer,
    node: Start,
    connect_to: Connect,
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "SILENT_S", 2.0)
    relay = node(own_redis)
    g, s = pair.meet(lambda: connect_to(relay))
    with own_redis.frozen():
        newcomer = connect_to(relay)
        newcomer.say(Pair().create)
        assert newcomer.hear_all() == [Refused("try_later"), 4429]
        while readiness(relay.port) != (503, "store_away"):
            pass
        s.say(b"no room is touched by this")
        assert g.hear() == b"no room is touched by this"
    knock_until(lambda: connect_to(relay), Pair().create, Created)
    s.say(Leave())
    assert g.hear_all()[-2:] == [Closed("left"), 1000]


def test_a_server_without_memory_takes_nobody_new_and_still_ends_rooms(
    own_redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = node(own_redis)
    g, s = pair.meet(lambda: connect_to(relay))
    assert own_redis.ask(b"CONFIG SET maxmemory 1") == b"+OK"
    newcomer = connect_to(relay)
    newcomer.say(Pair().create)
    assert newcomer.hear_all() == [Refused("try_later"), 4429]
    while readiness(relay.port) != (503, "store_full"):
        pass
    s.say(b"carried all the same")
    assert g.hear() == b"carried all the same"
    s.say(Leave())
    assert g.hear_all() == [Closed("left"), 1000]


def test_what_no_relay_wrote_is_not_touched(
    redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = node(redis)
    key = f"certrelay:{{{pair.secret.room.hex}}}"
    assert redis.ask(f"SET {key} foreign".encode()) == b"+OK"
    assert connect_to(relay).ask(pair.create) == Refused("try_later")
    assert redis.read(key) == b"foreign"


def test_nodes_on_a_server_without_memory_do_not_take_each_other_for_dead(
    own_redis: RedisServer,
    node: Start,
    connect_to: Connect,
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sign of life must not need memory: else all pairs over two nodes would be cut."""
    monkeypatch.setattr(store, "SILENT_S", 2.0)
    g, s = connect_to(node(own_redis)), connect_to(node(own_redis))
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    signs = own_redis.ask(b"KEYS certrelay:node:*")
    assert signs == b"*2"
    assert own_redis.ask(b"CONFIG SET maxmemory 1") == b"+OK"
    until = time.monotonic() + 3 * store.SILENT_S
    while time.monotonic() < until:
        assert own_redis.ask(b"KEYS certrelay:node:*") == signs
        s.say(b"over both nodes")
        assert g.hear() == b"over both nodes"
        time.sleep(0.1)
    assert own_redis.ask(b"CONFIG SET maxmemory 0") == b"+OK"
    s.say(Leave())
    assert g.hear_all() == [Closed("left"), 1000]


@pytest.mark.attack(11)
def test_what_lies_in_the_server_lets_nobody_join_or_resume(
    redis: RedisServer, node: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = node(redis)
    pair.meet(lambda: connect_to(relay))
    stored = redis.read(f"certrelay:{{{pair.secret.room.hex}}}")
    assert pair.g_token.hashed.hex.encode() in stored
    for secret in (pair.secret, pair.g_token, pair.s_token):
        assert secret.hex.encode() not in stored
