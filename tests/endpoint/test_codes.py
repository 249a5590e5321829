"""A typed code at both ends, message by message: one guess each, and who is told what."""

import os
from collections.abc import Sequence

import pytest

from certrelay import limits
from certrelay.e2e.code import Code
from certrelay.e2e.handshake import ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.origin import Origin
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ShowSide, events
from certrelay.endpoint.code_display import CodeSource
from certrelay.endpoint.code_entry import CodeEntry
from certrelay.wire import messages
from certrelay.wire.ids import LobbyDigits, SealedPayload, Share, Sid
from certrelay.wire.release import PHONE_POLICY

ORIGIN = Origin.parse("https://relay.example.kr/")
HELLO = Hello("PC", "linux", "certrelay-pc", "P1.0", "6.1")
LOBBY = LobbyDigits("4821")


class Showing:
    """G before a relay that the test plays."""

    def __init__(self, *, codes: bool = True, with_source: bool = True) -> None:
        self.now = 1000.0
        secrets = ShowSecrets.fresh(os.urandom)
        self.qr = QrCode(ORIGIN, secrets.payload(Direction.TO_PC, lan=False))
        side = ShowSide(secrets, self.qr, HELLO)
        source = CodeSource(self.qr, os.urandom) if with_source else None
        self.end = Endpoint(side, HELLO, PHONE_POLICY, codes=source)
        self.end.connected(self.now)
        self.said()
        self.hear(messages.Created(120_000, codes))
        self.events()

    def hear(self, message: messages.FromRelay) -> None:
        self.end.receive_text(messages.encode(message), self.now)

    def outputs(self) -> Sequence[events.Command | events.Event]:
        return self.end.take(self.now)

    def said(self) -> list[str]:
        return [each.text for each in self.outputs() if isinstance(each, events.SendText)]

    def events(self) -> list[events.Command | events.Event]:
        return [each for each in self.outputs() if not isinstance(each, events.SendText)]

    def code(self) -> Code:
        """Ask for a code and have the relay give one."""
        assert self.end.show_code(self.now)
        assert self.said() == ['{"type":"publish"}']
        return self.publish()

    def publish(self) -> Code:
        self.hear(messages.Published(LOBBY))
        (shown,) = self.events()
        assert isinstance(shown, events.CodeShown)
        return Code.parse(shown.code)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.end.tick(self.now)


def entry(code: Code) -> tuple[CodeEntry, messages.Enter]:
    entering = CodeEntry(code, ORIGIN, os.urandom)
    entering.connected(0.0)
    (sent,) = entering.take()
    assert isinstance(sent, events.SendText)
    enter = messages.decode_from_device(sent.text)
    assert isinstance(enter, messages.Enter)
    return entering, enter


def knock_of(enter: messages.Enter) -> messages.Knock:
    return messages.Knock(enter.sid, enter.share)


def wrong(code: Code) -> Code:
    return Code(code.lobby, f"{(int(code.secret) + 1) % 10**8:08}")


def test_a_typed_code_gives_what_a_scan_gives() -> None:
    g = Showing()
    s, enter = entry(g.code())
    assert enter.lobby == LOBBY
    g.hear(knock_of(enter))
    withdrawn, answer = g.outputs()
    assert withdrawn == events.CodeWithdrawn("entered")
    assert isinstance(answer, events.SendText)
    s.receive_text(answer.text, 1.0)
    assert s.qr == g.qr
    assert s.take() == [events.HangUp()]
    assert (s.is_over, s.error, s.deadline()) == (True, None, None)


@pytest.mark.attack(56)
def test_a_code_is_shown_only_when_its_person_asks() -> None:
    g = Showing()
    g.wait(limits.UNCLAIMED_S / 2)
    assert g.said() == []
    g.hear(messages.Published(LOBBY))  # nobody has asked
    assert g.outputs() == []


@pytest.mark.parametrize(("codes", "with_source"), [(False, True), (True, False)])
def test_where_there_are_none_no_code_is_asked_for(codes: bool, with_source: bool) -> None:
    g = Showing(codes=codes, with_source=with_source)
    g.end.show_code(g.now)
    assert g.outputs() == ([events.CodeUnavailable("unsupported")] if with_source else [])


def test_a_code_asked_for_twice_is_the_one_that_is_shown() -> None:
    g = Showing()
    g.end.show_code(g.now)
    g.end.show_code(g.now)
    assert g.said() == ['{"type":"publish"}']
    g.publish()
    g.end.show_code(g.now)
    assert g.outputs() == []


def test_a_qr_code_that_ends_soon_gets_no_code() -> None:
    g = Showing()
    g.wait(limits.UNCLAIMED_S - limits.CODE_FRESH_S + 3)
    assert not g.end.show_code(g.now)
    assert g.said() == []


def test_a_second_published_brings_no_second_secret() -> None:
    g = Showing()
    g.code()
    g.hear(messages.Published(LOBBY))
    assert g.outputs() == []


@pytest.mark.attack(52)
def test_a_relay_that_guesses_gets_one_answer_for_a_code_and_five_for_a_room() -> None:
    g = Showing()
    answers = 0
    code = g.code()
    while True:
        _, enter = entry(wrong(code))
        for _ in range(3):
            g.hear(knock_of(enter))
            answers += sum('"answer"' in text for text in g.said())
        g.wait(limits.CODE_UNUSED_S)
        outputs = g.outputs()
        if events.CodeUnavailable("used_up") in outputs:
            break
        assert [each.text for each in outputs if isinstance(each, events.SendText)] == [
            '{"type":"publish"}'
        ]
        fresh = g.publish()
        assert fresh != code
        code = fresh
    assert answers == limits.CODES_PER_ROOM


def test_a_knock_that_cannot_be_answered_brings_a_fresh_code_at_once() -> None:
    g = Showing()
    code = g.code()
    g.hear(messages.Knock(Sid(bytes(16)), Share(bytes(32))))
    assert [type(each) for each in g.outputs()] == [events.CodeWithdrawn, events.SendText]
    assert g.publish() != code


def test_a_knock_without_a_code_is_passed_over() -> None:
    g = Showing()
    g.hear(messages.Knock(Sid(bytes(16)), Share(bytes(31) + b"\x09")))
    assert g.outputs() == []


def test_no_code_to_be_had_is_said() -> None:
    g = Showing()
    g.end.show_code(g.now)
    g.said()
    g.hear(messages.Published(None))
    assert g.outputs() == [events.CodeUnavailable("none")]
    g.end.show_code(g.now)
    g.said()
    g.wait(limits.ANSWER_S)
    assert g.outputs() == [events.CodeUnavailable("none")]
    g.hear(messages.Published(LOBBY))  # too late: its secret would be another guess
    assert g.outputs() == []


def test_a_code_ends_with_its_socket_and_another_comes_with_the_next() -> None:
    g = Showing()
    code = g.code()
    g.end.connection_lost(g.now)
    assert events.CodeWithdrawn("connection") in g.outputs()
    g.end.connected(g.now)
    g.said()
    g.hear(messages.Resumed(False, 100_000))
    assert g.said() == ['{"type":"publish"}']
    assert g.publish() != code


@pytest.mark.attack(52)
def test_a_code_is_forgotten_when_the_other_device_has_come() -> None:
    g = Showing()
    _, enter = entry(g.code())
    g.hear(messages.Paired(600_000))
    assert events.CodeWithdrawn("connection") in g.outputs()
    g.hear(knock_of(enter))
    g.wait(limits.CODE_UNUSED_S)
    assert not any("answer" in text or "publish" in text for text in g.said())


def test_a_code_ends_with_its_qr_code_and_nothing_is_told_after_the_end() -> None:
    g = Showing()
    g.code()
    g.hear(messages.Closed("expired"))
    assert [type(each) for each in g.outputs()] == [events.CodeWithdrawn, events.Ended]
    g.end.connection_lost(g.now)
    g.wait(limits.CODE_UNUSED_S)
    assert g.outputs() == []


@pytest.mark.attack(63)
def test_two_displays_with_one_lobby_whose_knocks_are_crossed_open_nothing() -> None:
    displays = [Showing(), Showing()]
    entries = [entry(g.code()) for g in displays]
    assert entries[0][1].lobby == entries[1][1].lobby
    for g, (s, enter) in zip(displays, reversed(entries), strict=True):
        g.hear(knock_of(enter))
        (answer,) = g.said()
        s.receive_text(answer, 1.0)
        assert s.qr is None
        assert s.error is not None
        assert s.error.code == "code_open"
        assert s.take() == [events.HangUp()]


def test_wrong_digits_open_nothing_and_say_so() -> None:
    g = Showing()
    s, enter = entry(wrong(g.code()))
    g.hear(knock_of(enter))
    (answer,) = g.said()
    s.receive_text(answer, 1.0)
    assert s.qr is None
    assert s.error is not None
    assert s.error.code == "code_open"
    s.receive_text(answer, 1.0)  # used up
    assert s.error.code == "code_open"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (messages.Refused("no_such_code"), "no_such_code"),
        (messages.Refused("bad_message"), "codes_unsupported"),
        (messages.Refused("rate_limited", retry_in_ms=2000), "rate_limited"),
        (messages.Refused("no_such_room"), "bad_message"),
        (messages.Paired(1000), "bad_message"),
        (messages.KnockAnswer(Share(bytes(32)), SealedPayload(bytes(81))), "low_order"),
    ],
)
def test_what_s_meets_is_told(message: messages.FromRelay, code: str) -> None:
    s, _ = entry(Code("4821", "77301946"))
    s.receive_text(messages.encode(message), 1.0)
    assert s.error is not None
    assert s.error.code == code
    assert s.take() == [events.HangUp()]


def test_s_waits_ten_seconds_and_no_longer() -> None:
    s, _ = entry(Code("4821", "77301946"))
    assert s.deadline() == limits.ANSWER_S
    s.tick(limits.ANSWER_S - 0.1)
    assert not s.is_over
    s.tick(limits.ANSWER_S)
    assert s.error is not None
    assert s.error.code == "code_unanswered"


def test_a_lost_socket_ends_the_entry_for_the_code_may_be_used_up() -> None:
    s, _ = entry(Code("4821", "77301946"))
    s.connection_lost(1.0)
    assert s.error is not None
    assert s.error.code == "code_unanswered"
    s, _ = entry(Code("4821", "77301946"))
    s.receive_binary(b"\x01", 1.0)
    assert s.error is not None
    assert s.error.code == "bad_message"
