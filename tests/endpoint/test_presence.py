"""Who is there, and how long each end is waited for: the module by itself."""

import pytest

from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import events
from certrelay.endpoint.presence import Presence
from certrelay.endpoint.sides import ShowSide
from certrelay.endpoint.timers import Timer, Timers
from certrelay.endpoint.times import Times
from certrelay.testkit.pair import ORIGIN, PC_HELLO
from certrelay.wire.messages import Create, FromDevice, Refused, Resume

NOW = 1000.0
TIMES = Times(grace=60.0, slack=2.0, answer=15.0, join_retry=2.0)


class Desk:
    """A presence of G, with all that it says and tells."""

    def __init__(self) -> None:
        secrets = ShowSecrets.fresh(lambda count: bytes(range(1, count + 1)))
        qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
        self.side = ShowSide(secrets, qr, PC_HELLO)
        self.timers = Timers()
        self.said: list[FromDevice] = []
        self.told: list[events.Event] = []
        self.presence = Presence(self.side, TIMES, self.timers, self.said.append, self.told.append)

    def enter(self) -> "Desk":
        self.presence.connect(NOW)
        self.presence.enter()
        return self


def test_the_first_connection_greets_and_waits_for_an_answer() -> None:
    desk = Desk()
    desk.presence.connect(NOW)
    assert [type(each) for each in desk.said] == [Create]
    assert desk.timers.until(Timer.ANSWER) == NOW + 15.0
    assert (desk.presence.connected, desk.presence.online) == (True, False)


def test_a_second_connection_before_the_answer_does_not_lengthen_the_wait() -> None:
    desk = Desk()
    desk.presence.connect(NOW)
    desk.presence.disconnect()
    desk.presence.connect(NOW + 10)
    assert len(desk.said) == 2
    assert desk.timers.until(Timer.ANSWER) == NOW + 15.0


def test_who_waits_to_join_starts_no_second_wait() -> None:
    desk = Desk()
    desk.presence.connect(NOW)
    desk.presence.join_later(NOW + 1)
    desk.presence.disconnect()
    desk.presence.connect(NOW + 2)
    assert Timer.ANSWER not in desk.timers
    assert desk.timers.until(Timer.JOIN_GIVES_UP) == NOW + 1 + 62.0


def test_once_in_a_room_the_grace_alone_bounds_the_wait() -> None:
    desk = Desk().enter()
    assert desk.presence.disconnect()
    desk.presence.await_own_return(NOW + 5, tell=True)
    desk.presence.connect(NOW + 6)
    assert isinstance(desk.said[-1], Resume)
    assert Timer.ANSWER not in desk.timers
    assert desk.timers.until(Timer.GRACE) == NOW + 5 + 60.0
    assert desk.told == [events.ConnectionLost(60.0)]


def test_a_grace_that_runs_is_neither_begun_anew_nor_told_again() -> None:
    desk = Desk().enter()
    desk.presence.disconnect()
    desk.presence.await_own_return(NOW, tell=True)
    desk.presence.await_own_return(NOW + 30, tell=True)
    assert desk.timers.until(Timer.GRACE) == NOW + 60.0
    assert desk.told == [events.ConnectionLost(60.0)]


def test_a_loss_that_nobody_noticed_is_not_told() -> None:
    desk = Desk().enter()
    desk.presence.await_own_return(NOW, tell=False)
    assert desk.told == []
    assert Timer.GRACE in desk.timers


def test_back_in_the_room_ends_the_grace_and_says_so_once() -> None:
    desk = Desk().enter()
    desk.presence.disconnect()
    desk.presence.await_own_return(NOW, tell=True)
    desk.told.clear()
    desk.presence.enter()
    desk.presence.enter()
    assert desk.told == [events.ConnectionBack()]
    assert Timer.GRACE not in desk.timers
    assert desk.presence.online


def test_a_connection_that_never_was_in_the_room_is_lost_without_a_word() -> None:
    desk = Desk()
    desk.presence.connect(NOW)
    assert not desk.presence.disconnect()
    assert not desk.presence.connected


def test_the_other_end_is_waited_for_a_little_longer_than_by_the_relay() -> None:
    desk = Desk().enter()
    desk.presence.peer_came()
    assert desk.presence.both_here
    desk.presence.peer_left(NOW, awaited=True)
    desk.presence.peer_left(NOW + 30, awaited=True)
    assert desk.timers.until(Timer.PEER_GRACE) == NOW + 62.0
    assert desk.told == [events.PeerLost(60.0)]
    assert not desk.presence.both_here
    desk.presence.peer_came()
    assert desk.told[1:] == [events.PeerReturned()]


def test_an_other_end_that_is_not_awaited_starts_no_clock() -> None:
    desk = Desk().enter()
    desk.presence.peer_left(NOW, awaited=False)
    assert desk.told == []
    assert desk.timers.earliest() is None


def test_a_new_try_to_join_is_due_while_the_grace_lasts() -> None:
    desk = Desk()
    desk.presence.connect(NOW)
    desk.presence.join_later(NOW)
    desk.presence.join_later(NOW + 2)
    assert Timer.ANSWER not in desk.timers
    assert desk.timers.until(Timer.JOIN) == NOW + 4
    assert desk.timers.until(Timer.JOIN_GIVES_UP) == NOW + 62.0
    desk.presence.greet_again()
    assert len(desk.said) == 2
    desk.presence.disconnect()
    assert Timer.JOIN not in desk.timers
    desk.presence.enter()
    assert desk.timers.earliest() is None


@pytest.mark.parametrize("code", ["no_such_room", "try_later", "rate_limited"])
def test_only_who_was_in_the_room_tries_again(code: str) -> None:
    newcomer, guest = Desk(), Desk().enter()
    refused = Refused(code)  # type: ignore[arg-type]
    newcomer.presence.connect(NOW)
    assert not newcomer.presence.may_retry(refused)
    assert guest.presence.may_retry(refused)
    guest.presence.greet_again()
    # A room that the relay does not know any more is created again.
    assert isinstance(guest.said[-1], Create if code == "no_such_room" else Resume)


def test_another_refusal_ends_the_tries() -> None:
    desk = Desk().enter()
    assert not desk.presence.may_retry(Refused("over_budget"))
    desk.presence.greet_again()
    assert isinstance(desk.said[-1], Resume)
