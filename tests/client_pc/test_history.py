from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certrelay.errors import StorageError
from certrelay.frozen import replace
from client_pc import history
from client_pc.history import CopiedItem, Copy, History, devices_with_older

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
SUBJECT = "cn=홍길동()0020,ou=WOORI,o=yessign,c=kr"


def item(number: int = 1, status: str = "stored", subject: str = SUBJECT) -> CopiedItem:
    """The certificate of a year; a larger number is a later one."""
    return CopiedItem("홍길동()0020", subject, f"{number:064x}", NOW + number * YEAR, status)


YEAR = timedelta(days=365)


def copy(*items: CopiedItem, device: str = "Galaxy S26", error: str | None = None) -> Copy:
    return Copy(NOW, "export", device, "android", items, error)


@pytest.fixture
def past(tmp_path: Path) -> History:
    return History(tmp_path / "data" / "certrelay")


def test_what_was_written_is_read_again(past: History) -> None:
    sealed = CopiedItem(None, None, None, None, "declined")
    copies = (copy(item(), item(2, "duplicate")), copy(sealed, error="declined"), copy())
    for each in copies:
        past.append(each)
    assert past.read() == copies


def test_no_history_is_an_empty_one(past: History) -> None:
    assert past.read() == ()
    past.clear()


def test_nobody_else_may_read_it(past: History) -> None:
    past.append(copy(item()))
    assert past.path.stat().st_mode & 0o777 == 0o600
    assert past.path.parent.stat().st_mode & 0o777 == 0o700
    past.path.chmod(0o644)
    past.append(copy(item()))
    assert past.path.stat().st_mode & 0o777 == 0o600


def test_clear_removes_the_file(past: History) -> None:
    past.append(copy(item()))
    past.clear()
    assert not past.path.exists()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "null",
        "\0",
        "[" * 3000,
        '{"at":1}',
        '{"at":"2026-06-01T00:00:00","direction":"import"}',
        '{"at":"9999-12-31T23:59:59-12:00","direction":"export","device":"","platform":"",'
        '"items":[],"error":null}',
    ],
)
def test_a_line_that_is_none_of_ours_hides_no_other(past: History, line: str) -> None:
    past.append(copy(item(1)))
    with past.path.open("a") as file:
        file.write(f"{line}\n")
    past.append(copy(item(2)))
    assert past.read() == (copy(item(1)), copy(item(2)))


def test_a_long_history_loses_its_older_half(
    past: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_HISTORY_BYTES", 2000)
    for number in range(1, 31):
        past.append(copy(item(number)))
    numbers = [int(each.items[0].fingerprint or "", 16) for each in past.read()]
    assert numbers == list(range(numbers[0], 31))
    assert 1 < numbers[0] <= 30
    assert past.path.stat().st_mode & 0o777 == 0o600


def test_a_link_in_its_place_is_not_followed(past: History, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    past.path.parent.mkdir(parents=True)
    past.path.symlink_to(other)
    with pytest.raises(StorageError, match="output_file"):
        past.append(copy(item()))
    assert other.read_bytes() == b""


def test_a_folder_that_cannot_be_made_is_our_own_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="output_file"):
        History(tmp_path / "file" / "below").append(copy(item()))


def test_a_file_that_cannot_be_read_is_our_own_error(past: History) -> None:
    past.path.mkdir(parents=True)
    with pytest.raises(StorageError, match="history_unreadable"):
        past.read()


# --- renewed since ---


def test_devices_with_the_old_certificate_are_named_once() -> None:
    copies = [copy(item(1)), copy(item(1), device="iPhone"), copy(item(1, "duplicate"))]
    assert devices_with_older(copies, item(2)) == ("Galaxy S26", "iPhone")


@pytest.mark.parametrize(
    "other",
    [
        item(1, "declined"),
        item(1, subject="cn=성춘향"),
        item(3),
        replace(item(1), not_after=None),
        replace(item(1), subject=None),
    ],
    ids=["not kept", "somebody else's", "a later one", "without an end", "sealed"],
)
def test_other_copies_name_no_device(other: CopiedItem) -> None:
    assert devices_with_older([copy(other)], item(2)) == ()


def test_a_device_that_has_had_the_new_one_is_not_named() -> None:
    copies = [copy(item(1)), copy(item(1), device="iPhone"), copy(item(2))]
    assert devices_with_older(copies, item(2)) == ("iPhone",)
