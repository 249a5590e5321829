"""A relay and filled stores for the flows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.disk.store import Store
from certrelay.pki.check import inspect
from relay.embedded import Running, start
from tests.certificates import PASSWORD, person, stranger
from tests.flows.programs import Bench, bench


@pytest.fixture(scope="session")
def relay() -> Iterator[Running]:
    """One relay for all flows: rooms do not know each other."""
    with start("127.0.0.1") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, relay: Running) -> Iterator[Bench]:
    """A PC and a phone with a relay between; the stores are empty."""
    with bench(tmp_path, relay.url) as made:
        yield made


def fill(root: Path, *items: Item) -> list[Path]:
    """Put items into a store; give their paths."""
    return [Store(root).save(item, inspect(item).place).path for item in items]


def three_items() -> tuple[Item, ...]:
    """Two people's pairs and a PKCS#12 file: all the shapes that travel."""
    return (
        person().npki(PASSWORD),
        stranger().npki(PASSWORD, "seed-pbes1", ca_pubs=True),
        person(3, "이몽룡").pkcs12(PASSWORD),
    )


def files_below(root: Path) -> dict[str, bytes]:
    """Every file of a store, by its path in it."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
