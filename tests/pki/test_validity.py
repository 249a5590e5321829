from datetime import UTC, datetime, timedelta

import pytest

from certrelay.pki import validity

START = datetime(2025, 12, 31, 15, 0, 0, tzinfo=UTC)
END = datetime(2027, 1, 1, 14, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "state", "days"),
    [
        ("2025-12-31T14:59:59", "not_yet", 366),
        ("2025-12-31T15:00:00", "valid", 365),
        ("2026-12-01T14:59:59", "valid", 31),
        ("2026-12-01T15:00:00", "expiring", 30),  # midnight in Korea
        ("2026-12-31T15:00:00", "expiring", 0),
        ("2027-01-01T14:59:59", "expiring", 0),
        ("2027-01-01T14:59:59.900000", "expiring", 0),
        ("2027-01-01T15:00:00", "expired", -1),
    ],
)
def test_days_are_those_of_the_korean_calendar(now: str, state: str, days: int) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert validity.state(START, END, moment) == state
    assert validity.days_left(END, moment) == days
    elsewhere = moment.astimezone(datetime.now(UTC).astimezone().tzinfo)
    assert validity.state(START, END, elsewhere) == state


def test_the_last_day_is_the_korean_one() -> None:
    assert validity.last_day(END) == "2027-01-01"
    assert validity.last_day(END + timedelta(seconds=1)) == "2027-01-02"


def test_dates_that_cannot_be_read_are_unknown_and_the_end_of_time_is_far() -> None:
    assert validity.state(None, END, START) == "unknown"
    assert validity.state(START, None, START) == "unknown"
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert validity.state(START, never, END) == "valid"
    assert validity.last_day(never) == "9999-12-31"
