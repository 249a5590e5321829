"""A relay that answers but carries nothing any more: a new connection is tried."""

import os
from collections.abc import Iterable

import pytest

from certrelay.bundle import File, Item
from certrelay.e2e.qr import Direction
from certrelay.testkit.pair import Pair
from certrelay.testkit.tampering import Sent, Tampering
from certrelay.wire.ids import Role

ITEMS = [Item("npki", (File("signCert", b"c" * 1400), File("signPri", b"k" * 1800)))]


class Jammed(Tampering):
    """Carries sealed messages until one is a frame, and again once somebody has resumed."""

    def __init__(self) -> None:
        self.jammed = False
        self.resumed = 0

    def sealed(self, sender: Role, message: bytes) -> Iterable[Sent]:
        self.jammed |= message[:1] == b"\x10" and not self.resumed
        if not self.jammed:
            yield sender.other, message

    def asked(self, sender: Role, text: str) -> Iterable[str]:
        if '"resume"' in text:
            self.jammed = False
            self.resumed += 1
        yield text


@pytest.mark.parametrize("direction", list(Direction))
def test_a_frame_that_waits_for_a_minute_makes_a_new_connection(direction: Direction) -> None:
    relay = Jammed()
    run = Pair.of(direction, ITEMS, random=os.urandom, tampering=relay).run()
    assert {run.code(role) for role in Role} == {"done"}
    assert relay.resumed
