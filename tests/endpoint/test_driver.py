"""The driver: a copy in both directions, every time limit, every way to end, every resume."""

import os
from collections.abc import Callable

import pytest

from certrelay import limits
from certrelay.bundle import File, Item
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from certrelay.errors import ProtocolError
from certrelay.testkit.pair import Pair, helpful
from certrelay.testkit.tampering import Recording, Tampering
from certrelay.wire.ids import Role

ITEMS = [
    Item("npki", (File("signCert", b"c" * 1400), File("signPri", b"k" * 1800))),
    Item("pkcs12", (File("pkcs12", b"p" * 40_000),)),
]
DECLINED = ItemResult("rejected", "declined")
BOTH = pytest.mark.parametrize("direction", list(Direction))


def pair(direction: Direction, person: Callable[..., None] | None = None) -> Pair:
    return Pair.of(direction, ITEMS, random=os.urandom, person=person)


def ends(direction: Direction) -> tuple[Role, Role]:
    """Sender and receiver."""
    return (Role.S, Role.G) if direction is Direction.TO_PC else (Role.G, Role.S)


def told(run: Pair, role: Role, kind: type[events.Event]) -> list[events.Event]:
    return [event for event in run.heard[role] if isinstance(event, kind)]


def run_until_the_end(run: Pair) -> float:
    """Run in small steps; give the pair's time at which both had ended."""
    while not all(run.ended(role) for role in Role):
        run.run(0.5)
        assert run.now < 2 * limits.SESSION_S
    return run.now


@BOTH
def test_everything_arrives_and_both_ends_say_done_at_once(direction: Direction) -> None:
    run = pair(direction)
    assert run_until_the_end(run) < 1.0, "no step waits for a timer"
    sender, receiver = ends(direction)
    assert (run.code(sender), run.code(receiver)) == ("done", "done")
    (arrived,) = told(run, receiver, events.ItemsArrived)
    assert isinstance(arrived, events.ItemsArrived)
    assert list(arrived.items) == ITEMS
    (receipt,) = told(run, sender, events.ReceiptArrived)
    assert receipt == events.ReceiptArrived((ItemResult("stored"), ItemResult("stored")))
    moved = told(run, sender, events.Moved)
    assert moved[-1] == events.Moved(43_200, 43_200)
    assert told(run, receiver, events.Moved)[-1] == events.Moved(43_200, 43_200)


@BOTH
def test_the_receiver_shows_the_number_and_the_sender_asks_for_it(direction: Direction) -> None:
    run = pair(direction).run()
    sender, receiver = ends(direction)
    assert told(run, receiver, events.NumberShown)
    assert not told(run, sender, events.NumberShown)
    assert told(run, sender, events.NumberWanted) == [events.NumberWanted(3)]


def nobody(run: Pair, role: Role, event: events.Event) -> None:
    """People who have gone away."""


def no_answer_to_saving(run: Pair, role: Role, event: events.Event) -> None:
    if isinstance(event, events.SaveOverdue):
        run.ends[role].stored([ItemResult("rejected", "declined")] * 2)
    elif not isinstance(event, events.ItemsArrived):
        helpful(run, role, event)


@BOTH
def test_a_number_that_nobody_types_ends_both_after_two_minutes(direction: Direction) -> None:
    run = pair(direction, nobody)
    took = run_until_the_end(run)
    assert {run.code(role) for role in Role} == {"timeout"}
    assert limits.NUMBER_S <= took <= limits.NUMBER_S + limits.CLOSE_WAIT_S + 1


def test_choosing_does_not_use_up_the_time_for_the_number() -> None:
    def slow(run: Pair, role: Role, event: events.Event) -> None:
        if role is Role.S and isinstance(event, events.NumberWanted):
            run.ends[role].report_step("choosing")

    run = pair(Direction.TO_PC, slow)
    run.run(limits.NUMBER_S + 60)
    assert run.ended(Role.G) is None
    run.ends[Role.S].report_step("typing")
    began = run.now
    took = run_until_the_end(run) - began
    assert {run.code(role) for role in Role} == {"timeout"}
    assert limits.NUMBER_S <= took <= limits.NUMBER_S + limits.CLOSE_WAIT_S + 1


def test_the_number_is_shown_when_the_sender_has_a_field_for_it() -> None:
    def slow(run: Pair, role: Role, event: events.Event) -> None:
        if role is Role.S and isinstance(event, events.NumberWanted):
            run.ends[role].report_step("choosing")

    run = pair(Direction.TO_PC, slow).run(100)
    phone = run.ends[Role.S]
    assert not told(run, Role.G, events.NumberShown)
    for shown in (1, 2):
        phone.report_step("typing")
        run.run(1)
        phone.report_step("typing")  # more time asked for: it is the same number
        run.run(1)
        assert len(told(run, Role.G, events.NumberShown)) == shown
        phone.report_step("choosing")
        run.run(100)


def test_the_number_is_shown_to_whoever_tells_no_steps() -> None:
    run = pair(Direction.TO_PC, nobody).run(limits.NUMBER_DELAY_S + 0.1)
    assert told(run, Role.G, events.NumberShown)


@BOTH
def test_an_unanswered_save_question_counts_as_declined(direction: Direction) -> None:
    run = pair(direction, no_answer_to_saving)
    took = run_until_the_end(run)
    assert {run.code(role) for role in Role} == {"declined"}
    assert limits.SAVE_QUESTION_S <= took < limits.SAVE_QUESTION_S + 1


def test_a_code_that_nobody_scans_expires() -> None:
    def nobody_scans(run: Pair, role: Role, event: events.Event) -> None:
        run._connect_at.clear()

    run = pair(Direction.TO_PC, nobody_scans)
    while run.code(Role.G) is None:
        run.run(0.5)
    assert run.code(Role.G) == "expired"
    assert limits.UNCLAIMED_S <= run.now <= limits.UNCLAIMED_S + 3


@BOTH
def test_three_wrong_numbers_end_both_and_nothing_was_offered(direction: Direction) -> None:
    def stubborn(run: Pair, role: Role, event: events.Event) -> None:
        if isinstance(event, events.NumberWanted | events.NumberWrong):
            run.ends[role].enter_number("no number", run.now)

    run = pair(direction, stubborn).run()
    sender, receiver = ends(direction)
    assert {run.code(role) for role in Role} == {"number_mismatch"}
    assert [n.tries_left for n in told(run, sender, events.NumberWrong)] == [2, 1, 0]  # type: ignore[union-attr]
    assert not told(run, receiver, events.Moved)


def _waits_to_be_asked(run: Pair, role: Role, event: events.Event) -> None:
    """A person who takes longer than a message does."""
    if isinstance(event, events.SaveOverdue):
        run.ends[role].stored([DECLINED] * 2)
    elif not isinstance(event, events.ItemsArrived):
        helpful(run, role, event)


@pytest.mark.attack(69)
@BOTH
def test_the_relay_cannot_count_whether_the_person_said_yes(direction: Direction) -> None:
    _, receiver = ends(direction)
    answers: dict[str, list[ItemResult]] = {
        "yes": [ItemResult("stored")] * 2,
        "no": [DECLINED] * 2,
        "silence": [],
        "damaged": [ItemResult("rejected", "bad_digest")] * 2,
    }
    seen = {}
    for answer, results in answers.items():
        relay = Recording()
        run = Pair.of(
            direction, ITEMS, random=os.urandom, tampering=relay, person=_waits_to_be_asked
        ).run(5)
        if answer == "yes":
            run.ends[receiver].saving()
            run.run(1)
        if results:
            run.ends[receiver].stored(results)
        run.run()
        seen[answer] = [(role, len(m)) for role, m in relay.passed if isinstance(m, bytes)]
    assert seen["yes"].count((receiver, 1058)) == 4, "ACCEPT, asking, saving, RECEIPT"
    assert all(each == seen["yes"] for each in seen.values())


@BOTH
@pytest.mark.parametrize("who", list(Role))
def test_giving_up_ends_both(direction: Direction, who: Role) -> None:
    def person(run: Pair, role: Role, event: events.Event) -> None:
        if role is who and isinstance(event, events.NumberShown | events.NumberWanted):
            run.ends[who].cancel(run.now)

    run = pair(direction, person).run()
    assert run.code(who) == "interrupted"
    assert run.code(who.other) == "cancelled"


@BOTH
def test_giving_up_after_the_last_byte_left_is_not_confirmed(direction: Direction) -> None:
    sender, _ = ends(direction)

    def person(run: Pair, role: Role, event: events.Event) -> None:
        if isinstance(event, events.ItemsArrived):
            run.ends[sender].cancel(run.now)
        else:
            helpful(run, role, event)

    run = pair(direction, person).run()
    assert run.code(sender) == "not_confirmed"


@BOTH
@pytest.mark.parametrize("who", list(Role))
def test_a_cut_at_any_notice_is_repaired(direction: Direction, who: Role) -> None:
    """Whichever event comes when the connection goes, the copy ends with done."""
    kinds: list[type[events.Event]] = [
        events.DeviceJoined,
        events.PeerIntroduced,
        events.NumberShown,
        events.NumberWanted,
        events.Moved,
        events.ItemsArrived,
    ]
    for kind in kinds:
        cuts: list[float] = []

        def person(run: Pair, role: Role, event: events.Event, cuts: list[float] = cuts) -> None:
            helpful(run, role, event)
            if isinstance(event, kind) and not cuts:  # noqa: B023
                cuts.append(run.now)
                run.cut(who)

        run = pair(direction, person).run()
        assert cuts, kind
        assert {run.code(role) for role in Role} == {"done"}, kind


@BOTH
def test_a_pairing_that_g_never_heard_of_is_made_up_for(direction: Direction) -> None:
    """G's connection goes at the moment at which S comes: `paired` reaches nobody."""
    lost: list[str] = []

    class Cutting(Tampering):
        def told(self, to: Role, text: str) -> list[str]:
            if to is Role.G and '"paired"' in text and not lost:
                lost.append(text)
                run.cut(Role.G)
                return []
            return [text]

    run = Pair.of(direction, ITEMS, random=os.urandom, tampering=Cutting())
    run.run()
    assert lost
    assert {run.code(role) for role in Role} == {"done"}


@BOTH
def test_a_phone_that_had_to_wait_for_g_in_the_opening_has_all_the_time_afterwards(
    direction: Direction,
) -> None:
    """Both are cut off just when S has come, and S is back before G: `peer_not_ready`."""
    cuts: list[float] = []

    def person(run: Pair, role: Role, event: events.Event) -> None:
        if isinstance(event, events.DeviceJoined) and role is Role.S and not cuts:
            cuts.append(run.now)
            run.cut(Role.S)
            run.cut(Role.G)
            run._connect_at[Role.G] = run.now + 1.5
        elif isinstance(event, events.NumberShown):
            run.number = event.number
        elif not isinstance(event, events.NumberWanted):
            helpful(run, role, event)

    run = pair(direction, person).run(100.0)
    assert cuts
    assert run.number is not None
    run.ends[ends(direction)[0]].enter_number(run.number, run.now)
    run.run()
    assert {run.code(role) for role in Role} == {"done"}


@BOTH
def test_a_relay_that_forgets_everything_is_survived(direction: Direction) -> None:
    restarted: list[float] = []

    def person(run: Pair, role: Role, event: events.Event) -> None:
        helpful(run, role, event)
        if isinstance(event, events.Moved) and not restarted:
            restarted.append(run.now)
            run.restart_relay()

    run = pair(direction, person).run()
    assert restarted
    assert {run.code(role) for role in Role} == {"done"}


def test_what_cannot_travel_is_not_offered() -> None:
    too_large = Item("pkcs12", (File("pkcs12", bytes(limits.MAX_FILE_BYTES + 1)),))
    with pytest.raises(ProtocolError, match="too_large"):
        Pair.of(Direction.TO_PC, [too_large], random=os.urandom)


@BOTH
def test_after_the_end_nothing_is_said_or_heard(direction: Direction) -> None:
    run = pair(direction).run()
    for end in run.ends.values():
        end.receive_text('{"type":"peer_back"}', run.now)
        end.receive_binary(b"\x10" + bytes(1057), run.now)
        end.cancel(run.now)
        end.tick(run.now + 10_000)
        assert end.take(run.now) == []
        assert end.deadline() is None
        assert not end.wants_connection
