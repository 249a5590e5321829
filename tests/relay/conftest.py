from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import Any, cast

import pytest
from websockets.sync.client import connect as connect_socket

from certrelay.frozen import replace
from certrelay.wire.messages import SUBPROTOCOL
from relay.embedded import Running
from relay.settings import Settings
from tests.homes import HOMES, relays
from tests.redis_server import RedisServer, redis_server
from tests.relay.device import Device, Pair
from tests.relay.tls import Certificate, make_certificate

Connect = Callable[..., Device]

CONTRACT = ("test_codes", "test_rules", "test_time", "test_closing", "test_half_rooms")
"""The modules that are run with each home; the others are about what stands before it."""

ONE_NODE = ("test_dead_rooms_are_bounded_in_number",)
"""Not with two nodes: each has a bound of its own."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "home" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        homes: tuple[str, ...] = HOMES if module in CONTRACT else HOMES[:1]
        if metafunc.function.__name__ in ONE_NODE:
            homes = HOMES[:2]
        metafunc.parametrize("home", homes, indirect=True, scope="session")


class TwoNodes:
    """Two relays with one store: whoever asks for the port gets the other's each time."""

    def __init__(self, *nodes: Running) -> None:
        self._nodes = cycle(nodes)

    @property
    def port(self) -> int:
        return next(self._nodes).port


@pytest.fixture(scope="session")
def redis(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """One server for all: rooms do not know each other."""
    with redis_server() as server:
        yield server


@pytest.fixture(scope="session")
def home(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Begin = Callable[[ExitStack, Settings, Any], Running]


@pytest.fixture(scope="session")
def begin(home: str, request: pytest.FixtureRequest) -> Begin:
    """Start a relay that has its rooms where the test wants them."""

    def begin_one(stack: ExitStack, settings: Settings, options: Any) -> Running:
        url = None if home == "memory" else request.getfixturevalue("redis").url
        nodes = stack.enter_context(relays(home, settings, url, **options))
        return nodes[0] if len(nodes) == 1 else cast(Running, TwoNodes(*nodes))

    return begin_one


@pytest.fixture(scope="session")
def shared_relay(begin: Begin) -> Iterator[Running]:
    """One relay with the settings of a public one, for the tests that need no others."""
    with ExitStack() as stack:
        yield begin(stack, Settings(), {"host": "127.0.0.1"})


@pytest.fixture
def start_relay(begin: Begin) -> Iterator[Callable[..., Running]]:
    """Start relays with settings of the test's own."""
    with ExitStack() as stack:

        def start_one(host: str = "127.0.0.1", tls: Any = None, **changed: Any) -> Running:
            settings = replace(Settings(), **changed)
            return begin(stack, settings, {"host": host, "tls": tls})

        yield start_one


@pytest.fixture
def connect_to() -> Iterator[Callable[..., Device]]:
    """Open sockets to a relay; all are closed at the end of the test."""
    with ExitStack() as stack:

        def connect_one(relay: Running, path: str = "/v1/ws", **options: Any) -> Device:
            settings: dict[str, Any] = {
                "subprotocols": [SUBPROTOCOL],
                "proxy": None,
                "compression": None,
                "max_queue": None,  # else what a test leaves unread holds up its end
                "close_timeout": 2,
            }
            url = f"ws://127.0.0.1:{relay.port}{path}"
            socket = stack.enter_context(connect_socket(url, **{**settings, **options}))
            return Device(socket)

        yield connect_one


@pytest.fixture
def connect(shared_relay: Running, connect_to: Connect) -> Connect:
    """Open a socket to the shared relay."""
    return lambda **options: connect_to(shared_relay, **options)


@pytest.fixture
def pair() -> Pair:
    """Fresh secrets."""
    return Pair()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for 127.0.0.1 that nobody else trusts."""
    return make_certificate(tmp_path_factory.mktemp("tls"))
