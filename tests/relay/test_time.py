"""The ends of rooms and sockets by time, with a relay whose times are short.

No test measures time: each waits for what must come, and only its order and words count.
"""

import time
from collections.abc import Callable

import pytest

from certrelay.wire.messages import Closed, Created, Leave, Paired, PeerGone, Refused, Resumed
from certrelay.wire.room import RoomLimits
from relay.embedded import Running
from relay.settings import SocketLimits
from tests.relay.conftest import Connect
from tests.relay.device import Heard, Pair, knock
from tests.relay.raw import RawSocket

Start = Callable[..., Running]
SHORT = 0.15


@pytest.mark.attack(13)
def test_an_unclaimed_room_expires_and_says_so_to_g_and_to_a_later_scan(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(room=RoomLimits(unclaimed_s=SHORT))
    g = connect_to(relay)
    created = g.ask(pair.create)
    assert isinstance(created, Created)
    assert created.expires_in_ms <= SHORT * 1000
    assert g.hear_all() == [Closed("expired"), 1000]
    for asked in (pair.join, pair.create):
        late = connect_to(relay)
        late.say(asked)
        assert late.hear_all() == [Refused("expired"), 4404]


def test_a_session_times_out_for_both(start_relay: Start, connect_to: Connect, pair: Pair) -> None:
    relay = start_relay(room=RoomLimits(session_s=SHORT))
    g, s = connect_to(relay), connect_to(relay)
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    assert s.hear_all() == [Closed("timeout"), 4408]
    heard = g.hear_all()
    assert heard[1:] == [Closed("timeout"), 4408]
    late = connect_to(relay)
    late.say(pair.join)
    assert late.hear_all() == [Refused("already_used"), 4404]


def test_who_stays_hears_when_the_others_grace_is_over(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(room=RoomLimits(grace_s=SHORT))
    g, s = pair.meet(lambda: connect_to(relay))
    s.lose()
    assert g.hear_all() == [PeerGone(), Closed("grace"), 1000]
    late = connect_to(relay)
    late.say(pair.resume_s)
    assert late.hear_all() == [Refused("no_such_room"), 4404]


def test_a_room_whose_g_is_lost_before_a_claim_ends_with_its_grace(
    start_relay: Start, connect_to: Connect
) -> None:
    relay = start_relay(room=RoomLimits(unclaimed_grace_s=SHORT))
    pair, s, answer = knock(lambda: connect_to(relay))
    while answer == Refused("peer_not_ready", retry_in_ms=2000):
        time.sleep(SHORT / 100)  # who asks without a pause has soon asked too much
        answer = s.ask(pair.join)
    assert [answer, s.hear()] == [Refused("expired"), 4404]


def test_a_dead_room_is_forgotten_in_time(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(dead_room_s=SHORT)
    g = connect_to(relay)
    g.ask(pair.create)
    g.say(Leave())
    assert g.hear() == 1000
    answers: list[Heard] = []
    while not answers or answers[-1] == Refused("expired"):
        answers.append(connect_to(relay).ask(pair.join))
    assert answers[-1] == Refused("no_such_room")


def test_dead_rooms_are_bounded_in_number(start_relay: Start, connect_to: Connect) -> None:
    relay = start_relay(max_dead_rooms=2)
    pairs = [Pair() for _ in range(3)]
    for pair in pairs:
        g = connect_to(relay)
        g.ask(pair.create)
        g.say(Leave())
        assert g.hear() == 1000
    answers = [connect_to(relay).ask(pair.join) for pair in pairs]
    assert answers == [Refused("no_such_room"), Refused("expired"), Refused("expired")]


@pytest.mark.attack(13)
def test_a_socket_that_says_nothing_is_closed(start_relay: Start, connect_to: Connect) -> None:
    relay = start_relay(socket=SocketLimits(first_message_s=SHORT))
    assert connect_to(relay).hear_all() == [4408]


@pytest.mark.attack(13)
def test_a_socket_that_waits_for_g_must_go_on_asking(
    start_relay: Start, connect_to: Connect
) -> None:
    # Time enough for a busy machine to knock, again and again if it must.
    relay = start_relay(socket=SocketLimits(first_message_s=5 * SHORT))
    _, s, answer = knock(lambda: connect_to(relay))
    assert answer == Refused("peer_not_ready", retry_in_ms=2000)
    assert s.hear_all() == [4408]


def test_a_socket_with_a_room_may_be_silent(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(socket=SocketLimits(first_message_s=SHORT))
    g, s = pair.meet(lambda: connect_to(relay))
    # Long enough for the first message's time to pass: another socket is closed by it meanwhile.
    assert connect_to(relay).hear_all() == [4408]
    s.say(b"still here")
    assert g.hear() == b"still here"


@pytest.mark.attack(13)
def test_a_device_that_answers_no_ping_is_lost(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(socket=SocketLimits(ping_s=SHORT, ping_timeout_s=SHORT))
    g = connect_to(relay)
    assert isinstance(g.ask(pair.create), Created)
    with RawSocket(relay.port) as s:
        s.say(pair.join)
        assert isinstance(g.hear(), Paired)
        assert g.hear() == PeerGone()
        s.wait_for_end()
    assert isinstance(connect_to(relay).ask(pair.resume_s), Resumed)
