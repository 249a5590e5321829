"""Copies between real processes, with something broken in the middle of each.

Few here; ``python -m tests.flows.faults`` does the same hundreds of times, at every message.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

if os.name != "posix":
    pytest.skip("signals and fork are POSIX's", allow_module_level=True)

from certrelay.testkit.proxy import Frames
from tests.flows.faults import FAULTS, KILLS, Outcome, Trouble, random_trouble, run

HARMLESS = [fault for fault in FAULTS if not fault.startswith("kill p")]
"""Whatever does not end a program is survived."""

SURVIVED = [
    (Trouble(fault, 8 + 2 * number), number % 2 == to_phone)
    for to_phone in (0, 1)
    for number, fault in enumerate(HARMLESS)
    if fault != "slow" or to_phone
]
KILLED = [
    (Trouble(f"kill {who}", at), to_pc)
    for who in ("pc", "phone")
    for to_pc in (True, False)
    for at in (17, 31)
]
RANDOM = [(random_trouble(Random(number)), number % 2 == 0) for number in range(6)]

Outcomes = dict[tuple[Trouble, bool], Outcome]


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """All copies at once: they mostly wait."""
    jobs = [*SURVIVED, *KILLED, *RANDOM]
    jobs.sort(key=lambda job: job[0].fault != "slow")  # that one takes longest
    with ThreadPoolExecutor(12) as pool:
        return dict(zip(jobs, pool.map(lambda job: run(job[0], to_pc=job[1]), jobs), strict=True))


def test_nothing_is_lost_doubled_or_half_written(outcomes: Outcomes) -> None:
    assert not [outcome for outcome in outcomes.values() if outcome.problem]


def test_what_leaves_both_programs_alive_is_survived(outcomes: Outcomes) -> None:
    for outcome in map(outcomes.__getitem__, SURVIVED):
        assert outcome.has_struck, outcome
        assert (outcome.sender, outcome.is_stored) == ("done", True), outcome


def test_programs_were_killed_at_both_ends(outcomes: Outcomes) -> None:
    killed = [outcomes[job] for job in KILLED]
    assert "killed" in [outcome.sender for outcome in killed]
    assert "killed" in [outcome.receiver for outcome in killed]


def test_every_fault_can_be_drawn() -> None:
    draw = Random(0)
    drawn = {random_trouble(draw).fault for _ in range(2000)}
    assert drawn == set(FAULTS)
    assert set(KILLS) <= drawn


def test_the_proxy_finds_the_ends_of_messages_however_they_are_cut() -> None:
    pieces = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x81\x85\x01\x02\x03\x04hello",
        b"\x82\x7e\x01\x2c" + bytes(300),
        b"\x02\x7f" + (70_000).to_bytes(8, "big") + bytes(70_000),
        b"\x89\x00",
        b"\x80\x02ab",
    ]
    stream = b"".join(pieces)
    for step in (1, 7, len(stream)):
        frames = Frames()
        found = [
            piece
            for at in range(0, len(stream), step)
            for piece in frames.feed(stream[at : at + step])
        ]
        assert [piece for piece, _ in found] == pieces
        assert [ends for _, ends in found] == [False, True, True, False, False, True]
