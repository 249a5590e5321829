"""A copy by real programs through whatever relays, step by step or at once."""

from pathlib import Path

from certrelay.errors import ExitStatus
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill, three_items
from tests.flows.programs import Bench, Client, bench


def begin(desk: Bench, direction: str) -> tuple[Client, Client, str]:
    """Bring a copy to the number; give sender, receiver and the number."""
    if direction == "import":
        fill(desk.phone_store, *three_items())
        pc = desk.pc("import")
        pc.expect("waiting")
        phone = desk.phone("--send", "1", "--send", "2", "--send", "3")
        phone.expect("password_wanted")
        phone.answer(PASSWORD)
        sender, receiver = phone, pc
    else:
        fill(desk.pc_store, person().npki(PASSWORD))
        pc = desk.pc("export", "1")
        pc.expect("password_wanted")
        pc.answer(PASSWORD)
        pc.expect("waiting")
        phone = desk.phone()
        sender, receiver = pc, phone
    number = receiver.expect("number")["number"]
    sender.expect("number_wanted")
    return sender, receiver, number


def finish(desk: Bench, sender: Client, receiver: Client) -> None:
    """Say yes to saving; both must succeed, and what arrived must be what was sent."""
    receiver.expect("save_wanted")
    receiver.answer("y")
    assert (sender.finish(), receiver.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert files_below(desk.pc_store) == files_below(desk.phone_store) != {}


def copy_once(folder: Path, relay: str) -> None:
    """Copy three certificates from the phone to the PC."""
    with bench(folder, relay) as desk:
        sender, receiver, number = begin(desk, "import")
        sender.answer(number)
        finish(desk, sender, receiver)
