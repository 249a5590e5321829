"""The load that finds a relay's knee, and the soak: that they do what they count."""

import pytest
import uvloop

from bench.load.knee import servers, step
from bench.load.soak import soak


@pytest.mark.parametrize("kind", ["memory", "two nodes", "bare websockets"])
def test_what_the_load_counts_as_a_copy_is_one(kind: str) -> None:
    with servers(kind, None) as target:
        assert target is not None
        found = uvloop.run(step(target, rate=10, seconds=1))
    assert found.copies == len(found.met)
    assert not found.failed


def test_a_copy_that_is_refused_is_counted_as_failed() -> None:
    """Two thirds of the rooms lie on other masters of a Cluster, which a relay does not speak."""
    with servers("Redis Cluster", None) as target:
        assert target is not None
        found = uvloop.run(step(target, rate=30, seconds=1))
    assert found.copies == len(found.met) + found.failed.total()
    assert all("try_later" in word for word in found.failed)


@pytest.mark.attack(30)
def test_a_short_soak_loses_and_leaves_nothing() -> None:
    found = soak(8, rate=6, every_s=3, settle=False)
    assert not found.wrong
    assert found.killed
    assert found.copies
    assert found.seen["cheap_copy"]
    assert found.seen["refusal"]
    assert found.seen["reconnect"]
