"""The relay dies without a word at every step, and is started again: the copy goes on."""

from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import bench
from tests.nodes import Node, nodes


@pytest.mark.attack(30)
@pytest.mark.parametrize("command", ["import", "export"])
def test_a_relay_that_is_killed_at_every_step_loses_and_doubles_nothing(
    tmp_path: Path, command: str
) -> None:
    with nodes(1) as (relay,), bench(tmp_path, relay.url) as desk:
        source, target = desk.phone_store, desk.pc_store
        if command == "export":
            source, target = target, source
        fill(source, person().npki(PASSWORD))
        pc = desk.pc(command, *(["1"] if command == "export" else []))
        if command == "export":
            pc.expect("password_wanted")
            pc.answer(PASSWORD)
        pc.expect("waiting")
        restart(relay)
        pc.expect("connection_back")  # a code that nobody stands behind is refused at once
        phone = desk.phone(*(["--send", "1"] if command == "import" else []))
        sender, receiver = (phone, pc) if command == "import" else (pc, phone)
        for client in (pc, phone):
            client.expect("paired")
        restart(relay)
        if command == "import":
            phone.expect("password_wanted")
            phone.answer(PASSWORD)
        number = receiver.expect("number")["number"]
        restart(relay)
        sender.expect("number_wanted")
        sender.answer(number)
        receiver.expect("save_wanted")
        restart(relay)
        receiver.answer("y")
        assert (pc.finish(), phone.finish()) == (ExitStatus.OK, ExitStatus.OK)
        assert "connection_lost" in pc.names() + phone.names()
        assert files_below(target) == files_below(source)


def restart(relay: Node) -> None:
    """Pull the plug, and put it in again."""
    relay.kill()
    relay.start()
