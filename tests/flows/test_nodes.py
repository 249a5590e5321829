"""Whole copies over two nodes while nodes end: by command it is `python -m bench.load.kills`."""

import signal

import pytest

from bench.load.kills import UNCONFIRMED, faults, run


@pytest.mark.parametrize(
    ("number", "allowed"),
    [(signal.SIGKILL, UNCONFIRMED), (signal.SIGTERM, frozenset())],
    ids=["killed", "rolling restart"],
)
def test_copies_over_nodes_that_end_are_neither_lost_nor_doubled(
    number: signal.Signals, allowed: frozenset[str]
) -> None:
    ended, cluster = run(10, per_s=4.0, every_s=1.0, number=number)
    assert cluster.ended
    assert not faults(ended, allowed)
    assert "done" in {each.outcome for each in ended}
