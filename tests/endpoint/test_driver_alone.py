"""One driver alone: the relay's and the other end's words are the test's."""

import os

import pytest

from certrelay import limits
from certrelay.bundle import Item
from certrelay.e2e import bodies
from certrelay.e2e.handshake import ScanSecrets
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, events
from certrelay.endpoint.driver import Phase
from certrelay.errors import ReleaseRefused
from certrelay.testkit.hostile_end import pair_offer
from certrelay.testkit.hostile_pc import HostilePc
from certrelay.testkit.pair import ORIGIN, PHONE_HELLO
from certrelay.testkit.victim import Victim
from certrelay.wire.messages import Created, SecondScan
from certrelay.wire.release import ReleasePolicy
from tests.endpoint.test_after_close import opened

OFFER = bodies.Offer(pair_offer(b"c" * 1400, b"k" * 1800))


def fresh() -> Victim:
    victim = Victim.pc(Direction.TO_PC, os.urandom)
    victim.endpoint.connected(victim.now)
    return victim


@pytest.mark.parametrize(
    ("word_ms", "life_s"), [(30_000, 30.0), (120_000, 120.0), (900_000, limits.UNCLAIMED_S)]
)
def test_the_relay_may_shorten_the_codes_life_and_not_lengthen_it(
    word_ms: int, life_s: float
) -> None:
    victim = fresh()
    victim.tell(Created(word_ms))
    assert victim.heard == [events.RoomOpened(round(life_s * 1000))]
    victim.wait(life_s + 1.9)
    assert victim.ended is None
    victim.wait(0.2)
    assert victim.ended == "expired"


def test_a_second_word_of_a_room_that_waits_changes_nothing() -> None:
    victim = fresh()
    victim.tell(Created(30_000))
    victim.wait(20)
    victim.tell(Created(120_000))
    assert len(victim.heard) == 1
    victim.wait(13)
    assert victim.ended == "expired"


def test_a_second_scan_before_the_number_ends_it() -> None:
    victim, _phone = opened(Direction.TO_PC)
    victim.tell(SecondScan())
    assert victim.heard_of(events.ScannedTwice)
    victim.wait(60)
    assert victim.ended == "second_scan"


def test_a_second_scan_after_the_number_is_told_once_and_ends_nothing() -> None:
    victim, phone = opened(Direction.TO_PC)
    victim.take(phone.channel.say(OFFER))
    assert victim.endpoint.phase is Phase.MOVING
    victim.tell(SecondScan())
    victim.tell(SecondScan())
    assert [type(each) for each in victim.heard].count(events.ScannedTwice) == 1
    assert victim.endpoint.phase is Phase.MOVING


def test_a_step_after_the_number_shows_no_number_again_and_starts_no_clock() -> None:
    victim, phone = opened(Direction.TO_PC)
    victim.take(phone.channel.say(bodies.Progress("typing")))
    victim.take(phone.channel.say(OFFER))
    victim.take(phone.channel.say(bodies.Progress("typing")))
    assert [type(each) for each in victim.heard].count(events.NumberShown) == 1
    victim.wait(limits.NUMBER_S + 30)
    assert victim.endpoint.phase is Phase.MOVING


@pytest.mark.parametrize("direction", list(Direction))
def test_only_who_interrupts_is_told_that_nobody_heard_it(direction: Direction) -> None:
    victim, _phone = opened(direction)
    victim.tell(SecondScan())
    assert victim.endpoint.phase is Phase.CLOSING
    victim.wait(60)
    assert victim.ended == "second_scan"
    assert not victim.heard_of(events.CloseUnheard)


def test_a_phone_that_does_not_admit_the_pc_says_so_inside_the_seal() -> None:
    pc = HostilePc(ORIGIN.text, Direction.TO_PC, os.urandom)
    qr = QrCode.from_url(pc.url)
    side = ScanSide(ScanSecrets.fresh(os.urandom), qr, PHONE_HELLO)
    policy = ReleasePolicy.from_table({"pc": {"app": "P9.0"}})
    victim = Victim(Endpoint(side, PHONE_HELLO, policy), pc.url)
    (m1,) = victim.meet()
    m3, sealed = victim.take(pc.answer(m1))
    pc.finish(m3)
    close = pc.channel.read(sealed)
    assert isinstance(close, bodies.Close)
    assert (close.reason, close.found, close.needed) == ("version_too_low", "P1.0", "P9.0")
    assert not victim.heard_of(events.NumberWanted)
    victim.wait(60)
    (last,) = victim.heard[-1:]
    assert isinstance(last, events.Ended)
    assert isinstance(last.error, ReleaseRefused)


@pytest.mark.parametrize("covers_end", [False, True], ids=["END not acknowledged", "acknowledged"])
def test_a_receipt_counts_only_from_who_has_taken_end(covers_end: bool) -> None:
    """END is on its way at the same moment: what tells is the receipt's own acknowledgement."""
    victim, phone = opened(Direction.TO_PHONE)
    victim.endpoint.offer([Item.of("npki", {"signCert": b"c" * 1400, "signPri": b"k" * 1800})])
    victim.endpoint.enter_number(phone.channel.number, victim.now)
    for sealed in victim.collect():
        phone.channel.read(sealed)
    said = [phone.channel.read(each) for each in victim.take(phone.channel.say(bodies.Accept()))]
    assert isinstance(said[-1], bodies.End)
    end = phone.channel.expected - 1
    receipt = bodies.encode(bodies.Receipt((bodies.ItemResult("stored"),)))
    (close,) = victim.take(phone.channel.frame(*receipt, ack=end + int(covers_end)))
    told = phone.channel.read(close)
    assert isinstance(told, bodies.Close)
    assert told.reason == ("done" if covers_end else "protocol")
    assert bool(victim.heard_of(events.ReceiptArrived)) == covers_end
    victim.wait(60)
    assert victim.ended == ("done" if covers_end else "not_confirmed")
