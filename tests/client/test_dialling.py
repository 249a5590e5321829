"""A connection is made beside the loop: it is waited for, or not, and never leaks."""

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from certrelay.client.dialling import Dialling
from certrelay.client.link import Link
from certrelay.errors import RelayUnreachable
from relay.embedded import Running, start


@pytest.fixture(scope="module")
def relay() -> Iterator[Running]:
    with start("127.0.0.1") as running:
        yield running


class SlowName:
    """A name server that answers when the test says so; then there is a connection."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.closed = threading.Event()

    def __call__(self, origin: str, now: float, *, timeout_s: float) -> Link:
        self.answers.wait()
        slow = self

        class Watched(Link):
            def __init__(self) -> None:
                """No socket."""

            def close(self) -> None:
                slow.closed.set()

        return Watched()


def test_a_connection_is_there_when_select_says_so(relay: Running) -> None:
    dial = Dialling(relay.url, time.monotonic())
    select.select([dial], [], [], 10)
    link = dial.take(time.monotonic())
    assert link is not None
    link.close()


@pytest.mark.attack(71)
def test_a_silent_relay_holds_nobody_up() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        dial = Dialling(origin, 0.0, timeout_s=5.0)
        assert dial.deadline() == 5.0
        assert dial.take(4.9) is None
        with pytest.raises(RelayUnreachable) as caught:
            dial.take(5.0)
        assert caught.value.code == "relay_unreachable"


def test_why_there_is_no_connection_is_told_in_the_loop() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        origin = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    dial = Dialling(origin, time.monotonic())
    select.select([dial], [], [], 10)
    with pytest.raises(RelayUnreachable) as caught:
        dial.take(time.monotonic())
    assert caught.value.code == "relay_unreachable"


@pytest.mark.attack(71)
@pytest.mark.parametrize("is_early", [True, False])
def test_what_nobody_waits_for_any_more_is_closed(is_early: bool) -> None:
    name = SlowName()
    dial = Dialling("http://relay.example/", 0.0, connecting=name)
    if is_early:
        dial.abandon()
        name.answers.set()
    else:
        name.answers.set()
        select.select([dial], [], [], 10)
        dial.abandon()
    assert name.closed.wait(10)
