"""The floods of tests/attacks/flood.py in small: rows 10, 12, 13 and 16 of docs/security.md."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.attacks.flood import expected, flood, guess, relay_process, told_apart

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
    with relay_process() as (living, _), relay_process() as (empty, _):
        guesses = asyncio.run(guess(living, empty, 200))
    assert guesses.answers == expected(200)


def test_a_bet_by_the_time_is_chance_where_the_times_are_alike() -> None:
    assert told_apart([1, 2, 3, 4], [1.5, 2.5, 3.5, 0.5]) == pytest.approx(0.625)
    assert told_apart([1, 2], [3, 4]) == told_apart([3, 4], [1, 2]) == 1.0
    assert told_apart([1, 4], [2, 3]) == 0.5
