from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from websockets.sync.client import connect as connect_socket

from certrelay.wire.messages import SUBPROTOCOL
from relay.embedded import Running, start
from relay.settings import Settings
from tests.relay.device import Device, Pair
from tests.relay.tls import Certificate, make_certificate

Connect = Callable[..., Device]


@pytest.fixture(scope="session")
def shared_relay() -> Iterator[Running]:
    """One relay with the settings of a public one, for the tests that need no others."""
    with start("127.0.0.1", settings=Settings()) as running:
        yield running


@pytest.fixture
def start_relay() -> Iterator[Callable[..., Running]]:
    """Start relays with settings of the test's own."""
    with ExitStack() as stack:

        def start_one(host: str = "127.0.0.1", tls: Any = None, **changed: Any) -> Running:
            settings = replace(Settings(), **changed)
            return stack.enter_context(start(host, tls=tls, settings=settings))

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
            scheme = "wss" if "ssl" in options else "ws"
            url = f"{scheme}://127.0.0.1:{relay.port}{path}"
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
