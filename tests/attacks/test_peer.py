"""Attacks by the other device: rows 3, 4, 7, 9, 19, 25, 44 and 45 of docs/security.md.

The hostile phone and PC of the test kit hold the right keys: they scanned, or show, a real
code.  What they send is sealed as it should be, and is wrong in everything else.
"""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certrelay.bundle import Item
from certrelay.e2e import bodies
from certrelay.e2e.bodies import BodyKind
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from certrelay.errors import ExitStatus
from certrelay.limits import NUMBER_TRIES
from certrelay.testkit import malformed
from certrelay.testkit.blocking_socket import BlockingSocket
from certrelay.testkit.hostile_end import pair_offer
from certrelay.testkit.hostile_pc import HostilePc
from certrelay.testkit.hostile_phone import HostilePhone
from certrelay.testkit.pair import ORIGIN
from certrelay.testkit.victim import Victim
from certrelay.wire.ids import Token
from certrelay.wire.messages import SecondScan, decode_from_relay
from tests.attacks.people import BOTH, opened_pc, pair_item
from tests.certificates import PASSWORD, person
from tests.flows.conftest import fill
from tests.flows.programs import Bench

ITEM = pair_item()
CERTIFICATE, KEY = (file.content for file in ITEM.files)


def read_all(phone: HostilePhone, sealed: list[bytes]) -> list[bodies.Body]:
    """What the victim said in frames; acknowledgements aside."""
    read = (phone.channel.read(each) for each in sealed)
    return [each for each in read if each is not None and not isinstance(each, int)]


# --- row 3: the photographed code, PC to phone ---


@pytest.mark.attack(3)
def test_a_stranger_who_scans_first_gets_nothing_until_the_number_was_typed() -> None:
    victim, stranger = opened_pc(Direction.TO_PHONE, [ITEM])
    assert victim.heard_of(events.NumberWanted)
    said: list[bodies.Body] = []
    for try_it in (
        bodies.Accept(),
        bodies.Receipt((bodies.ItemResult("stored"),)),
    ):
        # He may not even ask: each of these ends the session.
        other, phone = opened_pc(Direction.TO_PHONE, [ITEM])
        said += read_all(phone, other.take(phone.channel.say(try_it)))
        said += read_all(phone, other.wait(600))
        assert other.ended == "out_of_turn"
    said += read_all(stranger, victim.take(stranger.channel.say(bodies.Progress("asking"))))
    said += read_all(stranger, victim.wait(119))
    assert {type(body) for body in said} <= {bodies.Progress, bodies.Close}


@pytest.mark.attack(3)
def test_the_third_wrong_number_ends_it_and_nothing_was_sent() -> None:
    victim, stranger = opened_pc(Direction.TO_PHONE, [ITEM])
    right = stranger.channel.number
    said = []
    for tries_left in reversed(range(NUMBER_TRIES)):
        wrong = f"{(int(right) + 1 + tries_left) % 10**6:06}"
        victim.endpoint.enter_number(wrong, victim.now)
        said += read_all(stranger, victim.collect())
        assert events.NumberWrong(tries_left) in victim.heard
    assert said == [bodies.Close("number_mismatch")]
    victim.endpoint.enter_number(right, victim.now)
    said = read_all(stranger, victim.wait(60))
    assert victim.ended == "number_mismatch"
    assert not any(isinstance(body, bodies.Offer | bodies.Chunk) for body in said)


@pytest.mark.attack(3)
@pytest.mark.parametrize(
    "typed", ["", " ", "63708", "6370811", "63708a", "６３７０８１", "-1", "\0"]
)
def test_what_is_no_number_of_six_digits_matches_nothing(typed: str) -> None:
    victim, _ = opened_pc(Direction.TO_PHONE, [ITEM])
    victim.endpoint.enter_number(typed, victim.now)
    assert victim.collect() == []
    assert events.NumberWrong(NUMBER_TRIES - 1) in victim.heard


@pytest.mark.attack(3)
def test_the_right_number_and_nothing_else_lets_the_certificate_out() -> None:
    """The control of the tests above: they can fail."""
    victim, phone = opened_pc(Direction.TO_PHONE, [ITEM])
    victim.endpoint.enter_number(f" {phone.channel.number[:3]} {phone.channel.number[3:]}\n", 0.0)
    (offer,) = read_all(phone, victim.collect())
    assert isinstance(offer, bodies.Offer)


@pytest.mark.attack(3, 9)
def test_a_second_scan_before_the_number_ends_both_and_burns_the_code() -> None:
    victim, _ = opened_pc(Direction.TO_PHONE, [ITEM])
    victim.tell(SecondScan())
    assert victim.heard_of(events.ScannedTwice)
    victim.wait(60)
    assert victim.ended == "second_scan"


@pytest.mark.attack(9)
def test_a_second_scan_after_the_number_is_only_reported() -> None:
    victim, phone = opened_pc(Direction.TO_PHONE, [ITEM])
    victim.endpoint.enter_number(phone.channel.number, victim.now)
    victim.collect()
    for _ in range(1000):
        victim.tell(SecondScan())
    assert len([n for n in victim.heard if isinstance(n, events.ScannedTwice)]) == 1
    assert victim.ended is None


# --- row 4: a stranger pushes a certificate ---


@pytest.mark.attack(4)
def test_nothing_is_stored_before_the_receivers_person_said_so() -> None:
    """The stranger needs no number in this direction: the question is the defence."""
    victim, stranger = opened_pc(Direction.TO_PC)
    push(victim, stranger)
    assert victim.heard_of(events.ItemsArrived)
    victim.wait(119)
    assert victim.ended is None
    sealed = victim.wait(2)
    assert victim.heard_of(events.SaveOverdue), "an unanswered question counts as no"
    assert not any(isinstance(body, bodies.Receipt) for body in read_all(stranger, sealed))


def push(victim: Victim, stranger: HostilePhone) -> list[bytes]:
    """Send a whole bundle as a sender may; give what comes back."""
    offer = pair_offer(CERTIFICATE, KEY)
    content = CERTIFICATE + KEY
    import hashlib

    channel = stranger.channel
    answers = victim.take(channel.say(bodies.Offer(offer)))
    assert read_all(stranger, answers) == [bodies.Accept()]
    for sealed in victim.take(channel.say(bodies.Chunk(0, content))):
        channel.read(sealed)
    return victim.take(channel.say(bodies.End(hashlib.sha256(offer).digest())))


# --- row 19: bombs ---


@pytest.mark.attack(19)
@pytest.mark.parametrize("name", malformed.MANIFESTS)
def test_a_bad_manifest_is_rejected_before_a_byte_is_taken(name: str) -> None:
    manifest, reason = malformed.MANIFESTS[name]
    victim, phone = opened_pc(Direction.TO_PC)
    answers = read_all(phone, victim.take(phone.channel.say(bodies.Offer(manifest))))
    assert answers == [bodies.Reject(reason)]
    read_all(phone, victim.take(phone.channel.say(bodies.Chunk(0, b"x"))))
    victim.wait(60)
    assert victim.ended not in (None, "done")
    assert not victim.heard_of(events.ItemsArrived)


@pytest.mark.attack(19)
def test_more_bytes_than_promised_end_the_session() -> None:
    for size in (101, 16_384):
        victim, phone = opened_pc(Direction.TO_PC)
        victim.take(phone.channel.say(bodies.Offer(pair_offer(b"a" * 50, b"b" * 50))))
        victim.take(phone.channel.say(bodies.Chunk(0, bytes(size))))
        victim.wait(60)
        assert victim.ended == "chunk_size"
    victim, phone = opened_pc(Direction.TO_PC)
    victim.take(phone.channel.say(bodies.Offer(pair_offer(b"a" * 50, b"b" * 50))))
    victim.take(phone.channel.say(bodies.Chunk(0, b"a" * 50 + b"b" * 50)))
    victim.take(phone.channel.say(bodies.Chunk(100, b"c")))
    victim.wait(60)
    assert victim.ended == "chunk_size"


@pytest.mark.attack(19)
def test_an_item_with_a_wrong_digest_is_not_handed_out() -> None:
    victim, phone = opened_pc(Direction.TO_PC)
    offer = pair_offer(CERTIFICATE, KEY, sha256="00" * 32)
    import hashlib

    channel = phone.channel
    victim.take(channel.say(bodies.Offer(offer)), channel.say(bodies.Chunk(0, CERTIFICATE + KEY)))
    victim.take(channel.say(bodies.End(hashlib.sha256(offer).digest())))
    assert events.ItemsArrived((None,)) in victim.heard


@pytest.mark.attack(25)
def test_an_end_before_the_end_or_for_another_offer_ends_the_session() -> None:
    for digest, chunk, word in (
        (bytes(32), CERTIFICATE + KEY, "end_digest"),
        (bytes(32), None, "end_early"),
    ):
        victim, phone = opened_pc(Direction.TO_PC)
        victim.take(phone.channel.say(bodies.Offer(pair_offer(CERTIFICATE, KEY))))
        if chunk is not None:
            victim.take(phone.channel.say(bodies.Chunk(0, chunk)))
        victim.take(phone.channel.say(bodies.End(digest)))
        victim.wait(60)
        assert victim.ended == word
        assert not victim.heard_of(events.ItemsArrived)


# --- row 44: malformed messages of every kind ---


@pytest.mark.attack(44)
@pytest.mark.parametrize("direction", BOTH)
@pytest.mark.parametrize("name", malformed.BODIES)
def test_a_malformed_body_ends_the_session_and_nothing_else(
    name: str, direction: Direction
) -> None:
    kind, body = malformed.BODIES[name]
    victim, phone = opened_pc(direction, [ITEM] if direction is Direction.TO_PHONE else ())
    sealed = victim.take(phone.channel.frame(kind, body))
    assert bodies.Close("protocol") in read_all(phone, sealed)
    victim.wait(60)
    assert victim.ended not in (None, "done")


@pytest.mark.attack(44)
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0",
        bytes(1023),
        bytes(1025),
        b"\0\2{}" + bytes(1019) + b"\1",
        b"\xff\xff" + bytes(1022),
    ],
)
def test_a_wrong_length_or_padding_ends_the_session(payload: bytes) -> None:
    victim, phone = opened_pc(Direction.TO_PC)
    victim.take(phone.channel.payload(BodyKind.PROGRESS, payload))
    victim.wait(60)
    assert victim.ended not in (None, "done")


@pytest.mark.attack(44)
@pytest.mark.parametrize("name", malformed.HELLOS)
def test_a_bad_hello_ends_the_session_before_anybody_is_introduced(name: str) -> None:
    victim = Victim.pc(Direction.TO_PC, os.urandom)
    phone = HostilePhone(victim.url, os.urandom, hello=malformed.HELLOS[name])
    victim.meet()
    assert victim.take(phone.m1) == []
    assert victim.ended == "bad_hello"
    assert not victim.heard_of(events.PeerIntroduced)


@pytest.mark.attack(44)
def test_a_phone_refuses_a_bad_hello_of_a_pc_too() -> None:
    for hello in malformed.HELLOS.values():
        if b'"name":"Phone","platform":"android","app":"test","app_version":"G5.0"' in hello:
            continue  # wrong only in its token or its blanks, which G's hello has not or shares
        pc = HostilePc(ORIGIN.text, Direction.TO_PC, os.urandom, hello=hello)
        victim = Victim.phone(pc.url, os.urandom, [ITEM])
        (m1,) = victim.meet()
        victim.take(pc.answer(m1))
        assert victim.ended == "bad_hello", hello


@pytest.mark.attack(44)
@pytest.mark.parametrize("name", malformed.CONTROL_FROM_RELAY)
def test_a_malformed_word_of_the_relay_ends_the_session_in_every_phase(name: str) -> None:
    text = malformed.CONTROL_FROM_RELAY[name]
    waiting = Victim.pc(Direction.TO_PC, os.urandom)
    waiting.endpoint.connected(0.0)
    waiting.collect()
    paired, _ = opened_pc(Direction.TO_PHONE, [ITEM])
    for victim in (waiting, paired):
        victim.tell(text)
        victim.wait(60)
        assert victim.ended == "bad_message"


@pytest.mark.attack(44)
@pytest.mark.parametrize("carrier", [0, 2, 4, 0x0F, 0x12, 0x80, 0xFF])
def test_an_unknown_carrier_ends_the_session(carrier: int) -> None:
    victim, _ = opened_pc(Direction.TO_PC)
    victim.take(bytes([carrier]) + bytes(100))
    victim.wait(60)
    assert victim.ended == "carrier_type"


@pytest.mark.attack(44)
def test_frames_after_the_end_are_not_read() -> None:
    victim, phone = opened_pc(Direction.TO_PC)
    victim.take(phone.channel.say(bodies.Close("cancelled")))
    before = len(victim.heard)
    victim.take(phone.channel.say(bodies.Offer(pair_offer(CERTIFICATE, KEY))))
    victim.take(phone.channel.frame(99, b"\xff"))
    assert victim.heard[before:] == []
    victim.wait(60)
    assert victim.ended == "cancelled"
    assert victim.take(phone.channel.say(bodies.Progress("typing"))) == []


@pytest.mark.attack(44)
@pytest.mark.parametrize("direction", BOTH)
def test_words_out_of_turn_or_from_the_wrong_side_end_the_session(direction: Direction) -> None:
    offer = bodies.Offer(pair_offer(CERTIFICATE, KEY))
    sayings: list[list[bodies.Body]] = [
        [offer, offer] if direction is Direction.TO_PC else [offer],
        [bodies.Chunk(0, b"x")],
        [bodies.End(bytes(32))],
        [bodies.Accept()],
        [bodies.Receipt(())],
        [bodies.Reject("too_large")],
    ]
    for saying in sayings:
        victim, phone = opened_pc(direction, [ITEM] if direction is Direction.TO_PHONE else ())
        for body in saying:
            victim.take(phone.channel.say(body))
        victim.wait(60)
        assert victim.ended in ("out_of_turn", "wrong_side"), saying


ANY_FRAME = st.tuples(
    st.integers(0, 255),
    st.binary(max_size=1400),
    st.sampled_from([None, 0, 1, 2, 2**32, 2**63]),
    st.sampled_from([None, 0, 1, 5, 2**63]),
)


@pytest.mark.attack(44)
@settings(max_examples=150, deadline=None)
@given(frames=st.lists(ANY_FRAME, max_size=6), sends=st.booleans())
def test_nothing_that_a_peer_seals_breaks_the_driver(
    frames: list[tuple[int, bytes, int | None, int | None]], sends: bool
) -> None:
    direction = Direction.TO_PHONE if sends else Direction.TO_PC
    victim, phone = opened_pc(direction, [ITEM] if sends else ())
    for kind, body, seq, ack in frames:
        victim.take(phone.channel.frame(kind, body, seq=seq, ack=ack))
    victim.wait(2000)
    assert victim.ended not in (None, "done")


RELAY_WORDS = st.sampled_from(
    [
        '{"type":"created","expires_in_ms":0}',
        '{"type":"created","expires_in_ms":9007199254740991}',
        '{"type":"paired","expires_in_ms":1}',
        '{"type":"resumed","peer":"here","expires_in_ms":1}',
        '{"type":"resumed","peer":"gone","expires_in_ms":1}',
        '{"type":"peer_gone"}',
        '{"type":"peer_back"}',
        '{"type":"second_scan"}',
        *(
            f'{{"type":"closed","reason":"{reason}"}}'
            for reason in ("left", "expired", "grace", "timeout", "over_budget", "suspended")
        ),
        *(
            f'{{"type":"error","code":"{code}"}}'
            for code in (
                "no_such_room",
                "peer_not_ready",
                "try_later",
                "already_claimed",
                "expired",
            )
        ),
    ]
)


@pytest.mark.attack(29, 44)
@settings(max_examples=300, deadline=None)
@given(
    words=st.lists(RELAY_WORDS | st.sampled_from(["cut", "connect", "wait"]), max_size=12),
    begun=st.booleans(),
    scans=st.booleans(),
)
def test_nothing_that_a_relay_says_in_any_order_breaks_the_driver(
    words: list[str], begun: bool, scans: bool
) -> None:
    """It may end the session, and always does in time; it never makes it a success."""
    if scans:
        pc = HostilePc(ORIGIN.text, Direction.TO_PC, os.urandom)
        victim = Victim.phone(pc.url, os.urandom, [ITEM])
        if begun:
            (m1,) = victim.meet()
            victim.take(pc.answer(m1))
        else:
            victim.endpoint.connected(0.0)
    elif begun:
        victim, _ = opened_pc(Direction.TO_PC)
    else:
        victim = Victim.pc(Direction.TO_PC, os.urandom)
        victim.endpoint.connected(0.0)
    for word in words:
        match word:
            case "cut":
                victim.endpoint.connection_lost(victim.now)
                victim.collect()
            case "connect":
                if victim.endpoint.wants_connection:
                    victim.endpoint.connected(victim.now)
                    victim.collect()
            case "wait":
                victim.wait(7)
            case _:
                decode_from_relay(word)
                victim.tell(word)
    victim.wait(3000)
    assert victim.ended not in (None, "done")


@pytest.mark.attack(11)
def test_a_second_join_has_another_token_and_is_no_resume() -> None:
    phone = HostilePhone(Victim.pc(Direction.TO_PC, os.urandom).url, os.urandom)
    assert phone.join() != phone.join(Token(os.urandom(16)))


def test_the_bombs_are_real() -> None:
    """An honest receiver of the honest form says yes: the catalogue is not refused by accident."""
    victim, phone = opened_pc(Direction.TO_PC)
    answers = victim.take(phone.channel.say(bodies.Offer(pair_offer(CERTIFICATE, KEY))))
    assert read_all(phone, answers) == [bodies.Accept()]
    assert Item.of("npki", {"signCert": CERTIFICATE, "signPri": KEY}) == ITEM


@pytest.mark.attack(44)
def test_the_test_kits_own_example_ends_a_real_phone(desk: Bench) -> None:
    """As `certrelay.testkit` shows it to the makers of apps."""
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = HostilePc(str(desk.relay), Direction.TO_PC, os.urandom)
    with BlockingSocket(pc.qr.origin.text) as carrier:
        carrier.say(pc.create())
        phone = desk.phone_with_url(pc.url, "--send", "1")
        carrier.send(pc.answer(carrier.hear_sealed(1)))
        carrier.send(pc.finish(carrier.hear_sealed(3)))
        phone.expect("paired")
        carrier.send(pc.channel.frame(99, b"anything"))
        assert phone.finish() == ExitStatus.PROTOCOL
