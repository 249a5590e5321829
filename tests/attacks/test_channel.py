"""Attacks on the sealed channel by the relay: rows 23 to 30 and 49 of docs/security.md.

tests/simulation tries the same in thousands of seeded worlds; here each attack stands alone.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random

import pytest

from certrelay.bundle import Item
from certrelay.e2e import bodies, frame
from certrelay.e2e.channel import Delivery
from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from certrelay.errors import CertRelayError
from certrelay.testkit.hostile_end import HostileChannel
from certrelay.testkit.pair import Pair, helpful
from certrelay.testkit.tampering import (
    Altering,
    Drop,
    Inject,
    Recording,
    Reflect,
    Reorder,
    Replay,
    Silence,
    Splice,
    flip,
)
from certrelay.wire.ids import Role
from tests.attacks.people import BOTH, arrived, copy, opened_pc, pair_item, seeded, sender_of

LARGE = 60_000
"""Bytes of each file where a copy shall have several chunks."""

FORGED = {"bad_tag", "frame_length", "carrier_type", "m2_open", "m3_open", "m1_tries", "bad_ack"}


def recorded(direction: Direction, item: Item | None = None) -> Recording:
    record = Recording()
    copy(direction, record, [item or pair_item()])
    return record


def codes(pair: Pair) -> set[str | None]:
    return {pair.code(Role.G), pair.code(Role.S)}


# --- rows 23 and 24 ---


@pytest.mark.attack(23)
@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("carrier", [0x10, 0x11])
def test_a_device_does_not_take_its_own_words_for_the_others(
    direction: Direction, carrier: int
) -> None:
    pair = copy(direction, Reflect([carrier]))
    assert "bad_tag" in codes(pair)
    assert "done" not in codes(pair)
    assert arrived(pair) == []


@pytest.mark.attack(23)
@pytest.mark.parametrize("carrier", [1, 2, 3])
def test_a_reflected_opening_message_ends_the_session(carrier: int) -> None:
    pair = copy(Direction.TO_PC, Reflect([carrier]))
    assert "carrier_type" in codes(pair)
    assert "done" not in codes(pair)


@pytest.mark.attack(23)
def test_the_two_directions_have_two_keys() -> None:
    victim, phone = opened_pc(Direction.TO_PC)
    own = phone.channel.say(bodies.Progress("typing"))
    with pytest.raises(CertRelayError, match="bad_tag"):
        phone.channel.read(own)
    assert victim.take(own), "and to the other end it is a frame like any"


@pytest.mark.attack(24)
@pytest.mark.parametrize("carrier", [1, 2, 3, 0x10, 0x11])
@pytest.mark.parametrize("whose", list(Role))
def test_a_message_of_another_session_opens_nowhere(carrier: int, whose: Role) -> None:
    other = recorded(Direction.TO_PC).of(whose)
    if not any(each[0] == carrier for each in other):
        assert (whose, carrier) in {(Role.G, 1), (Role.G, 3), (Role.S, 2)}
        return
    pair = copy(Direction.TO_PC, Splice(whose, other, [carrier]))
    if (whose, carrier) == (Role.S, 1):  # one wrong m1 is passed over
        assert codes(pair) == {"done"}
        assert arrived(pair) == [pair_item()]
    elif (whose, carrier) == (Role.S, 0x11):  # G has stored, and no receipt gets through
        assert codes(pair) == {"done", "not_confirmed"}
        assert arrived(pair) == [pair_item()]
    else:
        assert codes(pair) & FORGED
        assert "done" not in codes(pair)
        assert arrived(pair) == []


@pytest.mark.attack(24)
def test_two_sessions_that_swap_all_their_frames_both_end() -> None:
    """Crossed wires: each session gets the other's traffic, in its right place."""
    for whose in Role:
        other = recorded(Direction.TO_PC, pair_item(seed=5)).of(whose)
        pair = copy(Direction.TO_PC, Splice(whose, other, [0x10, 0x11]))
        assert "done" not in codes(pair)
        assert arrived(pair) == []


# --- rows 25 and 26 ---


@pytest.mark.attack(25)
@pytest.mark.parametrize("direction", BOTH)
def test_a_copy_cut_after_any_frame_is_never_called_done(direction: Direction) -> None:
    """Cut for good on the sender's side after each of its messages; the receiver gets no more."""
    sender = sender_of(direction)
    whole = Recording()
    copy(direction, whole, [pair_item(LARGE)], seeded(3))
    for cut in range(len(whole.of(sender))):
        pair = copy(direction, Drop(sender, cut), [pair_item(LARGE)], seeded(3))
        ends = {role: pair.code(role) for role in Role}
        stored = arrived(pair)
        assert not (ends[sender] == "done" and not stored), cut
        assert not stored or stored == [pair_item(LARGE)], "whole or nothing"


@pytest.mark.attack(25)
@pytest.mark.parametrize("direction", BOTH)
def test_a_lost_receipt_is_not_confirmed(direction: Direction) -> None:
    receiver = sender_of(direction).other
    whole = Recording()
    copy(direction, whole, random=seeded(3))
    for cut in range(len(whole.of(receiver))):
        pair = copy(direction, Drop(receiver, cut), random=seeded(3))
        if pair.code(receiver.other) == "done":
            assert arrived(pair) == [pair_item()]
        elif arrived(pair):
            assert pair.code(receiver.other) == "not_confirmed"


@pytest.mark.attack(25)
@pytest.mark.parametrize("reason", ["left", "expired", "grace", "timeout", "suspended"])
def test_no_word_of_the_relay_is_success(reason: str) -> None:
    """It says `closed` when the content is all there and the receipt is on its way."""

    def lies(pair: Pair, role: Role, event: events.Event) -> None:
        if isinstance(event, events.ItemsArrived):
            pair.tampering = Silence()
            pair.ends[Role.S].receive_text(f'{{"type":"closed","reason":"{reason}"}}', pair.now)
        else:
            helpful(pair, role, event)

    pair = Pair.of(Direction.TO_PC, [pair_item()], random=os.urandom, person=lies).run()
    assert pair.code(Role.S) == "not_confirmed"


@pytest.mark.attack(26)
@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("whose", list(Role))
def test_reordered_frames_arrive_in_their_order_all_the_same(
    direction: Direction, whose: Role
) -> None:
    pair = copy(direction, Reorder(whose), [pair_item(LARGE)])
    assert codes(pair) == {"done"}
    assert arrived(pair) == [pair_item(LARGE)]


@pytest.mark.attack(26)
def test_a_frame_that_comes_too_early_changes_nothing() -> None:
    victim, phone = opened_pc(Direction.TO_PC)
    early = phone.channel.frame(bodies.BodyKind.PROGRESS, b'{"step":"typing"}', seq=5)
    assert victim.take(early) == []
    assert not victim.heard_of(events.PeerStepped)


# --- rows 27, 28 and 29 ---


@pytest.mark.attack(27)
@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("old", [False, True])
def test_what_is_delivered_twice_is_taken_once(direction: Direction, old: bool) -> None:
    items = [pair_item(), pair_item(seed=1)] if old else [pair_item(LARGE)]
    pair = copy(direction, Replay(2, old=old), items)
    assert codes(pair) == {"done"}
    assert arrived(pair) == items
    told = [type(n) for heard in pair.heard.values() for n in heard]
    for once in (events.NumberShown, events.NumberMatched, events.ItemsArrived):
        assert told.count(once) == 1


@pytest.mark.attack(27)
def test_a_repeated_frame_is_acknowledged_again_and_not_read_again() -> None:
    victim, phone = opened_pc(Direction.TO_PC)
    step = phone.channel.say(bodies.Progress("typing"))
    (first,) = victim.take(step)
    (again,) = victim.take(step)
    assert phone.channel.read(first) == phone.channel.read(again) == 1
    assert [n for n in victim.heard if isinstance(n, events.PeerStepped)] == [
        events.PeerStepped("typing")
    ]


@pytest.mark.attack(27)
@pytest.mark.parametrize("whose", list(Role))
def test_exactly_once_over_connections_that_break(whose: Role) -> None:
    """One side's connection is cut at every step of a copy; it resumes, nothing doubles."""
    for cut_at in range(1, 40):
        seen = Counter[str]()

        def cuts(
            pair: Pair,
            role: Role,
            event: events.Event,
            seen: Counter[str] = seen,
            cut_at: int = cut_at,
        ) -> None:
            # Before it has met the other end, a lost connection is the end: scan again.
            seen["notices"] += any(isinstance(n, events.DeviceJoined) for n in pair.heard[whose])
            if seen["notices"] == cut_at:
                pair.cut(whose)
            helpful(pair, role, event)

        pair = Pair.of(Direction.TO_PC, [pair_item(LARGE)], random=os.urandom, person=cuts).run()
        assert codes(pair) == {"done"}, cut_at
        assert arrived(pair) == [pair_item(LARGE)]


@pytest.mark.attack(28)
@pytest.mark.parametrize("direction", BOTH)
def test_no_nonce_is_used_for_two_ciphertexts(direction: Direction) -> None:
    """Every repetition that losses, cuts and repeats provoke is the same bytes."""
    repeated = 0
    for lost in range(3, 12):
        record = LossyRecording(lost)
        pair = copy(direction, record, [pair_item(LARGE)])
        assert codes(pair) == {"done"}
        sealed: dict[tuple[Role, bytes], bytes] = {}
        for role, message in record.passed:
            if isinstance(message, bytes) and message[0] in (0x10, 0x11):
                nonce = (role, message[:9])
                repeated += nonce in sealed
                assert sealed.setdefault(nonce, message) == message
    assert repeated > 5, "too little was repeated to prove anything"


class LossyRecording(Recording):
    """Loses every so many-th frame on average, and remembers what was meant to pass."""

    def __init__(self, every: int) -> None:
        super().__init__()
        self._every = every
        self._chance = Random(every)

    def sealed(self, sender: Role, message: bytes) -> Iterable[tuple[Role, bytes]]:
        carried = list(super().sealed(sender, message))  # a lost one is recorded too
        lost = message[0] == 0x10 and self._chance.randrange(self._every) == 0
        return [] if lost else carried


@pytest.mark.attack(28)
def test_frames_and_acknowledgements_never_share_a_nonce() -> None:
    key = bytes(range(32))
    assert frame._nonce(0, 7) != frame._nonce(1, 7)
    sealed = frame.seal_ack(key, 7, 3)
    with pytest.raises(CertRelayError, match="bad_tag"):
        frame.open_frame(key, bytes([0x10]) + sealed[1:])


@pytest.mark.attack(29)
@pytest.mark.parametrize("direction", BOTH)
def test_a_forged_acknowledgement_ends_the_session(direction: Direction) -> None:
    sender = sender_of(direction)
    for forged in (
        bytes([0x11]) + os.urandom(32),
        bytes([0x11]) + bytes(32),
        frame.seal_ack(os.urandom(32), 0, 5),
    ):
        # The first three places are the opening, in which acknowledgements are dropped.
        early = [b"\x11" + bytes(32)] * 4
        pair = copy(direction, Inject(sender, [*early, forged]), [pair_item(LARGE)])
        assert "done" not in codes(pair)
        assert codes(pair) & {"bad_tag", "not_confirmed"}


@pytest.mark.attack(29)
@pytest.mark.parametrize("direction", BOTH)
def test_replayed_acknowledgements_let_nobody_forget(direction: Direction) -> None:
    """Old acknowledgements come again and again while frames are lost: all is repeated."""

    class Old(LossyRecording):
        def sealed(self, sender: Role, message: bytes) -> Iterable[tuple[Role, bytes]]:
            carried = list(super().sealed(sender, message))
            old = [(sender.other, m) for m in self.of(sender) if m[0] == 0x11]
            return carried + old

    pair = copy(direction, Old(4), [pair_item(LARGE)])
    assert codes(pair) == {"done"}
    assert arrived(pair) == [pair_item(LARGE)]


@pytest.mark.attack(29)
def test_an_acknowledgement_of_what_was_never_sent_ends_the_session() -> None:
    lies: tuple[Callable[[HostileChannel], bytes], ...] = (
        lambda channel: channel.ack(99),
        lambda channel: channel.frame(8, b'{"step":"typing"}', ack=99),
    )
    for lie in lies:
        victim, phone = opened_pc(Direction.TO_PC)
        victim.take(lie(phone.channel))
        assert victim.ended == "bad_ack"


@pytest.mark.attack(29)
def test_a_counter_moves_only_after_the_tag_was_right() -> None:
    key = bytes(32)
    delivery = Delivery(key, key)
    good = frame.seal_frame(key, 0, bodies.BodyKind.PROGRESS, 0, b'{"step":"typing"}')
    before = repr(delivery)
    with pytest.raises(CertRelayError):
        delivery.receive(flip(40)(good), 0.0)
    assert repr(delivery) == before
    assert delivery.is_dead


# --- row 30 ---


@pytest.mark.attack(30)
@pytest.mark.parametrize("direction", BOTH)
def test_a_copy_survives_a_relay_that_forgets_everything(direction: Direction) -> None:
    """The relay restarts at every step that a person sees; the ends bring the room back."""
    outcomes = Counter[str]()
    for restart_at in range(2, 30):
        seen = Counter[str]()

        def restarts(
            pair: Pair,
            role: Role,
            event: events.Event,
            seen: Counter[str] = seen,
            restart_at: int = restart_at,
        ) -> None:
            seen["notices"] += 1
            if seen["notices"] == restart_at:
                pair.restart_relay()
            helpful(pair, role, event)

        pair = Pair.of(direction, [pair_item(LARGE)], random=os.urandom, person=restarts).run()
        ends = codes(pair)
        assert None not in ends, restart_at
        assert len(arrived(pair)) <= 1
        if ends == {"done"}:
            assert arrived(pair) == [pair_item(LARGE)]
        outcomes["done" if ends == {"done"} else "failed"] += 1
    assert outcomes["done"] >= 20


# --- row 49 ---


@pytest.mark.attack(49)
@pytest.mark.parametrize("direction", BOTH)
def test_what_kind_of_certificate_travels_is_not_seen_on_the_wire(direction: Direction) -> None:
    """A pair, a PKCS#12 file of it, a short and a tiny one: the same sizes in the same order."""
    shapes = set()
    for item in (
        pair_item(1500),
        pair_item(700),
        pair_item(300),
        Item.of("pkcs12", {"pkcs12": bytes(4096)}),
        Item.of("pkcs12", {"pkcs12": bytes(16_384)}),
        Item.of("npki", {"signCert": bytes(1400), "signPri": bytes(1800), "caPubs": bytes(900)}),
    ):
        record = recorded(direction, item)
        shapes.add(tuple((role, len(m)) for role, m in record.passed if isinstance(m, bytes)))
    assert len(shapes) == 1


@pytest.mark.attack(49)
def test_a_name_and_a_number_leave_no_trace_in_a_length() -> None:
    from certrelay.e2e.hello import Hello

    sizes = {
        len(Hello(name, "linux", "x", "P1", "1").to_bytes()) for name in ("a", "가" * 21, "b" * 64)
    }
    assert sizes == {512}
    assert {1058, 16_674} == frame.FRAME_BYTES


# --- a relay that says nothing ---


def test_a_relay_that_never_answers_is_given_up() -> None:
    """No row has this one: the driver would have waited for ever, on both devices."""
    pair = copy(Direction.TO_PC, Silence())
    assert pair.code(Role.G) == "not_a_relay"
    from certrelay.testkit.hostile_pc import HostilePc
    from certrelay.testkit.victim import Victim

    url = HostilePc("https://relay.example.com/", Direction.TO_PC, os.urandom).url
    phone = Victim.phone(url, os.urandom)
    phone.endpoint.connected(0.0)
    phone.wait(11.0)
    assert phone.ended == "not_a_relay"


@pytest.mark.attack(1, 25)
@pytest.mark.parametrize("direction", BOTH)
def test_a_changed_byte_of_any_frame_or_acknowledgement_ends_the_session(
    direction: Direction,
) -> None:
    for carrier, size in ((0x10, 1058), (0x11, 33)):
        for position in (*range(1, 12), size // 2, size - 17, size - 1):
            pair = copy(direction, Altering(carrier, flip(position)))
            assert "done" not in codes(pair), (carrier, position)
            assert arrived(pair) == [], (carrier, position)


def test_the_same_randomness_makes_the_same_code() -> None:
    assert ShowSecrets.fresh(seeded(3)).seed == ShowSecrets.fresh(seeded(3)).seed
