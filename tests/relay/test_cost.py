"""What a relayed message costs, counted and not timed: calls of Python functions."""

import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from relay.embedded import Running
from tests.relay.conftest import Connect
from tests.relay.device import Pair

MOST_CALLS = 12
"""Python calls for a message on the short way; by plain ASGI it takes 96."""


@pytest.fixture
def calls() -> Iterator[list[str]]:
    """The functions that are called in threads which are started from now on."""
    made: list[str] = []

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            made.append(frame.f_code.co_qualname)

    threading.setprofile(count)
    try:
        yield made
    finally:
        threading.setprofile(None)


def test_a_relayed_message_takes_few_calls(
    calls: list[str], start_relay: Callable[..., Running], connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay()
    threading.setprofile(None)
    g, s = pair.meet(lambda: connect_to(relay))
    s.say(b"warm")
    assert g.hear() == b"warm"
    before = len(calls)
    for _ in range(50):
        s.say(b"forth")
        assert g.hear() == b"forth"
        g.say(b"back")
        assert s.hear() == b"back"
    per_message = (len(calls) - before) / 100
    assert per_message <= MOST_CALLS, calls[-int(per_message) :]
    assert per_message > 5, "else nothing was counted"
