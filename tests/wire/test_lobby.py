"""The lobby's rules: who is told what, and one knock for each code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.wire import lobby as rules
from certrelay.wire.ids import LobbyDigits, SealedPayload, Share, Sid
from certrelay.wire.lobby import Lobby, step

DIGITS, OTHER = LobbyDigits("4821"), LobbyDigits("0042")
SID, SHARE, SEALED = Sid(bytes(16)), Share(bytes(32)), SealedPayload(bytes(81))
STANDS = Lobby(DIGITS)
WAITED = Lobby(None, "s1")


def enter(who: str, digits: LobbyDigits = DIGITS) -> rules.Enter:
    return rules.Enter(who, digits, SID, SHARE)


def test_the_first_enter_uses_the_code_up_and_reaches_g() -> None:
    after, effects = step(STANDS, enter("s1"))
    assert after == WAITED
    assert effects == (rules.Release(DIGITS), rules.TellKnock(SID, SHARE))
    assert step(after, enter("s2")) == (WAITED, (rules.Refuse("s2"),))


@pytest.mark.parametrize("lobby", [Lobby(), WAITED, Lobby(OTHER)])
def test_any_other_enter_hears_the_one_refusal(lobby: Lobby) -> None:
    assert step(lobby, enter("s2")) == (lobby, (rules.Refuse("s2"),))


def test_an_answer_reaches_who_waits_and_nobody_twice() -> None:
    answer = rules.AnswerKnock(SHARE, SEALED)
    assert step(WAITED, answer) == (Lobby(), (rules.PassAnswer("s1", SHARE, SEALED),))
    for lobby in (Lobby(), STANDS):
        assert step(lobby, answer) == (lobby, ())


def test_an_answer_is_passed_on_though_the_room_is_claimed_by_now() -> None:
    claimed, effects = step(WAITED, rules.Claim())
    assert (claimed, effects) == (WAITED, ())
    assert step(STANDS, rules.Claim()) == (Lobby(), (rules.Release(DIGITS),))


def test_a_new_publish_ends_the_older_code_and_refuses_who_waits() -> None:
    assert step(STANDS, rules.Publish(OTHER)) == (
        Lobby(OTHER),
        (rules.Release(DIGITS), rules.TellPublished(OTHER)),
    )
    assert step(WAITED, rules.Publish(None)) == (
        Lobby(),
        (rules.Refuse("s1"), rules.TellPublished(None)),
    )


def test_the_end_of_the_socket_or_room_ends_all() -> None:
    assert step(STANDS, rules.CloseLobby()) == (Lobby(), (rules.Release(DIGITS),))
    assert step(WAITED, rules.CloseLobby()) == (Lobby(), (rules.Refuse("s1"),))


def test_an_s_that_hangs_up_leaves_a_used_code() -> None:
    assert step(WAITED, rules.WaiterGone("s1")) == (Lobby(), ())
    assert step(WAITED, rules.WaiterGone("s2")) == (WAITED, ())


@pytest.mark.parametrize(
    ("count", "digits"), [(0, 4), (100, 4), (101, 5), (1000, 5), (1001, 6), (100_000, 6)]
)
def test_lobbies_grow_with_what_stands_and_what_missed(count: int, digits: int) -> None:
    assert rules.digits_for(count) == digits


def test_beyond_the_most_there_is_none() -> None:
    assert rules.digits_for(100_001) is None


events = st.one_of(
    st.sampled_from([DIGITS, OTHER, None]).map(rules.Publish),
    st.builds(enter, st.sampled_from(["s1", "s2", "s3"]), st.sampled_from([DIGITS, OTHER])),
    st.sampled_from([rules.AnswerKnock(SHARE, SEALED), rules.Claim(), rules.CloseLobby()]),
    st.sampled_from(["s1", "s2", "s3"]).map(rules.WaiterGone),
)


@pytest.mark.attack(65)
@given(st.lists(events, max_size=40))
def test_in_any_order_a_code_is_used_once_and_an_answer_goes_to_its_own_s(
    happened: list[rules.LobbyEvent],
) -> None:
    lobby = Lobby()
    standing: LobbyDigits | None = None
    knocked: str | None = None
    for event in happened:
        lobby, effects = step(lobby, event)
        for effect in effects:
            match effect:
                case rules.TellPublished(digits):
                    assert isinstance(event, rules.Publish)
                    standing, knocked = digits, None
                case rules.Release(digits):
                    assert digits == standing
                    standing = None
                case rules.TellKnock():
                    assert isinstance(event, rules.Enter)
                    knocked = event.waiter
                case rules.PassAnswer(waiter):
                    assert waiter == knocked
                    knocked = None
                case rules.Refuse(waiter):
                    if waiter == knocked and not isinstance(event, rules.Enter):
                        knocked = None
        if isinstance(event, rules.WaiterGone) and event.waiter == knocked:
            knocked = None
        assert (lobby.digits, lobby.waiter) == (standing, knocked)
