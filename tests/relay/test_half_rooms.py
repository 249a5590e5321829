"""Rooms whose creator hangs up at once: they cost it no socket, and so few of them stand."""

from collections.abc import Callable

import pytest

from certrelay.wire.ids import JoinSecret
from certrelay.wire.messages import Create, Created, Leave, Paired, Refused, Resumed
from certrelay.wire.room import Joined, Lost, Room, RoomLimits, open_room, step
from relay.embedded import Running
from relay.half_rooms import HalfRooms
from relay.settings import AdmissionLimits
from tests.relay.conftest import Connect
from tests.relay.device import Pair

Start = Callable[..., Running]


def abandon(relay: Running, connect_to: Connect) -> Pair:
    """Create a room and hang up; the relay has noted it when this returns."""
    while True:
        pair, g = Pair(), connect_to(relay)
        assert isinstance(g.ask(pair.create), Created)
        g.socket.close()
        s = connect_to(relay)
        if isinstance(s.ask(pair.join), Refused):
            return pair
        s.say(Leave())  # it came too early: this room is none of those
        s.hear_all()


@pytest.mark.attack(75)
def test_of_one_address_only_the_newest_half_rooms_stand(
    start_relay: Start, connect_to: Connect
) -> None:
    # With two nodes each has a share of its own.
    relay = start_relay(admission=AdmissionLimits(half_rooms_per_address=2))
    made = [abandon(relay, connect_to) for _ in range(10)]
    assert connect_to(relay).ask(made[0].join) == Refused("expired")
    newest = connect_to(relay).ask(made[-1].join)
    assert newest == Refused("peer_not_ready", retry_in_ms=2000)
    assert isinstance(connect_to(relay).ask(made[-1].resume_g), Resumed), "G may come back"


@pytest.mark.attack(75)
def test_half_rooms_keep_nobody_out_and_end_no_room_that_is_whole(
    start_relay: Start, connect_to: Connect
) -> None:
    relay = start_relay(admission=AdmissionLimits(rooms=10, half_rooms=3))
    waiting, honest = connect_to(relay), Pair()
    assert isinstance(waiting.ask(honest.create), Created)
    g, s = Pair().meet(lambda: connect_to(relay))
    g.socket.close()  # a room that was claimed is no half one
    for _ in range(20):
        abandon(relay, connect_to)
    late = connect_to(relay)
    assert isinstance(late.ask(Pair().create), Created), "there is room for one more"
    assert isinstance(connect_to(relay).ask(honest.join), Paired)
    s.socket.close()


@pytest.mark.attack(75)
def test_a_room_that_nobody_claimed_has_a_short_grace(
    start_relay: Start, connect_to: Connect
) -> None:
    relay = start_relay(room=RoomLimits(unclaimed_grace_s=0.2))
    pair = abandon(relay, connect_to)
    while (heard := connect_to(relay).ask(pair.join)) != Refused("expired"):
        assert heard == Refused("peer_not_ready", retry_in_ms=2000)


def half(n: int, *, claimed: bool = False) -> Room:
    """A room whose G is gone."""
    create = Create(JoinSecret(n.to_bytes(16)).room, Pair().g_token.hashed)
    room, _ = open_room(create, 0.0, RoomLimits())
    assert room is not None
    if claimed:
        room, _ = step(room, Joined(Pair().s_token.hashed), 0.0, RoomLimits())
        assert room is not None
    room, _ = step(room, Lost(next(iter(room.here))), 0.0, RoomLimits())
    assert room is not None
    return room


@pytest.mark.attack(75)
def test_the_grace_of_a_room_hangs_on_whether_anybody_has_scanned_its_code() -> None:
    limits = RoomLimits()
    assert half(1).deadline == limits.unclaimed_grace_s
    assert half(2, claimed=True).deadline == limits.grace_s
    assert limits.unclaimed_grace_s < limits.grace_s


@pytest.mark.attack(75)
def test_the_oldest_goes_of_the_address_first_and_then_of_all() -> None:
    rooms = HalfRooms(AdmissionLimits(half_rooms=5, half_rooms_per_address=2))
    all_rooms = [half(n) for n in range(8)]
    assert [rooms.note(room, "a") for room in all_rooms[:3]] == [None, None, all_rooms[0].id]
    assert rooms.note(half(99, claimed=True), "a") is None
    assert [rooms.note(room, f"b{room.id.hex}") for room in all_rooms[3:7]] == [
        None,
        None,
        None,
        all_rooms[1].id,
    ]
    assert len(rooms) == 5
    rooms.forget(all_rooms[2].id)
    assert rooms.note(all_rooms[7], "a") is None
