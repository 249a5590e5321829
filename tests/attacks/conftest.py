"""A relay and a desk for the attacks that need real programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.embedded import Running, start
from tests.flows.programs import Bench, bench


@pytest.fixture(scope="session")
def relay() -> Iterator[Running]:
    """One relay for all: rooms do not know each other."""
    with start("127.0.0.1") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, relay: Running) -> Iterator[Bench]:
    """A PC and a phone with a relay between; the stores are empty."""
    with bench(tmp_path, relay.url) as made:
        yield made
