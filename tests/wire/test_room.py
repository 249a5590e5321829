"""Exact examples of each rule of docs/protocol.md §4, then any order of events at any pace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from certrelay.frozen import replace
from certrelay.wire import messages
from certrelay.wire.close import CloseCode
from certrelay.wire.ids import Role, RoomId, Token, TokenHash
from certrelay.wire.messages import Closed, Create, PeerBack, PeerGone, Refused, SecondScan
from certrelay.wire.room import (
    Admit,
    Carried,
    DeadWord,
    Deliver,
    Disconnect,
    Effect,
    Forget,
    Joined,
    Left,
    Lost,
    Recreated,
    Refuse,
    Resumed,
    Room,
    RoomEvent,
    RoomLimits,
    Suspended,
    Tell,
    Tick,
    answer_absent,
    carry,
    open_room,
    step,
)

G, S = Role.G, Role.S
ID = RoomId(bytes(32))
G_TOKEN, S_TOKEN, STRANGER = (Token(bytes([n]) * 16) for n in (1, 2, 3))
TOKENS = {G: G_TOKEN, S: S_TOKEN}
LIMITS = RoomLimits()
TOO_OLD = Refused("version_too_low")
CREATE = Create(ID, G_TOKEN.hashed)
JOINED = Joined(S_TOKEN.hashed)
JOINED_AGAIN = Joined(S_TOKEN.hashed, token=S_TOKEN)
RECREATED = Recreated(G_TOKEN.hashed, token=G_TOKEN)
START = 1000.0


def opened(create: Create = CREATE, now: float = START) -> Room:
    room, _ = open_room(create, now, LIMITS)
    assert room is not None
    return room


def after(room: Room, *events: RoomEvent, now: float = START) -> Room:
    for event in events:
        following, _ = step(room, event, now, LIMITS)
        assert following is not None
        room = following
    return room


def effects(room: Room, event: RoomEvent, now: float = START) -> tuple[Effect, ...]:
    return step(room, event, now, LIMITS)[1]


def ended(room: Room, event: RoomEvent, now: float = START) -> tuple[Effect, ...]:
    following, done = step(room, event, now, LIMITS)
    assert following is None
    return done


def refused(room: Room, event: RoomEvent, now: float = START) -> Refused:
    """The error with which an event is refused; the room stays as it is."""
    following, done = step(room, event, now, LIMITS)
    assert following == room
    (refusal,) = done
    assert isinstance(refusal, Refuse)
    return refusal.error


def created(ms: int) -> Tell:
    return Tell(G, messages.Created(ms, codes=True))


def paired(to: Role, ms: int) -> Tell:
    return Tell(to, messages.Paired(ms))


@pytest.fixture
def unclaimed() -> Room:
    return opened()


@pytest.fixture
def claimed() -> Room:
    return after(opened(), JOINED)


# --- create ---


def test_create_opens_a_room_for_two_minutes() -> None:
    room, done = open_room(CREATE, START, LIMITS)
    assert room is not None
    assert done == (Admit(G), created(120_000))
    assert (room.here, room.claimed, room.deadline) == ((G,), False, START + 120)


def test_create_with_a_known_peer_opens_a_claimed_room_whose_s_is_in_grace() -> None:
    room, done = open_room(replace(CREATE, peer_token_hash=S_TOKEN.hashed), START, LIMITS)
    assert room is not None
    assert done == (Admit(G), created(600_000))
    assert (room.here, room.claimed) == ((G,), True)
    assert room.deadline == START + 60, "S's grace"
    assert effects(room, Resumed(S, S_TOKEN), START + 59)[1] == Tell(
        S, messages.Resumed(True, 541_000)
    )


def test_the_same_create_is_answered_again_and_replaces_the_older_socket(unclaimed: Room) -> None:
    again = effects(unclaimed, RECREATED, START + 30.5)
    assert again == (Admit(G), created(89_500))


def test_the_same_create_brings_g_back_from_grace(unclaimed: Room) -> None:
    lost = after(unclaimed, Lost(G))
    assert after(lost, RECREATED).here == (G,)


def test_a_create_under_another_token_is_already_claimed(unclaimed: Room, claimed: Room) -> None:
    for room in (unclaimed, claimed, after(unclaimed, Lost(G))):
        assert refused(room, Recreated(STRANGER.hashed, token=STRANGER)).code == "already_claimed"
        # The peer's token is no way in either.
        assert refused(room, Recreated(S_TOKEN.hashed)).code == "already_claimed"
        with_peer = Recreated(STRANGER.hashed, S_TOKEN.hashed, STRANGER)
        assert refused(room, with_peer).code == "already_claimed"


def test_the_same_create_on_a_claimed_room_is_told_that_s_is_here(claimed: Room) -> None:
    assert effects(claimed, RECREATED, START + 1) == (
        Admit(G),
        created(599_000),
        paired(G, 599_000),
        Tell(S, PeerBack()),
    )


def test_the_same_create_while_s_is_away_tells_of_no_pair(claimed: Room) -> None:
    room = after(claimed, Lost(S))
    assert effects(room, RECREATED) == (Admit(G), created(600_000))


def test_a_create_that_names_the_peer_of_the_room_is_answered_again() -> None:
    room = opened(replace(CREATE, peer_token_hash=S_TOKEN.hashed))
    again = Recreated(G_TOKEN.hashed, S_TOKEN.hashed, G_TOKEN)
    assert effects(room, again, START + 10) == (Admit(G), created(590_000))
    assert after(room, again, now=START + 10).deadline == START + 60, "no new grace for S"


def test_a_create_that_names_another_peer_is_already_claimed(claimed: Room) -> None:
    assert (
        refused(claimed, Recreated(G_TOKEN.hashed, STRANGER.hashed, G_TOKEN)).code
        == "already_claimed"
    )


def test_a_create_that_names_a_peer_claims_its_own_unclaimed_room(unclaimed: Room) -> None:
    room = after(unclaimed, Recreated(G_TOKEN.hashed, S_TOKEN.hashed, G_TOKEN), now=START + 100)
    assert room.claimed
    assert (room.ends_at, room.deadline) == (START + 700, START + 160)


@pytest.mark.attack(67)
def test_a_recorded_create_is_no_proof(unclaimed: Room, claimed: Room) -> None:
    for room in (unclaimed, claimed, *(after(claimed, Lost(role)) for role in Role)):
        for peer in (None, S_TOKEN.hashed, STRANGER.hashed):
            recorded = Recreated(G_TOKEN.hashed, peer)
            assert refused(room, recorded, START + 5).code == "already_claimed"


# --- join ---


def test_join_pairs_and_g_hears_it_first(unclaimed: Room) -> None:
    done = effects(unclaimed, JOINED, START + 100)
    assert done == (Admit(S), paired(G, 600_000), paired(S, 600_000))
    room = after(unclaimed, JOINED, now=START + 100)
    assert (room.here, room.claimed, room.deadline) == ((G, S), True, START + 700)


def test_a_repeated_join_pairs_both_again_within_the_same_ten_minutes(claimed: Room) -> None:
    for room in (claimed, after(claimed, Lost(S))):
        done = effects(room, JOINED_AGAIN, START + 5)
        assert done == (Admit(S), paired(G, 595_000), paired(S, 595_000))
        assert after(room, JOINED_AGAIN, now=START + 5).here == (G, S)


@pytest.mark.attack(67)
def test_a_recorded_join_is_no_proof(claimed: Room) -> None:
    s_away, g_away = after(claimed, Lost(S)), after(claimed, Lost(G))
    for room in (claimed, s_away, g_away, after(s_away, Lost(G))):
        assert refused(room, JOINED, START + 5).code == "already_claimed"
    assert s_away.deadline == START + 60, "the grace goes on as it was"


def test_a_repeated_join_of_a_known_peer_pairs() -> None:
    room = opened(replace(CREATE, peer_token_hash=S_TOKEN.hashed))
    assert effects(room, JOINED_AGAIN) == (Admit(S), paired(G, 600_000), paired(S, 600_000))
    assert refused(room, JOINED).code == "already_claimed", "the place is taken, S away"


@pytest.mark.attack(9)
def test_a_second_scan_is_refused_and_both_are_told(claimed: Room) -> None:
    following, done = step(claimed, Joined(STRANGER.hashed), START, LIMITS)
    assert following == claimed
    assert done == (
        Tell(G, SecondScan()),
        Tell(S, SecondScan()),
        Refuse(Refused("already_claimed")),
    )


@pytest.mark.attack(9)
@pytest.mark.parametrize("away", [G, S])
def test_who_was_away_hears_of_the_second_scan_once_when_it_is_back(
    claimed: Room, away: Role
) -> None:
    room = after(claimed, Lost(away))
    assert effects(room, Joined(STRANGER.hashed)) == (
        Tell(away.other, SecondScan()),
        Refuse(Refused("already_claimed")),
    )
    room = after(room, Joined(STRANGER.hashed))
    back: list[RoomEvent] = [Resumed(away, TOKENS[away])]
    back.append(RECREATED if away is G else JOINED_AGAIN)
    for event in back:
        assert effects(room, event)[-1] == Tell(away, SecondScan())
        here = after(room, event)
        assert Tell(away, SecondScan()) not in effects(here, event), "once"


def test_a_refused_release_claims_nothing(unclaimed: Room) -> None:
    assert refused(unclaimed, Joined(S_TOKEN.hashed, TOO_OLD)) == TOO_OLD


def test_the_release_of_whoever_was_admitted_is_not_asked_again(claimed: Room) -> None:
    assert effects(claimed, Joined(S_TOKEN.hashed, TOO_OLD, S_TOKEN))[0] == Admit(S)


def test_a_join_while_g_is_away_waits_and_claims_nothing(unclaimed: Room) -> None:
    room = after(unclaimed, Lost(G))
    assert refused(room, JOINED) == Refused("peer_not_ready", retry_in_ms=2000)
    assert after(room, RECREATED, JOINED).here == (G, S)


def test_who_asks_to_join_while_g_is_away_is_not_counted_as_lost(claimed: Room) -> None:
    room = after(claimed, Lost(S))
    room = after(room, Lost(G), now=START + 50)
    room = after(room, JOINED_AGAIN, now=START + 55)
    assert room.here == ()
    assert room.deadline == START + 110, "G's grace; S's would have been over at 60"


def test_the_order_at_join_is_claim_token_release_ready(unclaimed: Room, claimed: Room) -> None:
    nobody_ready = after(unclaimed, Lost(G))
    assert refused(nobody_ready, Joined(S_TOKEN.hashed, TOO_OLD)) == TOO_OLD
    stranger_too_old = effects(claimed, Joined(STRANGER.hashed, TOO_OLD))
    assert stranger_too_old[-1] == Refuse(Refused("already_claimed"))
    g_away = after(claimed, Lost(G))
    assert effects(g_away, Joined(STRANGER.hashed))[-1] == Refuse(Refused("already_claimed"))
    assert refused(g_away, Joined(S_TOKEN.hashed, TOO_OLD)).code == "already_claimed"


# --- resume ---


@pytest.mark.parametrize("role", Role)
def test_a_right_resume_brings_a_device_back_and_its_peer_hears_it(
    claimed: Room, role: Role
) -> None:
    for room in (claimed, after(claimed, Lost(role))):
        assert effects(room, Resumed(role, TOKENS[role]), START + 7) == (
            Admit(role),
            Tell(role, messages.Resumed(True, 593_000)),
            Tell(role.other, PeerBack()),
        )
        assert after(room, Resumed(role, TOKENS[role])).here == (G, S)


def test_a_resume_while_the_peer_is_away_says_so(claimed: Room) -> None:
    room = after(claimed, Lost(G), Lost(S))
    done = effects(room, Resumed(S, S_TOKEN))
    assert done == (Admit(S), Tell(S, messages.Resumed(False, 600_000)))


def test_g_may_resume_an_unclaimed_room(unclaimed: Room) -> None:
    room = after(unclaimed, Lost(G), now=START + 10)
    done = effects(room, Resumed(G, G_TOKEN), START + 20)
    assert done == (Admit(G), Tell(G, messages.Resumed(False, 100_000)))


@pytest.mark.attack(11)
def test_a_wrong_resume_hears_that_there_is_no_such_room(unclaimed: Room, claimed: Room) -> None:
    for room in (unclaimed, claimed, after(claimed, Lost(G), Lost(S))):
        for wrong in (Resumed(G, STRANGER), Resumed(S, STRANGER), Resumed(S, G_TOKEN)):
            assert refused(room, wrong) == Refused("no_such_room")
    assert refused(unclaimed, Resumed(S, S_TOKEN)) == Refused("no_such_room")
    # The hash is what the relay stores: who stole it has no token.
    assert refused(claimed, Resumed(G, Token(G_TOKEN.hashed.raw[:16]))) == Refused("no_such_room")


# --- sealed messages ---


@pytest.mark.parametrize("role", Role)
def test_a_sealed_message_goes_to_the_other_end(claimed: Room, role: Role) -> None:
    assert effects(claimed, Carried(role, 1)) == (Deliver(role.other),)


def test_a_sealed_message_in_an_unclaimed_room_is_bad(unclaimed: Room) -> None:
    assert refused(unclaimed, Carried(G, 1)) == Refused("bad_message")


def test_a_sealed_message_to_who_is_away_is_dropped_and_counted(claimed: Room) -> None:
    room = after(claimed, Lost(S))
    assert effects(room, Carried(G, 10)) == ()
    assert after(room, Carried(G, 10)).carried_bytes == 10


@pytest.mark.attack(14)
def test_a_message_has_its_largest_size_and_not_a_byte_more(claimed: Room) -> None:
    assert effects(claimed, Carried(G, 32_768)) == (Deliver(S),)
    assert refused(claimed, Carried(G, 32_769)) == Refused("bad_message")


OVER_BUDGET = (
    Tell(G, Closed("over_budget")),
    Disconnect(G, CloseCode.OVER_BUDGET),
    Tell(S, Closed("over_budget")),
    Disconnect(S, CloseCode.OVER_BUDGET),
    Forget(DeadWord.USED),
)


@pytest.mark.attack(16)
def test_a_room_carries_its_bytes_both_ways_together_and_not_one_more(claimed: Room) -> None:
    room = claimed
    for n in range(4 * 1024 * 1024 // 32_768):
        room = after(room, Carried(G if n % 2 else S, 32_768))
    assert effects(room, Carried(S, 0)) == (Deliver(G),)
    assert ended(room, Carried(S, 1)) == OVER_BUDGET


@pytest.mark.attack(16)
def test_a_room_carries_its_messages_and_not_one_more(claimed: Room) -> None:
    room = claimed
    for n in range(1024):
        room = after(room, Carried(G if n % 2 else S, 0))
    assert ended(room, Carried(G, 0)) == OVER_BUDGET


# --- the end ---


@pytest.mark.parametrize("role", Role)
def test_leaving_ends_the_room_and_the_peer_hears_it(claimed: Room, role: Role) -> None:
    assert ended(claimed, Left(role)) == (
        Disconnect(role, CloseCode.NORMAL),
        Tell(role.other, Closed("left")),
        Disconnect(role.other, CloseCode.NORMAL),
        Forget(DeadWord.USED),
    )


def test_a_room_left_before_a_claim_keeps_the_word_expired(unclaimed: Room) -> None:
    assert ended(unclaimed, Left(G)) == (Disconnect(G, CloseCode.NORMAL), Forget(DeadWord.EXPIRED))


def test_leaving_while_the_peer_is_away_tells_nobody(claimed: Room) -> None:
    room = after(claimed, Lost(S))
    assert ended(room, Left(G)) == (Disconnect(G, CloseCode.NORMAL), Forget(DeadWord.USED))


def test_a_lost_device_has_a_minute_of_grace(claimed: Room) -> None:
    room, done = step(claimed, Lost(S), START + 10, LIMITS)
    assert room is not None
    assert done == (Tell(G, PeerGone()),)
    assert after(room, Tick(), now=START + 69.9) == room
    assert ended(room, Tick(), START + 70) == (
        Tell(G, Closed("grace")),
        Disconnect(G, CloseCode.NORMAL),
        Forget(DeadWord.USED),
    )


def test_a_grace_is_for_each_loss(claimed: Room) -> None:
    room = claimed
    for n in range(9):
        room = after(room, Lost(S), now=START + 59 * n)
        room = after(room, Resumed(S, S_TOKEN), now=START + 59 * (n + 1))
    assert room.here == (G, S)


def test_a_second_loss_notice_lengthens_no_grace(claimed: Room) -> None:
    room = after(claimed, Lost(S))
    assert effects(room, Lost(S), START + 30) == ()
    assert after(room, Lost(S), now=START + 30) == room
    assert effects(opened(), Lost(S)) == ()


def test_a_lost_g_of_an_unclaimed_room_has_a_minute_too(unclaimed: Room) -> None:
    room = after(unclaimed, Lost(G))
    assert effects(unclaimed, Lost(G)) == ()
    assert ended(room, Tick(), START + 60) == (Forget(DeadWord.EXPIRED),)


def test_an_unclaimed_room_expires(unclaimed: Room) -> None:
    assert after(unclaimed, Tick(), now=START + 119.9) == unclaimed
    assert ended(unclaimed, Tick(), START + 120) == (
        Tell(G, Closed("expired")),
        Disconnect(G, CloseCode.NORMAL),
        Forget(DeadWord.EXPIRED),
    )


def test_a_session_times_out(claimed: Room) -> None:
    assert ended(claimed, Tick(), START + 600) == (
        Tell(G, Closed("timeout")),
        Disconnect(G, CloseCode.TIMEOUT),
        Tell(S, Closed("timeout")),
        Disconnect(S, CloseCode.TIMEOUT),
        Forget(DeadWord.USED),
    )


def test_the_reason_is_the_time_that_was_over_first(claimed: Room) -> None:
    early, late = (after(claimed, Lost(S), now=START + lost) for lost in (500, 560))
    assert ended(early, Tick(), START + 9999)[0] == Tell(G, Closed("grace"))
    assert ended(late, Tick(), START + 9999)[0] == Tell(G, Closed("timeout"))


def test_the_operator_ends_a_room_that_waits_and_lets_a_pair_go_on(
    unclaimed: Room, claimed: Room
) -> None:
    assert ended(unclaimed, Suspended()) == (
        Tell(G, Closed("suspended")),
        Disconnect(G, CloseCode.NORMAL),
        Forget(DeadWord.EXPIRED),
    )
    assert step(claimed, Suspended(), START, LIMITS) == (claimed, ())


LATE: list[tuple[RoomEvent, tuple[Effect, ...]]] = [
    (JOINED, (Refuse(Refused("expired")),)),
    (RECREATED, (Refuse(Refused("expired")),)),
    (Resumed(G, G_TOKEN), (Refuse(Refused("no_such_room")),)),
    (Carried(G, 1), ()),
    (Left(G), ()),
    (Lost(G), ()),
    (Suspended(), ()),
]


@pytest.mark.parametrize(("event", "answer"), LATE)
def test_an_event_that_finds_the_time_over_ends_the_room_first(
    unclaimed: Room, event: RoomEvent, answer: tuple[Effect, ...]
) -> None:
    assert ended(unclaimed, event, START + 120) == (
        Tell(G, Closed("expired")),
        Disconnect(G, CloseCode.NORMAL),
        Forget(DeadWord.EXPIRED),
        *answer,
    )


def test_who_comes_too_late_to_a_used_room_hears_that_it_was_used(claimed: Room) -> None:
    assert ended(claimed, JOINED, START + 600)[-1] == Refuse(Refused("already_used"))


def test_a_room_that_is_gone_leaves_a_word_for_its_own_people() -> None:
    join = messages.Join(*(None, S_TOKEN.hashed, "", "", ""))  # type: ignore[arg-type]
    resume = messages.Resume(ID, S, S_TOKEN)
    for word, code in ((DeadWord.USED, "already_used"), (DeadWord.EXPIRED, "expired")):
        assert answer_absent(join, word).code == code
        assert answer_absent(CREATE, word).code == code
        assert answer_absent(resume, word).code == "no_such_room"
    assert answer_absent(join, None).code == "no_such_room"
    assert answer_absent(resume, None).code == "no_such_room"


# --- any order, any pace ---

roles = st.sampled_from(Role)
tokens = st.sampled_from([G_TOKEN, S_TOKEN, STRANGER])
hashes = tokens.map(lambda token: token.hashed)


def _recreated(token: Token, peer: TokenHash | None) -> Recreated:
    return Recreated(token.hashed, peer, token)


def _joined(token: Token, policy: Refused | None) -> Joined:
    return Joined(token.hashed, policy, token)


BIG = 2000
SMALL_LIMITS = RoomLimits(message_bytes=BIG, budget_bytes=5000, budget_messages=6)
requests: st.SearchStrategy[RoomEvent] = st.one_of(
    st.builds(Recreated, hashes, st.none() | hashes),
    st.builds(Joined, hashes, st.none() | st.just(TOO_OLD)),
    st.builds(_recreated, tokens, st.none() | hashes),
    st.builds(_joined, tokens, st.none() | st.just(TOO_OLD)),
    st.builds(Resumed, roles, st.sampled_from([G_TOKEN, S_TOKEN, STRANGER])),
)
waits = st.sampled_from([0.0, 0.0, 0.0, 1.0, 59.9, 60.0, 119.9, 120.0, 539.9, 600.0])


@pytest.mark.parametrize("size", [0, 1, 32_768, 32_769])
@pytest.mark.parametrize("wait", [0.0, 599.9, 600.0])
def test_the_short_way_of_a_message_is_the_rule(
    unclaimed: Room, claimed: Room, size: int, wait: float
) -> None:
    budget = replace(claimed, carried_bytes=LIMITS.budget_bytes - 32_768)
    last = replace(claimed, carried_messages=LIMITS.budget_messages - 1)
    spent = replace(claimed, carried_messages=LIMITS.budget_messages)
    rooms = [(room, G) for room in (unclaimed, claimed, budget, last, spent)]
    rooms += [(after(claimed, Lost(role)), role.other) for role in Role]
    now = claimed.ends_at - 600 + wait
    shortened = 0
    for room, sender in rooms:
        following, done = step(room, Carried(sender, size), now, LIMITS)
        short = carry(room, size, now, LIMITS)
        assert short == (following if done == (Deliver(sender.other),) else None)
        shortened += short is not None
    assert bool(shortened) == (size <= 32_768 and wait < 600)


class AnyRoom(RuleBasedStateMachine):
    """A caller that carries out the effects as a hub does, and holds them to the rules."""

    @initialize(peer=st.none() | st.just(S_TOKEN.hashed))
    def create(self, peer: TokenHash | None) -> None:
        self.now = START
        room, done = open_room(Create(ID, G_TOKEN.hashed, peer), self.now, SMALL_LIMITS)
        self.room: Room | None = room
        self.sockets: set[Role] = set()
        self.over = False
        self.delivered = 0
        self.carry_out(done)

    def carry_out(self, done: tuple[Effect, ...], event: RoomEvent | None = None) -> None:
        for effect in done:
            match effect:
                case Admit(role):
                    self.sockets.add(role)
                case Tell(to) | Deliver(to):
                    assert to in self.sockets, "nobody is told who has no socket"
                    if isinstance(effect, Deliver):
                        assert isinstance(event, Carried)
                        assert to is event.role.other, "never back to its sender"
                        self.delivered += event.size
                case Disconnect(to):
                    self.sockets.remove(to)
                case Forget():
                    self.over = True
                case Refuse():
                    assert isinstance(event, Recreated | Joined | Resumed | Carried)

    def happen(self, event: RoomEvent, wait: float) -> None:
        if self.room is None:
            return
        self.now += wait
        before, late = self.room, self.now >= self.room.deadline
        self.room, done = step(before, event, self.now, SMALL_LIMITS)
        if isinstance(event, Carried):
            only = (Deliver(event.role.other),)
            short = carry(before, event.size, self.now, SMALL_LIMITS)
            assert short == (self.room if done == only else None), "both ways are one rule"
        self.carry_out(done, event)
        if isinstance(event, Lost):
            self.sockets.discard(event.role)
        assert (self.room is None) == self.over
        assert late <= self.over, "nothing lives beyond its deadline"
        refusals = [effect for effect in done if isinstance(effect, Refuse)]
        if isinstance(event, Recreated | Joined) and event.token is None and not late:
            role = Role.G if isinstance(event, Recreated) else Role.S
            place = before.place(role)
            if place is not None and place.token_hash == event.token_hash:
                assert self.room == before, "a recorded greeting changes nothing"
                assert done == (Refuse(Refused("already_claimed")),), "and nobody is told"
        if isinstance(event, Recreated | Joined | Resumed):
            assert (Admit(Role.G) in done or Admit(Role.S) in done) != bool(refusals)
            if refusals and self.room is not None:
                assert (self.room.g.token_hash, self.room.claimed, self.room.ends_at) == (
                    before.g.token_hash,
                    before.claimed,
                    before.ends_at,
                ), "who is refused changes nothing of weight"

    @rule(event=requests, wait=waits)
    def somebody_asks(self, event: RoomEvent, wait: float) -> None:
        self.happen(event, wait)

    @rule(
        kind=st.sampled_from([Left, Lost]),
        size=st.sampled_from([None, 0, 1, BIG - 1, BIG, BIG + 1]),
        role=roles,
        wait=waits,
    )
    def a_device_acts(
        self, kind: type[Left] | type[Lost], size: int | None, role: Role, wait: float
    ) -> None:
        if role in self.sockets:
            self.happen(kind(role) if size is None else Carried(role, size), wait)

    @rule(event=st.sampled_from([Tick(), Suspended()]), wait=waits)
    def nobody_asks(self, event: RoomEvent, wait: float) -> None:
        self.happen(event, wait)

    @invariant()
    def the_room_knows_who_is_here(self) -> None:
        if self.room is None:
            assert not self.sockets
        else:
            assert set(self.room.here) == self.sockets

    @invariant()
    def only_the_right_tokens_hold_a_place(self) -> None:
        if self.room is not None:
            assert self.room.g.token_hash == G_TOKEN.hashed

    @invariant()
    def it_carries_no_more_than_its_budget(self) -> None:
        assert self.delivered <= SMALL_LIMITS.budget_bytes
        if self.room is not None:
            assert self.delivered <= self.room.carried_bytes

    @invariant()
    def it_ends_on_time(self) -> None:
        if self.room is not None:
            assert self.room.deadline <= self.now + SMALL_LIMITS.session_s
            assert step(self.room, Tick(), self.room.deadline, SMALL_LIMITS)[0] is None


TestAnyRoom = AnyRoom.TestCase


@given(st.lists(st.tuples(requests, waits), max_size=12))
def test_without_the_tokens_nobody_gets_into_a_claimed_room(
    asked: list[tuple[RoomEvent, float]],
) -> None:
    room, now = after(opened(), JOINED), START
    for event, wait in asked:
        now += wait
        secrets_used = {G_TOKEN.hashed, S_TOKEN.hashed, G_TOKEN, S_TOKEN}
        shown = getattr(event, "token_hash", None) or getattr(event, "token", None)
        if shown in secrets_used:
            continue
        following, done = step(room, event, now, LIMITS)
        assert not any(isinstance(effect, Admit) for effect in done)
        if following is None:
            return
        room = following
