"""A page as receiver: what it may claim, and what each end says when it goes away."""

import os
from collections.abc import Callable

import pytest

from certrelay import limits
from certrelay.bundle import File, Item
from certrelay.e2e.bodies import ItemResult
from certrelay.e2e.handshake import ScanSecrets, ShowSecrets
from certrelay.e2e.hello import Hello
from certrelay.e2e.qr import Direction, QrCode
from certrelay.endpoint import Endpoint, ScanSide, ShowSide, events
from certrelay.errors import StateError
from certrelay.testkit.pair import ORIGIN, PC_HELLO, Pair, helpful
from certrelay.wire.ids import Role
from certrelay.wire.release import PC_POLICY, PHONE_POLICY

PAGE = Hello("Browser", "web", "certrelay-web", "W1.0", "14")
ITEMS = [Item("pkcs12", (File("pkcs12", bytes([n]) * 900),)) for n in (1, 2)]
STORED = [ItemResult("stored")] * 2
Person = Callable[[Pair, Role, events.Event], None]


def page(person: Person, direction: Direction = Direction.TO_PHONE) -> Pair:
    """A PC, and a phone whose browser scanned its code."""
    secrets = ShowSecrets.fresh(os.urandom)
    qr = QrCode(ORIGIN, secrets.payload(direction, lan=False))
    g = Endpoint(ShowSide(secrets, qr, PC_HELLO), PC_HELLO, PHONE_POLICY)
    s = Endpoint(ScanSide(ScanSecrets.fresh(os.urandom), qr, PAGE), PAGE, PC_POLICY)
    (s if direction is Direction.TO_PC else g).offer(ITEMS)
    return Pair(g, s, person=person)


def after_saving(act: Callable[[Pair], None]) -> Person:
    """People who do what helps, but for what the phone's person does with the files."""

    def person(run: Pair, role: Role, event: events.Event) -> None:
        if role is Role.S and isinstance(event, events.ItemsArrived):
            run.ends[role].saving()
            run.ends[role].ask_seen(STORED, run.now)
            act(run)
        else:
            helpful(run, role, event)

    return person


def receipt(run: Pair) -> list[str]:
    """The statuses that the PC was told."""
    (arrived,) = (n for n in run.heard[Role.G] if isinstance(n, events.ReceiptArrived))
    return [result.status for result in arrived.results]


@pytest.mark.attack(68)
def test_the_person_who_sees_the_files_makes_them_stored() -> None:
    run = page(after_saving(lambda run: run.ends[Role.S].confirm_seen())).run()
    assert receipt(run) == ["stored", "stored"]
    assert (run.code(Role.G), run.code(Role.S)) == ("done", "done")


@pytest.mark.attack(68)
def test_a_person_who_never_answers_leaves_it_unconfirmed_after_two_minutes() -> None:
    run = page(after_saving(lambda _run: None)).run(limits.SEEN_QUESTION_S - 1)
    assert run.code(Role.G) is None
    run.run(3)
    assert receipt(run) == ["unconfirmed", "unconfirmed"]
    assert {run.code(role) for role in Role} == {"unconfirmed"}
    assert [n for n in run.heard[Role.S] if isinstance(n, events.SeenOverdue)]


@pytest.mark.attack(68)
@pytest.mark.parametrize("how", ["give_up_seeing", "cancel", "interrupt"])
def test_a_person_who_gives_up_leaves_it_unconfirmed(how: str) -> None:
    def give_up(run: Pair) -> None:
        end = run.ends[Role.S]
        if how == "give_up_seeing":
            end.give_up_seeing()
        else:
            getattr(end, how)(run.now)

    run = page(after_saving(give_up)).run()
    assert receipt(run) == ["unconfirmed", "unconfirmed"]
    assert run.code(Role.G) == "unconfirmed"


@pytest.mark.attack(68)
def test_a_page_never_says_duplicate() -> None:
    def person(run: Pair, role: Role, event: events.Event) -> None:
        if isinstance(event, events.ItemsArrived):
            run.ends[role].stored([ItemResult("duplicate")] * 2)
        else:
            helpful(run, role, event)

    with pytest.raises(StateError):
        page(person).run()


@pytest.mark.attack(68)
def test_the_receipt_goes_out_before_the_room_ends() -> None:
    run = page(after_saving(lambda _run: None)).run(1)
    for _ in range(6):
        run.ends[Role.S].ask_seen(STORED, run.now)  # handed over again
        run.run(90)
    assert run.code(Role.G) is None
    run.ends[Role.S].ask_seen(STORED, run.now)
    run.run(limits.SESSION_S - limits.SEEN_RESERVE_S - run.now + 1)
    assert receipt(run) == ["unconfirmed", "unconfirmed"]
    assert run.now < limits.SESSION_S


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ((("stored", None), ("duplicate", None)), "done"),
        ((("stored", None), ("unconfirmed", None)), "unconfirmed"),
        ((("rejected", "declined"), ("unconfirmed", None)), "partial"),
        ((("rejected", "disk"), ("stored", None)), "partial"),
        ((("other", None), ("stored", None)), "partial"),
    ],
)
def test_a_sender_tells_success_only_where_everything_is_stored(
    results: tuple[tuple[str, str | None], ...], code: str
) -> None:
    def person(run: Pair, role: Role, event: events.Event) -> None:
        if isinstance(event, events.ItemsArrived):
            run.ends[role]._results = None
            run.ends[role]._hello = PC_HELLO  # type: ignore[misc]
            run.ends[role].stored([ItemResult(*each) for each in results])
        else:
            helpful(run, role, event)

    assert page(person).run().code(Role.G) == code


@pytest.mark.parametrize("direction", list(Direction))
def test_a_closed_page_is_told_at_once_and_before_the_match_it_costs_a_code_only(
    direction: Direction,
) -> None:
    def person(run: Pair, role: Role, event: events.Event) -> None:
        if role is Role.S and isinstance(event, events.PeerIntroduced):
            run.ends[role].report_step("choosing")

    run = page(person, direction).run(5)
    run.ends[Role.S].interrupt(run.now)
    began = run.now
    while run.code(Role.G) is None:
        run.run(0.05)
    assert run.now - began <= 0.1
    ended = run.ended(Role.G)
    assert ended is not None
    assert (run.code(Role.G), ended.matched) == ("page_closed", False)


def test_after_the_match_a_closed_page_ends_the_copy() -> None:
    def person(run: Pair, role: Role, event: events.Event) -> None:
        if isinstance(event, events.ItemsArrived):
            run.ends[role].interrupt(run.now)
        else:
            helpful(run, role, event)

    run = page(person).run()
    ended = run.ended(Role.G)
    assert ended is not None
    assert ended.matched
    assert run.code(Role.G) == "not_confirmed", "the content was out"
