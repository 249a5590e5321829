"""A greeting by TLS that fails leaves no socket open."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from certrelay.client.link import connect
from certrelay.errors import RelayUnreachable
from tests.relay.tls import make_certificate


@contextmanager
def served(context: ssl.SSLContext | None) -> Iterator[str]:
    """A server that greets one client by TLS, or without one talks nonsense; give its origin."""

    def greet() -> None:
        stream, _ = server.accept()
        with stream, suppress(OSError):
            stream.settimeout(10)
            if context is None:
                stream.sendall(b"220 this is not TLS\r\n")
                stream.recv(1)
            else:
                context.wrap_socket(stream, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(10)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """The sockets that are opened, in order."""
    opened: list[socket.socket] = []
    create = socket.create_connection

    def noted(address: tuple[str, int], timeout: float) -> socket.socket:
        opened.append(create(address, timeout=timeout))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", noted)
    return opened


@pytest.mark.parametrize("speaks_tls", [True, False])
def test_a_failed_greeting_closes_its_socket(
    speaks_tls: bool, tmp_path: Path, opened: list[socket.socket]
) -> None:
    context = None
    if speaks_tls:  # with a certificate that nobody trusts
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*make_certificate(tmp_path).files)
    with served(context) as origin, pytest.raises(RelayUnreachable) as caught:
        connect(origin, 0.0, timeout_s=10)
    assert caught.value.code == "tls_failed"
    assert [stream.fileno() for stream in opened] == [-1], "closed, not left to the collector"


def test_a_broken_list_of_trusted_authorities_closes_the_socket_too(
    monkeypatch: pytest.MonkeyPatch, opened: list[socket.socket]
) -> None:
    def broken() -> ssl.SSLContext:  # as a damaged store of the system makes it
        raise ssl.SSLError("no certificate or crl found")

    monkeypatch.setattr(ssl, "create_default_context", broken)
    with served(None) as origin, pytest.raises(RelayUnreachable) as caught:
        connect(origin, 0.0, timeout_s=10)
    assert caught.value.code == "tls_failed"
    assert [stream.fileno() for stream in opened] == [-1]
