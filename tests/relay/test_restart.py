"""A relay that was restarted knows no room; the two devices bring theirs back."""

from collections.abc import Iterator

import pytest

from certrelay.wire.messages import Created, Leave, Paired, PeerBack, Refused, Resumed
from relay.embedded import Running, start
from tests.relay.conftest import Connect
from tests.relay.device import Device, Pair


@pytest.fixture
def restarted(connect_to: Connect, pair: Pair) -> Iterator[Running]:
    """A relay in the place of one in which ``pair`` had met."""
    with start("127.0.0.1") as first:
        met = pair.meet(lambda: connect_to(first))
        port = first.port
        first.stop()
        assert [device.hear_all()[-1] for device in met] == [1012, 1012]
    with start("127.0.0.1", port) as second:
        yield second


@pytest.fixture
def resumed_in_vain(restarted: Running, connect_to: Connect, pair: Pair) -> Running:
    for resume in (pair.resume_g, pair.resume_s):
        device = connect_to(restarted)
        device.say(resume)
        assert device.hear_all() == [Refused("no_such_room"), 4404]
    return restarted


def talk(g: Device, s: Device) -> None:
    g.say(b"on we go")
    assert s.hear() == b"on we go"
    s.say(b"so we do")
    assert g.hear() == b"so we do"


@pytest.mark.attack(30)
def test_before_the_handshake_both_ask_once_more(
    resumed_in_vain: Running, connect_to: Connect, pair: Pair
) -> None:
    g, s = connect_to(resumed_in_vain), connect_to(resumed_in_vain)
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    talk(g, s)


@pytest.mark.attack(30)
def test_after_the_handshake_g_names_its_peer_and_no_other_gets_in(
    resumed_in_vain: Running, connect_to: Connect, pair: Pair
) -> None:
    g, s = connect_to(resumed_in_vain), connect_to(resumed_in_vain)
    created = g.ask(pair.create_with_peer)
    assert isinstance(created, Created)
    assert created.expires_in_ms > 590_000, "a fresh ten minutes"
    thief = connect_to(resumed_in_vain)
    thief.say(pair.stranger())
    assert thief.hear_all() == [Refused("already_claimed"), 4409]
    assert isinstance(s.ask(pair.resume_s), Resumed)
    g.hear()  # the second scan
    assert g.hear() == PeerBack()
    s.hear()  # which S hears of now
    talk(g, s)


@pytest.mark.attack(8, 30)
def test_a_scan_of_the_old_code_finds_no_room(
    resumed_in_vain: Running, connect_to: Connect, pair: Pair
) -> None:
    late = connect_to(resumed_in_vain)
    late.say(pair.join)
    assert late.hear_all() == [Refused("no_such_room"), 4404]


@pytest.mark.attack(30)
def test_whoever_knows_the_room_alone_can_end_the_session_and_no_more(
    resumed_in_vain: Running, connect_to: Connect, pair: Pair
) -> None:
    thief, g = connect_to(resumed_in_vain), connect_to(resumed_in_vain)
    other = Pair()
    stolen = type(pair.create)(pair.secret.room, other.g_token.hashed)
    assert isinstance(thief.ask(stolen), Created)
    g.say(pair.create_with_peer)
    assert g.hear_all() == [Refused("already_claimed"), 4409]
    thief.say(Leave())
    assert thief.hear() == 1000
