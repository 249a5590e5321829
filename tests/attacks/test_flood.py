"""The floods of tests/attacks/flood.py in small: rows 10, 12, 13 and 16 of docs/security.md."""

import asyncio
import sys
from pathlib import Path

import pytest

from certrelay.frozen import replace
from relay.embedded import EMBEDDED, start
from tests.attacks.flood import flood, guess, relay_process

MEMORY_KIB = 64 * 1024
"""What a small flood may add: the queues that are allowed to fill are far below it."""


@pytest.mark.attack(12, 13, 16)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_copy_is_made_while_the_relay_is_flooded(tmp_path: Path) -> None:
    with relay_process() as (url, pid):
        figures = asyncio.run(flood(url, pid, halves=40, silent=200, folder=tmp_path))
    assert figures.status == (0, 0), figures
    assert max(figures.memory_kib) - figures.memory_kib[0] < MEMORY_KIB, figures


@pytest.mark.attack(10)
def test_random_joins_get_one_answer_and_disturb_no_room() -> None:
    generous = replace(EMBEDDED.admission, asks_per_address=100_000, sockets_per_address=1000)
    with start("127.0.0.1", settings=replace(EMBEDDED, admission=generous)) as relay:
        guesses = asyncio.run(guess(relay.url, 200))
    assert guesses.answers == {
        "no_such_room": 200,
        "with the room's name: no_such_room": 1,
        "with the secret: paired": 1,
    }
