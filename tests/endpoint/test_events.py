"""What an endpoint gives out says nothing secret where it is written down."""

import pytest

from certrelay.endpoint import events


@pytest.mark.parametrize(
    "event",
    [
        events.SendText("4821 7730 1946"),
        events.SendBinary(b"4821 7730 1946"),
        events.CodeShown("4821 7730 1946"),
        events.NumberShown("4821 7730 1946"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_secret_is_not_in_the_event_as_text(event: object) -> None:
    assert "4821" not in f"{event!r} {event}"
