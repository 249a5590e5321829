"""Typed codes at a real relay, in memory, in a Redis and over two nodes: docs/protocol.md §10.2."""

import os
from collections.abc import Callable

import pytest

from certrelay.wire.ids import LobbyDigits, SealedPayload, Share, Sid
from certrelay.wire.messages import (
    Created,
    Enter,
    Knock,
    KnockAnswer,
    Paired,
    Publish,
    Published,
    Refused,
    Resumed,
)
from relay.settings import AdmissionLimits, SocketLimits
from tests.relay.device import Device, Heard, Pair

Connect = Callable[[], Device]
SID, SHARE = Sid(os.urandom(16)), Share(os.urandom(32))
ANSWER = KnockAnswer(Share(os.urandom(32)), SealedPayload(os.urandom(81)))
NO_CODE = [Refused("no_such_code"), 4404]
BAD = [Refused("bad_message"), 4400]


def showing(connect: Connect, pair: Pair) -> tuple[Device, LobbyDigits]:
    """G with a code on its screen."""
    g = connect()
    created = g.ask(pair.create)
    assert isinstance(created, Created)
    assert created.codes
    return g, published(g)


def published(g: Device) -> LobbyDigits:
    answer = g.ask(Publish())
    assert isinstance(answer, Published)
    assert answer.lobby is not None
    return answer.lobby


def enter(connect: Connect, digits: LobbyDigits) -> Device:
    s = connect()
    s.say(Enter(digits, SID, SHARE))
    return s


def answered(g: Device, s: Device) -> None:
    assert g.hear() == Knock(SID, SHARE)
    g.say(ANSWER)
    assert s.hear() == ANSWER


def test_a_code_leads_to_its_g_and_its_answer_back(connect: Connect, pair: Pair) -> None:
    g, digits = showing(connect, pair)
    s = enter(connect, digits)
    answered(g, s)
    assert isinstance(s.ask(pair.join), Paired), "the same socket may join"
    assert isinstance(g.hear(), Paired)


@pytest.mark.attack(52, 55)
def test_a_code_is_used_up_by_whoever_is_first(connect: Connect, pair: Pair) -> None:
    g, digits = showing(connect, pair)
    first = enter(connect, digits)
    assert g.hear() == Knock(SID, SHARE)
    assert enter(connect, digits).hear_all() == NO_CODE
    g.say(ANSWER)
    assert first.hear() == ANSWER
    assert enter(connect, digits).hear_all() == NO_CODE


@pytest.mark.attack(65)
def test_an_unknown_code_and_one_that_ended_hear_the_same(connect: Connect, pair: Pair) -> None:
    g, digits = showing(connect, pair)
    other = LobbyDigits("9" * 4 if digits.text != "9999" else "0000")
    assert enter(connect, other).hear_all() == NO_CODE
    fresh = published(g)
    if fresh != digits:
        assert enter(connect, digits).hear_all() == NO_CODE
    g.socket.close()
    assert enter(connect, fresh).hear_all() == NO_CODE


@pytest.mark.attack(65)
def test_a_code_ends_when_the_room_is_claimed(connect: Connect, pair: Pair) -> None:
    g, digits = showing(connect, pair)
    scanner = connect()
    assert isinstance(scanner.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    assert enter(connect, digits).hear_all() == NO_CODE
    g.say(Publish())  # claimed: passed over
    scanner.say(b"sealed")
    assert g.hear() == b"sealed"


@pytest.mark.attack(65)
def test_an_answer_is_passed_on_though_the_room_was_claimed_meanwhile(
    connect: Connect, pair: Pair
) -> None:
    g, digits = showing(connect, pair)
    s = enter(connect, digits)
    assert g.hear() == Knock(SID, SHARE)
    scanner = connect()
    assert isinstance(scanner.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    g.say(ANSWER)
    assert s.hear() == ANSWER
    assert s.ask(pair.stranger()) == Refused("already_claimed")


@pytest.mark.attack(65)
@pytest.mark.parametrize("how", ["publish", "close", "lose", "leave"])
def test_who_waits_is_refused_when_the_codes_socket_ends(
    connect: Connect, pair: Pair, how: str
) -> None:
    g, digits = showing(connect, pair)
    s = enter(connect, digits)
    assert g.hear() == Knock(SID, SHARE)
    if how == "publish":
        published(g)
    elif how == "close":
        g.socket.close()
    elif how == "lose":
        g.lose()
    else:
        g.say('{"type":"leave"}')
    assert s.hear_all() == NO_CODE


@pytest.mark.attack(65)
def test_an_answer_that_nobody_waits_for_is_passed_over(connect: Connect, pair: Pair) -> None:
    g, digits = showing(connect, pair)
    g.say(ANSWER)  # no knock yet
    s = enter(connect, digits)
    answered(g, s)
    g.say(ANSWER)  # a second one
    fresh = published(g)
    gone = enter(connect, fresh)
    assert g.hear() == Knock(SID, SHARE)
    gone.socket.close()
    g.say(ANSWER)
    assert isinstance(s.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)


def test_a_fresh_socket_of_g_publishes_anew(connect: Connect, pair: Pair) -> None:
    g, digits = showing(connect, pair)
    back = connect()
    assert isinstance(back.ask(pair.resume_g), Resumed)
    assert g.hear() == 4000
    assert enter(connect, digits).hear_all() == NO_CODE
    s = enter(connect, published(back))
    answered(back, s)


@pytest.mark.attack(65)
def test_what_has_no_place_is_a_bad_message(connect: Connect, pair: Pair) -> None:
    g, digits = showing(connect, pair)

    def refused(device: Device, message: Publish | KnockAnswer | Enter) -> list[Heard]:
        device.say(message)
        return device.hear_all()

    assert refused(connect(), Publish()) == BAD, "before there is a room"
    assert refused(connect(), ANSWER) == BAD
    scanner = enter(connect, digits)
    assert g.hear() == Knock(SID, SHARE)
    assert refused(scanner, Enter(digits, SID, SHARE)) == BAD, "while it waits"
    s = enter(connect, published(g))
    answered(g, s)
    assert refused(s, Enter(digits, SID, SHARE)) == BAD, "a second time"
    assert refused(g, Enter(digits, SID, SHARE)) == BAD, "with a room"


@pytest.mark.attack(54)
def test_codes_are_entered_at_an_allowance_of_their_own(
    start_relay: Callable[..., object], connect_to: Callable[..., Device]
) -> None:
    relay = start_relay(
        admission=AdmissionLimits(enters_per_address=3, enters_per_address_per_s=0.01)
    )

    def tried() -> Heard:
        device = connect_to(relay)
        return device.ask(Enter(LobbyDigits("0000"), SID, SHARE))

    tries = [tried() for _ in range(7)]  # three at each of two nodes
    assert tries[:3] == [Refused("no_such_code")] * 3
    refused = tries[-1]
    assert isinstance(refused, Refused)
    assert refused.code == "rate_limited"
    assert refused.retry_in_ms
    pair = Pair()
    pair.meet(lambda: connect_to(relay))  # a scan of the QR code goes on


def test_who_is_not_answered_is_let_go(
    start_relay: Callable[..., object], connect_to: Callable[..., Device], pair: Pair
) -> None:
    relay = start_relay(socket=SocketLimits(code_wait_s=0.3))
    g, digits = showing(lambda: connect_to(relay), pair)
    s = enter(lambda: connect_to(relay), digits)
    assert g.hear() == Knock(SID, SHARE)
    assert s.hear() == 4408


def test_who_was_answered_has_its_time_to_join_as_a_new_socket_has(
    start_relay: Callable[..., object], connect_to: Callable[..., Device], pair: Pair
) -> None:
    relay = start_relay(socket=SocketLimits(first_message_s=0.3))
    g, digits = showing(lambda: connect_to(relay), pair)
    s = enter(lambda: connect_to(relay), digits)
    answered(g, s)
    assert s.hear() == 4408
