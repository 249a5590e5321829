import logging
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from certrelay.errors import RelayUnreachable, UsageError
from certrelay.frozen import replace
from certrelay.wire.messages import Created, Paired, Refused
from certrelay.wire.release import ReleasePolicy
from relay.embedded import EMBEDDED, reserve, start
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.raw import RawSocket
from tests.relay.tls import Certificate


def test_it_answers_when_start_returns_and_is_gone_after_stop(connect_to: Connect) -> None:
    threads = set(threading.enumerate())
    running = start("127.0.0.1")
    assert running.url == f"http://127.0.0.1:{running.port}/"
    device = connect_to(running)
    assert isinstance(device.ask(Pair().create), Created)
    running.stop()
    assert device.hear_all() == [1012]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port))
    running.stop()
    assert set(threading.enumerate()) <= threads | {device.socket.recv_events_thread}


def test_a_device_waits_at_a_reserved_address_until_the_relay_serves(pair: Pair) -> None:
    bound = reserve("127.0.0.1")
    assert bound.url == f"http://127.0.0.1:{bound.port}/"
    with socket.create_connection(("127.0.0.1", bound.port)) as early:
        early.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{bound.port}\r\n\r\n".encode())
        with bound.serve():
            assert early.recv(100).startswith(b"HTTP/1.1 200")


def test_a_reserved_address_can_be_given_back() -> None:
    bound = reserve("127.0.0.1")
    port = bound.port
    bound.close()
    with start("127.0.0.1", port) as running:
        assert running.port == port


def test_it_speaks_tls(pair: Pair, certificate: Certificate) -> None:
    with start("127.0.0.1", tls=certificate.files) as running:
        assert running.url.startswith("https://")
        with RawSocket(running.port, tls=certificate.trusting()) as device:
            assert isinstance(device.ask(pair.create), Created)


def test_its_settings_are_the_callers(connect_to: Connect, pair: Pair) -> None:
    policy = ReleasePolicy.from_table({"android": {"app": "G9"}})
    with start("127.0.0.1", settings=replace(EMBEDDED, policy=policy)) as running:
        connect_to(running).ask(pair.create)
        refused = connect_to(running).ask(pair.join)
        assert isinstance(refused, Refused)
        assert refused.code == "version_too_low"


def test_what_cannot_start_raises_and_leaves_nothing(tmp_path: Path) -> None:
    with start("127.0.0.1") as running, pytest.raises(RelayUnreachable, match="port_taken"):
        start("127.0.0.1", running.port)
    with pytest.raises(UsageError, match="bad_host"):
        start("192.0.2.1")
    with pytest.raises(UsageError, match="bad_tls_files"):
        start("127.0.0.1", running.port, tls=(tmp_path / "none", tmp_path / "none"))
    with start("127.0.0.1", running.port):
        pass  # the address was given back


def test_two_run_side_by_side(connect_to: Connect, pair: Pair) -> None:
    with start("127.0.0.1") as one, start("127.0.0.1") as other:
        assert isinstance(connect_to(one).ask(pair.create), Created)
        assert connect_to(other).ask(pair.join) == Refused("no_such_room")
        assert isinstance(connect_to(one).ask(pair.join), Paired)


def test_it_touches_neither_signals_nor_logging() -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("relay").level)
    with start("127.0.0.1"):
        assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert (root.level, list(root.handlers), logging.getLogger("relay").level) == before


@pytest.mark.attack(33)
def test_a_host_that_logs_everything_hears_no_secret(
    connect_to: Connect, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi", "relay"):
        caplog.set_level(logging.DEBUG, logger=name)
    with caplog.at_level(logging.DEBUG), start("127.0.0.1") as running:
        device = connect_to(running)
        assert isinstance(device.ask(pair.create), Created)
    from_relay = [r for r in caplog.records if not r.name.startswith("websockets.client")]
    text = "\n".join(record.getMessage() for record in from_relay)
    assert pair.secret.room.hex not in text
    assert pair.g_token.hashed.hex not in text
    assert "/v1/ws" not in text


def test_importing_it_is_cheap() -> None:
    program = (
        "import sys, relay.embedded; print([name for name in sys.modules if name.startswith("
        "('starlette', 'uvicorn', 'uvloop', 'asyncio', 'websockets', 'ssl', 'anyio'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
