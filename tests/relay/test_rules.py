"""docs/protocol.md §4, row by row and rule by rule, over real sockets."""

import json
import os
import threading
from collections import Counter
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from certrelay.frozen import replace
from certrelay.wire.ids import JoinSecret, Role, Token
from certrelay.wire.messages import (
    Closed,
    Created,
    ErrorCode,
    FromDevice,
    Leave,
    Paired,
    PeerBack,
    PeerGone,
    Refused,
    Resume,
    Resumed,
    SecondScan,
)
from certrelay.wire.release import Version
from tests.relay.conftest import Connect
from tests.relay.device import Device, Heard, Pair, knock

BAD = [Refused("bad_message"), 4400]


def refused(code: ErrorCode, *versions: str | None) -> Refused:
    found, needed = (None if text is None else Version.parse(text) for text in versions)
    return Refused(code, found, needed)


def connect_and_say(connect: Connect, message: FromDevice) -> list[Heard]:
    """What a new socket hears that says this, up to the close code."""
    device = connect()
    device.say(message)
    return device.hear_all()


def claimed(relay_answers: object) -> bool:
    return isinstance(relay_answers, Paired)


# --- the table ---


def test_create_is_answered_with_the_time_left(connect: Connect, pair: Pair) -> None:
    created = connect().ask(pair.create)
    assert isinstance(created, Created)
    assert 110_000 < created.expires_in_ms <= 120_000


def test_join_pairs_both_with_the_time_left(connect: Connect, pair: Pair) -> None:
    g, s = connect(), connect()
    g.ask(pair.create)
    paired = s.ask(pair.join)
    assert isinstance(paired, Paired)
    assert 590_000 < paired.expires_in_ms <= 600_000
    assert g.hear() == paired


def test_sealed_messages_pass_unread_both_ways_and_in_order(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    sealed = [os.urandom(n) for n in (0, 1, 1024, 16_674, 32_768)]
    for one, other in ((g, s), (s, g)):
        for message in sealed:
            one.say(message)
        assert [other.hear() for _ in sealed] == sealed


def test_a_lost_device_resumes_and_its_peer_hears_both(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    s.lose()
    assert g.hear() == PeerGone()
    back = connect()
    resumed = back.ask(pair.resume_s)
    assert isinstance(resumed, Resumed)
    assert resumed.peer_here
    assert 590_000 < resumed.expires_in_ms <= 600_000
    assert g.hear() == PeerBack()
    back.say(b"on we go")
    assert g.hear() == b"on we go"


def test_a_device_that_resumes_alone_is_told_so(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    s.lose()
    assert g.hear() == PeerGone()
    g.socket.close()
    back = connect()
    peer_here = True
    while peer_here:  # until the loss is noted
        resumed = back.ask(pair.resume_s)
        assert isinstance(resumed, Resumed)
        peer_here = resumed.peer_here


@pytest.mark.parametrize("leaver", Role)
def test_leave_ends_the_room_after_what_was_queued(
    connect: Connect, pair: Pair, leaver: Role
) -> None:
    g, s = pair.meet(connect)
    one, other = (g, s) if leaver is Role.G else (s, g)
    one.say(b"last words")
    one.say(Leave())
    assert one.hear_all() == [1000]
    assert other.hear_all() == [b"last words", Closed("left"), 1000]


# --- rules ---


def test_messages_wait_for_the_room_even_if_sent_at_once(connect: Connect, pair: Pair) -> None:
    g, s = connect(), connect()
    g.ask(pair.create)
    s.say(pair.join)
    s.say(b"m1")
    assert claimed(g.hear())
    assert g.hear() == b"m1"


def test_binary_before_a_room_is_a_bad_message(connect: Connect) -> None:
    device = connect()
    device.say(b"m1")
    assert device.hear_all() == BAD


def test_binary_in_an_unclaimed_room_is_a_bad_message(connect: Connect, pair: Pair) -> None:
    g = connect()
    g.ask(pair.create)
    g.say(b"m2")
    assert g.hear_all() == BAD


def test_binary_is_welcome_after_a_create_that_names_the_peer(connect: Connect, pair: Pair) -> None:
    g, s = connect(), connect()
    g.ask(pair.create_with_peer)
    g.say(b"dropped, for S is away")
    assert isinstance(s.ask(pair.resume_s), Resumed)
    assert g.hear() == PeerBack()
    g.say(b"carried")
    assert s.hear() == b"carried"


def test_leave_without_a_room_is_a_bad_message(connect: Connect) -> None:
    device = connect()
    device.say(Leave())
    assert device.hear_all() == BAD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        '{"type":"unheard of"}',
        '{"type":"leave","type":"leave"}',
        '{"type":"create","room":"00","token_hash":"00"}',
        '{"type":"created","expires_in_ms":1}',
        '{"type":"leave","more":"' + "x" * 1024 + '"}',
    ],
)
@pytest.mark.attack(44)
def test_a_text_that_is_no_message_is_a_bad_one(connect: Connect, text: str) -> None:
    device = connect()
    device.say(text)
    assert device.hear_all() == BAD


@pytest.mark.attack(44)
def test_a_text_that_is_no_utf8_is_a_bad_message(connect: Connect) -> None:
    device = connect()
    device.socket.send(b'{"type":"leave\xff"}', text=True)
    assert device.hear_all() == BAD


def test_a_bad_message_is_a_loss_and_ends_no_room(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    s.say("nonsense")
    assert s.hear_all() == BAD
    assert g.hear() == PeerGone()
    assert isinstance(connect().ask(pair.resume_s), Resumed)


def test_a_message_may_come_in_fragments(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    s.socket.send([b"in ", b"three ", b"parts"])
    assert g.hear() == b"in three parts"


@pytest.mark.attack(14)
def test_a_message_has_its_largest_size_and_not_a_byte_more(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    s.say(bytes(32_768))
    assert g.hear() == bytes(32_768)
    s.say(bytes(32_769))
    assert s.hear() == 1009
    assert g.hear() == PeerGone()
    assert isinstance(connect().ask(Pair().create), Created), "others live on"


@pytest.mark.attack(14)
def test_fragments_are_counted_together(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    with suppress(ConnectionClosed):  # the relay may close before the last byte is written
        s.socket.send([bytes(16_384), bytes(16_385)])
    assert s.hear() == 1009
    assert g.hear() == PeerGone()


@pytest.mark.attack(15)
def test_compression_is_offered_in_vain(connect: Connect) -> None:
    device = connect(compression="deflate")
    response = device.socket.response
    assert response is not None
    assert "Sec-WebSocket-Extensions" not in response.headers
    assert "permessage-deflate" in str(device.socket.request and device.socket.request.headers)


@pytest.mark.attack(39)
@pytest.mark.parametrize("offered", [None, ["certrelay.v2"], ["chat", "CERTRELAY.V1"]])
def test_without_the_subprotocol_the_socket_opens_and_is_refused(
    connect: Connect, offered: list[str] | None
) -> None:
    device = connect(subprotocols=offered)
    assert device.socket.subprotocol is None
    assert device.hear_all() == [Refused("unsupported_protocol"), 4400]


def test_the_subprotocol_is_found_among_others(connect: Connect, pair: Pair) -> None:
    device = connect(subprotocols=["certrelay.v2", "certrelay.v1"])
    assert device.socket.subprotocol == "certrelay.v1"
    assert isinstance(device.ask(pair.create), Created)


def test_the_socket_is_under_any_path_of_an_origin(connect: Connect, pair: Pair) -> None:
    g, s = connect(path="/relay/seoul/v1/ws"), connect(path="/v1/ws?x=1")
    assert isinstance(g.ask(pair.create), Created)
    assert claimed(s.ask(pair.join))


# --- once more ---


def test_the_same_create_on_the_same_socket_is_answered_again(connect: Connect, pair: Pair) -> None:
    g = connect()
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(g.ask(pair.create_again), Created)


def test_the_same_create_on_a_new_socket_replaces_the_older(connect: Connect, pair: Pair) -> None:
    old, new = connect(), connect()
    old.ask(pair.create)
    assert isinstance(new.ask(pair.create_again), Created)
    assert old.hear_all() == [4000]
    assert claimed(connect().ask(pair.join))
    assert claimed(new.hear())


def test_the_same_create_on_a_claimed_room_is_told_of_s(connect: Connect, pair: Pair) -> None:
    old, s = pair.meet(connect)
    new = connect()
    assert isinstance(new.ask(pair.create_again), Created)
    assert claimed(new.hear())
    assert s.hear() == PeerBack()
    assert old.hear_all() == [4000]


def test_the_same_join_on_a_new_socket_pairs_both_again(connect: Connect, pair: Pair) -> None:
    g, old = pair.meet(connect)
    new = connect()
    assert claimed(new.ask(pair.join_again))
    assert claimed(g.hear())
    assert old.hear_all() == [4000]
    new.say(b"m1")
    assert g.hear() == b"m1"


def test_the_same_join_on_the_same_socket_pairs_both_again(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    assert claimed(s.ask(pair.join_again))
    assert claimed(g.hear())


def test_a_page_that_goes_away_has_left(connect: Connect, pair: Pair) -> None:
    """A browser that closes a page may lose its last words; its close says the same (1001)."""
    g, s = pair.meet(connect)
    s.say(b"the last frame")
    s.socket.close(1001)
    assert g.hear_all() == [b"the last frame", Closed("left"), 1000]


def test_any_other_close_is_a_loss(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    s.socket.close(1000)
    assert g.hear() == PeerGone()
    assert isinstance(connect().ask(pair.resume_s), Resumed)
    assert g.hear() == PeerBack()


def test_a_pc_that_is_put_away_may_come_back(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    g.socket.close(1001)
    assert s.hear() == PeerGone()


@pytest.mark.attack(67)
@pytest.mark.parametrize("s_is_away", [False, True])
def test_a_recorded_greeting_puts_nobody_out(connect: Connect, pair: Pair, s_is_away: bool) -> None:
    """Said again by somebody else: refused, and nobody else hears a word of it."""
    g, s = pair.meet(connect)
    if s_is_away:
        s.lose()
        assert g.hear() == PeerGone()
    for recorded in (pair.join, pair.create):
        assert connect_and_say(connect, recorded) == [Refused("already_claimed"), 4409]
    if s_is_away:
        s = connect()
        assert isinstance(s.ask(pair.resume_s), Resumed)
        assert g.hear() == PeerBack()
    s.say(b"on we go")
    assert g.hear() == b"on we go"
    g.say(b"and back")
    assert s.hear() == b"and back"
    s.say(Leave())
    assert s.hear_all() == [1000]
    assert g.hear_all() == [Closed("left"), 1000]
    assert connect_and_say(connect, pair.join) == [Refused("already_used"), 4404]


@pytest.mark.attack(67)
def test_a_greeting_whose_answer_was_lost_is_said_again_with_its_token(
    connect: Connect, pair: Pair
) -> None:
    # The relay had taken the first, and the answer was lost with its socket.
    connect().ask(pair.create)
    g = connect()
    assert isinstance(g.ask(pair.create_again), Created)
    # The relay never got the first: the second finds the place free.
    s = connect()
    assert claimed(s.ask(pair.join_again))
    assert claimed(g.hear())
    # Both arrive, the second first: the first has nothing to show any more.
    assert connect_and_say(connect, pair.join) == [Refused("already_claimed"), 4409]
    s.say(b"the seat is kept")
    assert g.hear() == b"the seat is kept"


@pytest.mark.parametrize("role", Role)
def test_a_resume_replaces_a_socket_that_still_looks_alive(
    connect: Connect, pair: Pair, role: Role
) -> None:
    g, s = pair.meet(connect)
    old, peer = (g, s) if role is Role.G else (s, g)
    new = connect()
    resumed = new.ask(pair.resume_g if role is Role.G else pair.resume_s)
    assert isinstance(resumed, Resumed)
    assert resumed.peer_here
    assert old.hear_all() == [4000]
    assert peer.hear() == PeerBack()
    peer.say(b"to the new one")
    assert new.hear() == b"to the new one"


def test_a_socket_holds_one_room(connect: Connect, pair: Pair) -> None:
    for other in (Pair().create, pair.join, pair.resume_s):
        device, pair = connect(), Pair()
        assert isinstance(device.ask(pair.create), Created)
        device.say(other)
        assert device.hear_all() == BAD


@pytest.mark.attack(11)
def test_a_wrong_resume_is_refused_and_disturbs_nobody(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    wrong = Token(os.urandom(16))
    for resume in (
        Resume(pair.secret.room, Role.G, wrong),
        Resume(pair.secret.room, Role.S, wrong),
        Resume(pair.secret.room, Role.S, pair.g_token),
        Resume(Pair().secret.room, Role.S, pair.s_token),
    ):
        device = connect()
        device.say(resume)
        assert device.hear_all() == [Refused("no_such_room"), 4404]
    s.say(b"undisturbed")
    assert g.hear() == b"undisturbed"


def test_a_create_under_another_token_is_already_claimed(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    thief = connect()
    thief.say(replace(pair.create, token_hash=Token(os.urandom(16)).hashed))
    assert thief.hear_all() == [Refused("already_claimed"), 4409]
    g.say(b"undisturbed")
    assert s.hear() == b"undisturbed"


# --- the second scan ---


@pytest.mark.attack(9)
def test_a_second_scan_is_refused_and_told_to_both(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    thief = connect()
    thief.say(pair.stranger())
    assert thief.hear_all() == [Refused("already_claimed"), 4409]
    assert (g.hear(), s.hear()) == (SecondScan(), SecondScan())


@pytest.mark.attack(9)
def test_of_fifty_who_join_at_once_exactly_one_is_paired(connect: Connect, pair: Pair) -> None:
    g = connect()
    g.ask(pair.create)
    scanners = [connect() for _ in range(50)]
    ready = threading.Barrier(len(scanners))
    answers: list[object] = []

    def scan(device: Device) -> None:
        ready.wait()
        device.say(pair.stranger())
        answers.append(device.hear())

    threads = [threading.Thread(target=scan, args=(device,)) for device in scanners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The one who is paired may first hear of the others: its own answer came before.
    kinds = Counter(type(answer) for answer in answers)
    assert kinds == {Paired: 1, Refused: 49}
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"already_claimed"}
    assert claimed(g.hear())
    assert [g.hear() for _ in range(49)] == [SecondScan()] * 49


@pytest.mark.attack(10)
def test_knowing_the_room_does_not_join_it(connect: Connect, pair: Pair) -> None:
    g = connect()
    g.ask(pair.create)
    for guess in (pair.secret.room.raw[:16], pair.secret.room.raw[16:], os.urandom(16)):
        device = connect()
        device.say(replace(pair.join, join=JoinSecret(guess)))
        assert device.hear_all() == [Refused("no_such_room"), 4404]
    assert claimed(connect().ask(pair.join))


# --- G is away ---


def test_a_join_while_g_is_away_is_tried_again_on_the_same_socket(
    connect: Connect,
) -> None:
    pair, s, answer = knock(connect)
    for _ in range(2):
        assert answer == Refused("peer_not_ready", retry_in_ms=2000)
        answer = s.ask(pair.join)
    back = connect()
    assert isinstance(back.ask(pair.resume_g), Resumed)
    assert claimed(s.ask(pair.join))
    assert claimed(back.hear())


# --- releases ---


@pytest.mark.parametrize(
    ("device", "refusal"),
    [
        (("android", "G4.9", "14"), refused("version_too_low", "G4.9", "G5.0")),
        (("ios", "I4.12", "17"), refused("version_too_low", "I4.12", "I5.0")),
        (("android", "G5.0", "7"), refused("os_too_low", "7", "8")),
        (("ios", "G5.0", "17"), refused("platform_mismatch", "G5.0", "I5.0")),
        (("linux", "P0.0.9", "6.1"), refused("version_too_low", "P0.0.9", "P0.1")),
        (("android", "5.0", "14"), refused("version_unreadable", None, "G5.0")),
        (("android", "Gx", "14"), refused("version_unreadable", None, "G5.0")),
        (("symbian", "G5.0", "14"), Refused("version_unreadable")),
    ],
)
def test_a_release_that_is_not_admitted_is_refused_with_what_is_needed(
    connect: Connect, pair: Pair, device: tuple[str, str, str], refusal: Refused
) -> None:
    g, s = connect(), connect()
    g.ask(pair.create)
    s.say(pair.join_as(*device))
    assert s.hear_all() == [refusal, 4426]
    assert claimed(connect().ask(pair.join)), "nothing was claimed"
    assert claimed(g.hear())


@pytest.mark.parametrize(
    "device",
    [
        ("android", "G5.0", "8"),
        ("android", "G5.10", "14"),
        ("ios", "I5.0", "13"),
        ("linux", "P0.1", "6"),
    ],
)
def test_a_release_that_is_admitted_joins(
    connect: Connect, pair: Pair, device: tuple[str, str, str]
) -> None:
    connect().ask(pair.create)
    assert claimed(connect().ask(pair.join_as(*device)))


def test_a_release_is_judged_only_after_a_right_join(connect: Connect, pair: Pair) -> None:
    device = connect()
    device.say(pair.join_as("android", "G1", "1"))
    assert device.hear_all() == [Refused("no_such_room"), 4404]


# --- words of the dead ---


@pytest.mark.attack(8)
def test_a_room_that_was_used_says_so_to_a_later_scan(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    s.say(Leave())
    assert g.hear_all() == [Closed("left"), 1000]
    for asked in (pair.join, pair.stranger(), pair.create):
        late = connect()
        late.say(asked)
        assert late.hear_all() == [Refused("already_used"), 4404]
    for resume in (pair.resume_g, pair.resume_s):
        late = connect()
        late.say(resume)
        assert late.hear_all() == [Refused("no_such_room"), 4404]


def test_a_room_left_before_a_claim_says_expired(connect: Connect, pair: Pair) -> None:
    g = connect()
    g.ask(pair.create)
    g.say(Leave())
    assert g.hear_all() == [1000]
    late = connect()
    late.say(pair.join)
    assert late.hear_all() == [Refused("expired"), 4404]


@pytest.mark.parametrize("what", ["join", "resume_g", "resume_s"])
def test_an_unknown_room_has_one_answer(connect: Connect, what: str) -> None:
    device = connect()
    device.say(getattr(Pair(), what))
    assert device.hear_all() == [Refused("no_such_room"), 4404]


# --- budget ---


@pytest.mark.attack(16)
def test_a_room_over_its_budget_is_closed_for_both(connect: Connect, pair: Pair) -> None:
    g, s = pair.meet(connect)
    for _ in range(1024):
        s.say(b"")
        assert g.hear() == b""
    s.say(b"")
    assert s.hear_all() == [Closed("over_budget"), 4413]
    assert g.hear_all() == [Closed("over_budget"), 4413]


def test_unknown_keys_are_passed_over(connect: Connect, pair: Pair) -> None:
    room, token_hash = pair.secret.room.hex, pair.g_token.hashed.hex
    fields = {"type": "create", "room": room, "token_hash": token_hash, "new": [1]}
    assert isinstance(connect().ask(json.dumps(fields)), Created)
