"""The simulated phone types the PC's code: real programs, in both directions."""

from certrelay.errors import ExitStatus
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Bench


def test_a_certificate_goes_to_the_pc_by_a_typed_code(desk: Bench) -> None:
    fill(desk.phone_store, person().npki(PASSWORD))
    pc = desk.pc("import", "--yes", "--code")
    code = pc.expect("code")["code"]
    phone = desk.phone("--code", "--send", "1", source=str(desk.relay))
    phone.expect("code_wanted")
    phone.answer(code)
    assert phone.expect("scanned")["direction"] == "export"
    phone.expect("go_on_wanted")
    pc.expect("code_withdrawn")
    assert "paired" not in pc.names()
    phone.answer("y")
    phone.expect("password_wanted")
    phone.answer(PASSWORD)
    phone.expect("number_wanted")
    phone.answer(pc.expect("number")["number"])
    assert (phone.finish(), pc.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert files_below(desk.pc_store) == files_below(desk.phone_store) != {}


def test_who_says_no_to_the_direction_has_joined_nothing(desk: Bench) -> None:
    fill(desk.pc_store, person().npki(PASSWORD))
    pc = desk.pc("export", "1", "--code")
    pc.expect("password_wanted")
    pc.answer(PASSWORD)
    code = pc.expect("code")["code"]
    phone = desk.phone("--code", source=str(desk.relay))
    phone.expect("code_wanted")
    phone.answer(code)
    assert phone.expect("scanned")["direction"] == "import"
    phone.expect("go_on_wanted")
    phone.answer("n")
    assert phone.finish() == ExitStatus.INTERRUPTED
    assert pc.expect("code")["renewed"]
    assert "paired" not in pc.names()


def test_a_wrong_digit_is_said_and_the_code_is_used_up(desk: Bench) -> None:
    pc = desk.pc("import", "--code")
    code = pc.expect("code")["code"]
    for typed, word in ((f"{code[:-1]}{9 - int(code[-1])}", "code_open"), (code, "no_such_code")):
        phone = desk.phone("--code", source=str(desk.relay))
        phone.expect("code_wanted")
        phone.answer(typed)
        assert phone.finish() == (ExitStatus.TRUST if word == "code_open" else ExitStatus.ROOM)
        assert phone.last("error")["code"] == word
