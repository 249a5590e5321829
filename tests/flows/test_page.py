"""A browser page as the phone: what its receipt claims, and what a sender does on its word."""

import shlex
import subprocess
import sys

import pytest

from certrelay.errors import ExitStatus
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import ROOT, Bench, Client, environment, receipt_of
from tests.homes import one_home

PAGE = ("--platform", "web")


def offered(desk: Bench, *arguments: str) -> tuple[Client, Client]:
    """A PC that sends to a page, whose person is asked whether the file is there."""
    pc = desk.pc("export", "1", *arguments)
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    pc.expect("waiting")
    phone = desk.phone(*PAGE)
    number = phone.expect("number")["number"]
    pc.expect("number_wanted")
    pc.answer(number)
    phone.expect("save_wanted")
    phone.answer("y")
    phone.expect("seen_wanted")
    return pc, phone


@one_home
@pytest.mark.attack(68)
def test_a_page_whose_person_sees_the_file_is_a_success_and_nothing_is_deleted(
    desk: Bench,
) -> None:
    (folder,) = fill(desk.pc_store, person().npki(PASSWORD))
    before = files_below(desk.pc_store)
    pc, phone = offered(desk, "--also-delete")
    phone.answer("y")
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert receipt_of(pc) == [("stored", None)]
    assert files_below(desk.pc_store) == before
    assert pc.names().index("delete_rule") < pc.names().index("waiting")
    assert "deleted" not in pc.names()
    assert pc.last("delete_later")["paths"] == [str(folder)]


@one_home
@pytest.mark.attack(68)
@pytest.mark.parametrize("answer", ["n", None], ids=["does not see it", "leaves the page"])
def test_a_file_that_nobody_has_seen_is_unconfirmed_and_stays_on_the_pc(
    desk: Bench, answer: str | None
) -> None:
    fill(desk.pc_store, person().npki(PASSWORD))
    before = files_below(desk.pc_store)
    pc, phone = offered(desk, "--also-delete")
    if answer is None:
        phone.interrupt()
    else:
        phone.answer(answer)
    assert pc.finish() == ExitStatus.NOT_CONFIRMED
    phone.finish()
    assert pc.last("error")["code"] == "unconfirmed"
    assert receipt_of(pc) == [("unconfirmed", None)]
    assert "done" not in pc.names()
    assert files_below(desk.pc_store) == before
    assert len(pc.last("delete_later")["paths"]) == 1


@one_home
def test_the_command_that_deletes_later_works_as_it_stands(desk: Bench) -> None:
    (folder,) = fill(desk.pc_store, person(name="홍 길동").npki(PASSWORD))
    pc, phone = offered(desk, "--also-delete")
    phone.answer("y")
    pc.finish()
    phone.finish()
    path = pc.last("delete_later")["paths"][0]
    command = f"{shlex.quote(sys.executable)} -m client_pc delete {shlex.quote(path)} --yes"
    assert folder.exists()
    subprocess.run(
        command,
        shell=True,
        check=True,
        env=environment(),
        cwd=ROOT,
    )
    assert not folder.exists()


def test_a_page_that_is_closed_before_the_match_gets_a_fresh_code_at_once(desk: Bench) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = desk.pc("import", "--yes")
    first = pc.expect("waiting")["url"]
    lost = desk.phone_with_url(first, *PAGE, "--send", "1")
    pc.expect("paired")
    lost.expect("password_wanted")
    lost.interrupt()
    assert pc.expect("renewed")["reason"] == "page_closed"
    second = pc.expect("waiting")["url"]
    assert second != first
    phone = desk.phone_with_url(second, *PAGE, "--send", "1")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    phone.expect("number_wanted")
    phone.answer(number)
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)


@one_home
def test_a_person_who_cancels_at_the_phone_ends_it(desk: Bench) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = desk.pc("import")
    phone = desk.phone_with_url(pc.expect("waiting")["url"], "--send", "1")
    phone.expect("password_wanted")
    phone.interrupt()
    assert pc.finish() == ExitStatus.NOT_CONFIRMED
    assert pc.last("error")["code"] == "cancelled"


def test_after_the_match_a_closed_page_ends_the_copy(desk: Bench) -> None:
    fill(desk.pc_store, person().npki(PASSWORD))
    pc = desk.pc("export", "1")
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    phone = desk.phone_with_url(pc.expect("waiting")["url"], *PAGE)
    number = phone.expect("number")["number"]
    pc.expect("number_wanted")
    pc.answer(number)
    phone.expect("save_wanted")
    phone.interrupt()
    assert pc.finish() == ExitStatus.NOT_CONFIRMED
    assert pc.last("error")["code"] == "not_confirmed"
    assert "renewed" not in pc.names()


@one_home
def test_the_number_is_not_shown_before_the_phone_has_a_field_for_it(desk: Bench) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = desk.pc("import", "--yes")
    phone = desk.phone_with_url(pc.expect("waiting")["url"], "--send", "1")
    phone.expect("password_wanted")
    pc.expect("peer_step")
    phone.answer(PASSWORD)
    number = pc.expect("number")["number"]
    steps = [event.get("step") for event in pc.events if event["event"] in ("peer_step", "number")]
    assert steps == ["choosing", "typing", None]
    phone.expect("number_wanted")
    phone.answer(number)
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
