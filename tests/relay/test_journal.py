import logging

import pytest

from certrelay.wire.ids import RoomId
from relay import journal

ROOM = RoomId(bytes(32))


def test_a_line_has_the_event_the_room_and_the_values(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "relay")
    journal.write("opened", ROOM, claimed=False)
    journal.write("refused", code="expired")
    journal.write_detail("carried", ROOM, role="g", bytes=7)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", f"opened room={ROOM.log_name} claimed=False"),
        ("INFO", "refused code=expired"),
        ("DEBUG", f"carried room={ROOM.log_name} role=g bytes=7"),
    ]


def test_details_are_not_written_unless_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "relay")
    journal.write_detail("carried", ROOM)
    assert not caplog.records
    caplog.set_level(logging.WARNING, "relay")
    journal.write("opened", ROOM)
    assert not caplog.records


@pytest.mark.attack(33)
def test_a_fault_is_written_by_kind_and_place_and_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        int("a stranger's text")
    except ValueError as error:
        journal.write_fault(error)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("fault kind=ValueError ")
    assert "test_journal.py:" in record.getMessage()
    assert "stranger" not in caplog.text
