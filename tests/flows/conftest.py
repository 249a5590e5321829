"""A relay and filled stores for the flows."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from certrelay.bundle import Item
from certrelay.client.store.store import Store
from certrelay.frozen import replace
from certrelay.pki.check import inspect
from relay.embedded import EMBEDDED
from relay.settings import Edges, Settings
from tests.certificates import PASSWORD, person, stranger
from tests.flows.programs import Bench, bench
from tests.homes import HOMES, relays
from tests.redis_server import RedisServer, redis_server
from tests.splice import Splice

Serve = Callable[[Settings], str]
"""Starts a relay, or several that are one to whoever connects; gives its URL."""


@pytest.fixture(scope="session", params=HOMES)
def home(request: pytest.FixtureRequest) -> str:
    """Where the relay has its rooms."""
    return str(request.param)


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """One server for all flows."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def serve(home: str, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Start relays; two nodes are behind a balancer that sends each connection to the other."""
    with ExitStack() as stack:

        def serve_one(settings: Settings) -> str:
            redis_url = None if home == "memory" else request.getfixturevalue("redis").url
            balancer = Splice()
            stack.callback(balancer.close)
            edges = Edges(hosts=frozenset({f"127.0.0.1:{balancer.port}"}))
            settings = replace(settings, edges=edges)
            running = stack.enter_context(relays(home, settings, redis_url, host="127.0.0.1"))
            balancer.begin([("127.0.0.1", each.port) for each in running])
            return f"http://127.0.0.1:{balancer.port}/"

        yield serve_one


@pytest.fixture(scope="session")
def relay_url(serve: Serve) -> str:
    """One relay for all flows: rooms do not know each other."""
    return serve(EMBEDDED)


@pytest.fixture
def desk(tmp_path: Path, relay_url: str) -> Iterator[Bench]:
    """A PC and a phone with a relay between; the stores are empty."""
    with bench(tmp_path, relay_url) as made:
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
