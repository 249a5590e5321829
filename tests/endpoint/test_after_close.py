"""After a CLOSE, theirs or ours, frames are acknowledged and not read: docs/protocol.md §8."""

import os

import pytest

from certrelay.e2e import bodies
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from certrelay.endpoint.driver import Phase
from certrelay.limits import CLOSE_WAIT_S, INTERRUPTED_WAIT_S
from certrelay.testkit.hostile_phone import HostilePhone
from certrelay.testkit.victim import Victim

BOTH = pytest.mark.parametrize("direction", list(Direction))


def opened(direction: Direction) -> tuple[Victim, HostilePhone]:
    """A PC whose channel to a phone stands."""
    victim = Victim.pc(direction, os.urandom)
    phone = HostilePhone(victim.url, os.urandom)
    victim.meet()
    (m2,) = victim.take(phone.m1)
    for message in victim.take(phone.answer(m2)):
        phone.channel.read(message)
    return victim, phone


def acknowledged(phone: HostilePhone, sent: list[bytes]) -> int:
    """The highest acknowledgement among the victim's messages."""
    read = [phone.channel.read(message) for message in sent]
    return max((each for each in read if isinstance(each, int)), default=0)


@BOTH
def test_a_frame_before_a_close_is_read(direction: Direction) -> None:
    victim, phone = opened(direction)
    victim.take(phone.channel.say(bodies.Progress("typing")))
    assert victim.heard_of(events.PeerStepped), "else the tests below would show nothing"


@BOTH
def test_frames_after_the_peers_close_are_acknowledged_and_not_read(direction: Direction) -> None:
    victim, phone = opened(direction)
    victim.take(phone.channel.say(bodies.Close("cancelled")))
    assert victim.endpoint.phase is Phase.CLOSED
    sent = victim.take(phone.channel.say(bodies.Progress("typing")))
    assert acknowledged(phone, sent) == 2
    assert not victim.heard_of(events.PeerStepped)
    victim.wait(60)
    assert victim.ended == "cancelled"


@BOTH
def test_a_second_close_changes_nothing(direction: Direction) -> None:
    victim, phone = opened(direction)
    victim.take(phone.channel.say(bodies.Close("cancelled")))
    victim.take(phone.channel.say(bodies.Close("second_scan")))
    victim.wait(60)
    assert victim.ended == "cancelled"


@BOTH
def test_frames_after_our_own_close_are_acknowledged_and_not_read(direction: Direction) -> None:
    victim, phone = opened(direction)
    victim.endpoint.cancel(victim.now)
    victim.collect()
    assert victim.endpoint.phase is Phase.CLOSING
    # The frame carries no acknowledgement of our CLOSE: the session is still closing after it.
    sent = victim.take(phone.channel.say(bodies.Progress("typing")))
    assert acknowledged(phone, sent) == 1
    assert not victim.heard_of(events.PeerStepped)
    victim.wait(60)
    assert victim.ended == "interrupted"


@BOTH
@pytest.mark.attack(71)
def test_who_interrupts_waits_for_no_relay_and_is_told_what_nobody_knows(
    direction: Direction,
) -> None:
    """Ctrl-C: our CLOSE is out, and neither the relay nor the other device says a word."""
    victim, _ = opened(direction)
    for _ in range(3):  # the loop says it at each of its turns
        victim.endpoint.interrupt(victim.now)
        victim.collect()
        victim.wait(INTERRUPTED_WAIT_S / 4)
    assert victim.ended is None
    victim.wait(INTERRUPTED_WAIT_S / 4)
    assert victim.ended == "interrupted"
    assert victim.heard_of(events.CloseUnheard)


@BOTH
def test_who_interrupts_and_is_heard_is_told_nothing_of_the_kind(direction: Direction) -> None:
    victim, phone = opened(direction)
    victim.endpoint.interrupt(victim.now)
    for message in victim.collect():
        phone.channel.read(message)
    victim.take(phone.channel.ack())
    assert victim.ended == "interrupted"
    assert not victim.heard_of(events.CloseUnheard)


@BOTH
@pytest.mark.attack(71)
def test_ctrl_c_cuts_a_wait_short_that_was_begun_before(direction: Direction) -> None:
    """For `closed` after the other's CLOSE, and for the acknowledgement of one of ours."""
    theirs, phone = opened(direction)
    theirs.take(phone.channel.say(bodies.Close("cancelled")))
    ours, _ = opened(direction)
    ours.endpoint.cancel(ours.now)
    ours.collect()
    for victim, ended in ((theirs, "cancelled"), (ours, "interrupted")):
        victim.wait(CLOSE_WAIT_S / 2)
        assert victim.ended is None
        victim.endpoint.interrupt(victim.now)
        victim.wait(INTERRUPTED_WAIT_S)
        assert victim.ended == ended
