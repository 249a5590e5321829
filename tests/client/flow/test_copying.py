"""What two people are told and asked in a copy, and what is on the disk after it."""

from pathlib import Path

import pytest

from certrelay.bundle import File, Item
from certrelay.client.store.reading import find
from certrelay.client.store.store import Store
from certrelay.e2e.qr import Direction
from certrelay.endpoint import Times
from certrelay.pki.check import inspect
from tests.certificates import PASSWORD, person, stranger
from tests.client.flow.two_devices import Copy
from tests.client_pc.test_many import fingerprint

ITEM = person().npki(PASSWORD)
OTHER = stranger().pkcs12(PASSWORD)
JUNK = Item("npki", (File("signCert", b"no certificate"), File("signPri", b"no key")))
BOTH = pytest.mark.parametrize("direction", list(Direction))


@BOTH
def test_what_arrives_is_shown_asked_about_stored_and_confirmed(
    direction: Direction, tmp_path: Path
) -> None:
    copy = Copy(direction, tmp_path, [ITEM, OTHER]).run()
    sender, receiver = copy.sender.screen, copy.receiver.screen
    assert (copy.sender.code, copy.receiver.code) == ("done", "done")
    assert {entry.path for entry in find(tmp_path)} == {
        Path(fields["path"]) for fields in copy.receiving.saved
    }
    assert sorted(entry.item.kind for entry in find(tmp_path) if entry.item) == ["npki", "pkcs12"]
    assert [name for name in sender.names if name not in ("progress", "peer_step")] == [
        "paired",
        "leaving",
        "number_wanted",
        "number_matched",
        "receipt",
    ]
    prints = [fingerprint(ITEM), fingerprint(OTHER)]
    assert sender.only("receipt")["items"] == [
        {"fingerprint": each, "status": "stored", "reason": None} for each in prints
    ]
    assert [name for name in receiver.names if name not in ("progress", "peer_step")] == [
        "paired",
        "number",
        "offer",
        "save_wanted",
        "saved",
        "saved",
    ]
    offered = receiver.only("offer")["items"]
    assert [each["name_taken"] for each in offered] == [False, False]
    assert offered[0]["cn"] == inspect(ITEM).cn
    assert len(receiver.asked) == 1
    assert receiver.only("paired")["peer"] in receiver.asked[0]
    steps = [fields["step"] for fields in receiver.told if fields["event"] == "peer_step"]
    assert steps[-1] == "typing", "choosing is over before the channel stands"
    steps = [fields["step"] for fields in sender.told if fields["event"] == "peer_step"]
    assert steps == ["asking", "saving"]
    total = ITEM.size + OTHER.size
    for screen in (sender, receiver):
        moved = [fields for fields in screen.told if fields["event"] == "progress"]
        assert (moved[-1]["done"], moved[-1]["total"]) == (total, total)


@pytest.mark.parametrize("answer", ["n", "", "maybe"])
def test_without_a_yes_nothing_is_stored(answer: str, tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM])
    copy.answer = answer
    copy.run()
    assert (copy.sender.code, copy.receiver.code) == ("declined", "declined")
    assert copy.sender.results == [("rejected", "declined")]
    assert find(tmp_path) == ()
    assert "saved" not in copy.receiver.screen.names


def test_who_said_yes_before_is_not_asked(tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM])
    copy.receiving._yes = True  # type: ignore[misc]
    copy.answer = None
    copy.run()
    assert (copy.sender.code, copy.receiver.code) == ("done", "done")
    assert copy.receiver.screen.asked == []
    assert len(find(tmp_path)) == 1


def test_what_is_no_number_costs_no_try_and_a_wrong_one_does(tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM])
    copy.numbers = ["12345", "no number", "{wrong}", "{number}"]
    copy.run()
    screen = copy.sender.screen
    assert copy.sender.code == "done"
    assert screen.names.count("number_unreadable") == 2
    assert screen.only("number_wrong")["tries_left"] == 2
    wanted = [each["tries_left"] for each in screen.told if each["event"] == "number_wanted"]
    assert wanted == [3, 3, 3, 2]


@pytest.mark.parametrize(
    "spelling", ["{number:.3} {number_end}", " {number} ", "{number:.3}-{number_end}", "{full}"]
)
def test_a_number_may_be_typed_as_people_do(spelling: str, tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PHONE, tmp_path, [ITEM])
    copy.numbers = [spelling]
    assert copy.run().sender.code == "done"


@BOTH
def test_three_wrong_numbers_end_it_for_both(direction: Direction, tmp_path: Path) -> None:
    copy = Copy(direction, tmp_path, [ITEM])
    copy.numbers = ["{wrong}"] * 3
    copy.run()
    assert (copy.sender.code, copy.receiver.code) == ("number_mismatch", "number_mismatch")
    left = [
        each["tries_left"] for each in copy.sender.screen.told if each["event"] == "number_wrong"
    ]
    assert left == [2, 1, 0]
    assert "offer" not in copy.receiver.screen.names


def test_a_name_that_is_taken_is_said_and_stored_beside(tmp_path: Path) -> None:
    other = person().npki("another password")
    there = Store(tmp_path).save(other, inspect(other).place).path
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM]).run()
    assert copy.receiver.screen.only("offer")["items"][0]["name_taken"] is True
    (saved,) = copy.receiving.saved
    assert Path(saved["path"]) != there
    assert len(find(tmp_path)) == 2


def test_what_is_there_already_is_a_duplicate(tmp_path: Path) -> None:
    Store(tmp_path).save(ITEM, inspect(ITEM).place)
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM]).run()
    assert copy.receiver.screen.only("offer")["items"][0]["name_taken"] is False
    assert copy.sender.results == [("duplicate", None)]
    assert (copy.sender.code, copy.receiver.code) == ("done", "done")


def test_a_broken_one_is_refused_and_the_whole_one_stored(tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [JUNK, ITEM]).run()
    offered = copy.receiver.screen.only("offer")["items"]
    assert offered[0] == {"refused": "bad_certificate"}
    assert copy.sender.results == [("rejected", "bad_certificate"), ("stored", None)]
    assert (copy.sender.code, copy.receiver.code) == ("partial", "partial")
    assert [summary is None for summary in copy.receiving.summaries] == [True, False]


def test_nobody_is_asked_about_what_is_broken_all_of_it(tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [JUNK]).run()
    assert copy.sender.results == [("rejected", "bad_certificate")]
    assert "save_wanted" not in copy.receiver.screen.names
    assert copy.receiver.screen.asked == []


def test_a_store_that_takes_nothing_is_told_to_both(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no folder")
    copy = Copy(Direction.TO_PC, tmp_path / "file", [ITEM]).run()
    assert copy.sender.results == [("rejected", "disk")]
    assert copy.receiving.failure is not None
    assert copy.receiving.failure.code == "not_a_folder"
    assert copy.receiving.saved == []


def test_a_question_that_nobody_answers_in_time_counts_as_no(tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM])
    copy.answer, copy.times = None, Times(number_delay=0.0, save_question=1.0)
    copy.run()
    assert (copy.sender.code, copy.receiver.code) == ("declined", "declined")
    assert "declined" in copy.receiver.screen.names
    assert find(tmp_path) == ()
    assert copy.receiver.ticks >= 1, "a countdown goes on meanwhile"


@pytest.mark.parametrize("who", ["sender", "receiver"])
def test_who_stops_ends_it_for_both(who: str, tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM])
    event = {"sender": "number_wanted", "receiver": "save_wanted"}[who]
    copy.answer = None
    if who == "sender":
        copy.numbers = []
    copy.at[who, event] = lambda person: person.interrupts.ask()
    copy.run()
    codes = {"sender": copy.sender.code, "receiver": copy.receiver.code}
    assert codes.pop(who) == "interrupted"
    assert codes.popitem()[1] in ("cancelled", "not_confirmed")
    assert find(tmp_path) == ()


def test_an_input_that_ends_ends_the_copy(tmp_path: Path) -> None:
    copy = Copy(Direction.TO_PC, tmp_path, [ITEM])
    copy.numbers = []
    copy.at["sender", "number_wanted"] = lambda person: person.keyboard.end()
    copy.run()
    assert copy.sender.code == "input_ended"
    assert copy.receiver.code == "cancelled"
