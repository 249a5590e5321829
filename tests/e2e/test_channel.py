"""Delivery: exactly once, in order, over a carrier that drops, repeats and reorders."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certrelay.e2e import frame
from certrelay.e2e.bodies import Body, Chunk, Close, ItemResult, Offer, Progress, Receipt
from certrelay.e2e.channel import Confirmed, Delivery, Unconfirmed
from certrelay.e2e.handshake import SessionKeys
from certrelay.errors import ProtocolError, StateError, TrustError
from certrelay.limits import FRAME_REPEAT_S, NUMBER_TRIES, SILENCE_S, WINDOW_FRAMES

ONE, OTHER = b"1" * 32, b"2" * 32


def pair() -> tuple[Delivery, Delivery]:
    return Delivery(ONE, OTHER), Delivery(OTHER, ONE)


def unconfirmed(number: str = "012345") -> Unconfirmed:
    return Unconfirmed(SessionKeys(b"t" * 32, ONE, OTHER, number))


@settings(deadline=None, max_examples=60)
@given(count=st.integers(1, 20), data=st.data())
def test_every_body_arrives_once_and_in_order_whatever_the_carrier_does(
    count: int, data: st.DataObject
) -> None:
    sender, receiver = pair()
    bodies: list[Body] = [Chunk(at, bytes([at])) for at in range(count)]
    for body in bodies:
        sender.send(body)
    arrived: list[Body] = []
    seen: dict[bytes, bytes] = {}
    now = 0.0
    for turn in range(400):
        if sender.is_settled:
            break
        under_way = sender.take(now)
        for message in under_way:
            assert seen.setdefault(message[:9], message) == message, "one ciphertext per nonce"
        if turn < 40:  # then the carrier behaves, so that the run ends
            under_way = data.draw(st.permutations(under_way))
            keep = data.draw(st.integers(0, len(under_way)))
            under_way = under_way[:keep] + under_way[: data.draw(st.integers(0, keep))]
        for message in under_way:
            taken = receiver.receive(message, now)
            arrived += [] if taken is None else [taken]
            for answer in receiver.take(now):
                if turn >= 40 or data.draw(st.booleans()):
                    sender.receive(answer, now)
        now += 15.0
        sender.tick(now)
    assert arrived == bodies
    assert sender.is_settled
    assert sender.delivered_bytes == count


def test_at_most_eight_frames_are_under_way() -> None:
    sender, receiver = pair()
    for at in range(WINDOW_FRAMES + 3):
        sender.send(Chunk(at, b"x"))
    first = sender.take(0.0)
    assert len(first) == WINDOW_FRAMES
    assert not sender.has_room
    receiver.receive(first[0], 0.0)
    (acknowledgement,) = receiver.take(0.0)
    sender.receive(acknowledgement, 0.0)
    assert len(sender.take(0.0)) == 1


def test_repetition_waits_longer_each_time_and_begins_anew_after_progress() -> None:
    sender, receiver = pair()
    sender.send(Progress("typing"))
    sender.send(Progress("saving"))
    first, second = sender.take(0.0)
    now = 0.0
    for wait in (*FRAME_REPEAT_S, FRAME_REPEAT_S[-1]):
        sender.tick(now + wait - 0.1)
        assert sender.take(now) == []
        now += wait
        assert sender.deadline() == now
        sender.tick(now)
        assert sender.take(now) == [first, second]
    receiver.receive(first, now)
    sender.receive(receiver.take(now)[0], now)
    assert sender.deadline() == now + FRAME_REPEAT_S[0]


def test_a_frame_carries_the_acknowledgement_and_nothing_is_sent_for_it_alone() -> None:
    sender, receiver = pair()
    sender.send(Progress("typing"))
    receiver.receive(sender.take(0.0)[0], 0.0)
    receiver.send(Progress("asking"))
    (answer,) = receiver.take(0.0)
    assert answer[0] == frame.Carrier.FRAME
    sender.receive(answer, 0.0)
    assert sender.is_settled


def test_an_acknowledgement_is_not_acknowledged() -> None:
    sender, receiver = pair()
    sender.send(Progress("typing"))
    receiver.receive(sender.take(0.0)[0], 0.0)
    sender.receive(receiver.take(0.0)[0], 0.0)
    assert sender.take(0.0) == []


def test_a_replayed_acknowledgement_takes_nothing_back() -> None:
    sender, receiver = pair()
    answers = []
    for _ in range(2):
        sender.send(Progress("typing"))
        receiver.receive(sender.take(0.0)[0], 0.0)
        answers += receiver.take(0.0)
    for answer in reversed(answers):
        sender.receive(answer, 0.0)
    assert sender.is_settled


@pytest.mark.attack(23)
def test_a_channel_does_not_open_its_own_messages() -> None:
    sender, _ = pair()
    sender.send(Progress("typing"))
    with pytest.raises(TrustError, match="bad_tag"):
        sender.receive(sender.take(0.0)[0], 0.0)


def test_the_first_forged_message_is_the_end_for_good() -> None:
    sender, receiver = pair()
    sender.send(Progress("typing"))
    (message,) = sender.take(0.0)
    with pytest.raises(TrustError):
        receiver.receive(message[:-1] + bytes([message[-1] ^ 1]), 0.0)
    assert receiver.is_dead
    with pytest.raises(StateError):
        receiver.receive(message, 0.0)
    with pytest.raises(StateError):
        receiver.send(Progress("typing"))
    assert receiver.take(0.0) == []


def test_a_readable_frame_with_a_bad_body_counts_as_taken() -> None:
    receiver = Delivery(ONE, OTHER)
    bad = frame.seal_frame(OTHER, 0, 99, 0, b"{}")
    with pytest.raises(ProtocolError, match="unknown_kind"):
        receiver.receive(bad, 0.0)
    assert not receiver.is_dead
    (answer,) = receiver.take(0.0)
    assert frame.open_ack(ONE, answer) == 1


@pytest.mark.parametrize("typed", ["012345", "012 345", " 0 1 2 3 4 5 ", "012\u00a0345"])
def test_blanks_in_the_number_do_not_matter(typed: str) -> None:
    assert isinstance(unconfirmed().confirm(typed), Confirmed)


@pytest.mark.parametrize("typed", ["", "12345", "0123456", "543210", "０１２３４５", "012345x"])
def test_anything_else_is_not_the_number(typed: str) -> None:
    channel = unconfirmed()
    assert channel.confirm(typed) is None
    assert channel.tries_left == NUMBER_TRIES - 1


def test_there_are_three_tries_and_not_one_more() -> None:
    channel = unconfirmed()
    for _ in range(NUMBER_TRIES):
        assert channel.confirm("000000") is None
    with pytest.raises(StateError):
        channel.confirm("012345")


def test_before_the_number_only_progress_and_close_have_a_way_out() -> None:
    """mypy refuses OFFER and CHUNK there; at run time too there is no other method."""
    channel = unconfirmed()
    channel.send(Progress("typing"))
    channel.send(Close("cancelled"))
    confirmed = channel.confirm("012345")
    assert confirmed is not None
    for body in (Offer(b"{}"), Receipt((ItemResult("stored"),))):
        confirmed.send(body)
    assert len(confirmed.delivery.take(0.0)) == 4


def test_keys_are_not_in_a_repr() -> None:
    keys = SessionKeys(b"t" * 32, ONE, OTHER, "012345")
    for shown in (repr(keys), repr(unconfirmed()), repr(Delivery(ONE, OTHER))):
        assert "111111" not in shown
        assert "012345" not in shown


def test_a_new_connection_starts_the_wait_for_an_answer_anew() -> None:
    sender, receiver = pair()
    sender.send(Progress("typing"))
    sender.take(0.0)
    assert not sender.is_silent(SILENCE_S - 1)
    assert sender.is_silent(SILENCE_S)
    back = SILENCE_S + 5.0
    sender.repeat(back)
    assert not sender.is_silent(back + SILENCE_S - 1), "the new connection has its own minute"
    assert sender.is_silent(back + SILENCE_S)
    for message in sender.take(back):
        receiver.receive(message, back)
    for answer in receiver.take(back):
        sender.receive(answer, back)
    assert not sender.is_silent(back + 2 * SILENCE_S), "nothing waits any more"
