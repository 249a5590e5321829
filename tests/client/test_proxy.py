"""A company's network: its HTTP proxy, and its own certificate authority."""

import base64
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from certrelay.client.link import connect
from certrelay.client.proxy import Proxy, open_tunnel, proxy_for
from certrelay.errors import ExitStatus, RelayUnreachable
from relay.embedded import start
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Client, bench
from tests.relay.tls import Certificate, make_certificate


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


class ConnectProxy:
    """An HTTP proxy on loopback that knows CONNECT and nothing else."""

    def __init__(self, password: str | None = None, answer: bytes | None = None) -> None:
        pair = base64.b64encode(f"me:{password}".encode()).decode()
        self._wanted = None if password is None else f"proxy-authorization: basic {pair}".lower()
        self._canned = answer
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "ConnectProxy":
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self._sockets.append(near)
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += near.recv(4096)
            lines = head.decode("ascii").lower().split("\r\n")
            self.asked.append(lines[0])
            if self._canned is not None:
                near.sendall(self._canned)
                return
            if self._wanted is not None and self._wanted not in [line.lower() for line in lines]:
                near.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                near.close()
                return
            host, _, port = lines[0].split()[1].rpartition(":")
            far = socket.create_connection((host, int(port)))
            self._sockets.append(far)
            near.sendall(b"HTTP/1.1 200 Connection established\r\nX-By: a proxy\r\n\r\n")
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxy; a test names its own."""
    for name in ("https_proxy", "http_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_without_a_setting_the_way_is_direct(no_settings: pytest.MonkeyPatch) -> None:
    assert proxy_for("relay.example.com", 443) is None


@pytest.mark.parametrize(
    ("host", "proxied"),
    [
        ("relay.example.com", True),
        ("8.8.8.8", True),
        ("192.168.0.7", False),
        ("127.0.0.1", False),
        ("fe80::1", False),
        ("relay.intern.example.kr", False),
    ],
)
def test_nothing_in_the_local_network_goes_through_a_proxy(
    no_settings: pytest.MonkeyPatch, host: str, proxied: bool
) -> None:
    no_settings.setenv("HTTPS_PROXY", "http://proxy.example.kr:3128")
    no_settings.setenv("NO_PROXY", ".intern.example.kr")
    assert (proxy_for(host, 443) is not None) == proxied


def test_credentials_are_sent_and_never_printed() -> None:
    proxy = Proxy.parse("http://m%65:p%40ss@proxy:3128")
    assert (proxy.host, proxy.port) == ("proxy", 3128)
    assert proxy.authorization == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert "p@ss" not in repr(proxy)
    assert base64.b64encode(b"me:p@ss").decode() not in repr(proxy)


@pytest.mark.parametrize(
    "url",
    [
        *("socks5://proxy:1080", "https://proxy", "http://", "http://x:y:z"),
        *(f"http://{'a' * 64}.example:1", "http://a..example", "http://[::1:1"),
    ],
)
def test_another_kind_of_proxy_is_refused(url: str) -> None:
    with pytest.raises(RelayUnreachable, match="proxy_refused"):
        Proxy.parse(url)


def test_a_proxy_that_wants_credentials_says_so() -> None:
    with ConnectProxy(password="right") as proxy:
        for given in (None, "Basic d3Jvbmc="):
            with pytest.raises(RelayUnreachable, match="proxy_refused status=407"):
                open_tunnel(Proxy("127.0.0.1", proxy.port, given), "relay.example.com", 443, 5.0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nand more than was asked",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2 0\r\n\r\n",
        b"x" * 20_000,
    ],
)
def test_whatever_else_a_proxy_says_is_a_refusal(answer: bytes) -> None:
    refused = pytest.raises(RelayUnreachable, match="proxy_refused")
    with ConnectProxy(answer=answer) as proxy, refused:
        open_tunnel(Proxy("127.0.0.1", proxy.port), "relay.example.com", 443, 5.0)


def test_a_relay_behind_a_proxy_and_a_companys_authority_is_reached(
    no_settings: pytest.MonkeyPatch, certificate: Certificate
) -> None:
    with start("127.0.0.1", tls=certificate.files) as relay, ConnectProxy() as proxy:
        no_settings.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        origin = f"https://localhost:{relay.port}/"
        with pytest.raises(RelayUnreachable, match="tls_failed"):
            connect(origin, time.monotonic())
        no_settings.setenv("SSL_CERT_FILE", str(certificate.chain))
        connect(origin, time.monotonic()).close()
        assert proxy.asked == [f"connect localhost:{relay.port} http/1.1"] * 2


def test_a_copy_through_a_proxy_to_a_relay_of_a_companys_authority(
    tmp_path: Path, certificate: Certificate
) -> None:
    with start("127.0.0.1", tls=certificate.files) as relay, ConnectProxy("me") as proxy:
        way = {
            "HTTPS_PROXY": f"http://me:me@127.0.0.1:{proxy.port}",
            "SSL_CERT_FILE": str(certificate.chain),
        }
        with bench(tmp_path, f"https://localhost:{relay.port}/") as desk:
            fill(desk.phone_store, person().npki(PASSWORD))
            pc = desk.pc("import", "--yes", **way)
            pc.expect("waiting")
            scan = ["scan", desk.picture, "--keystore", desk.phone_store, "--send", "1"]
            phone = Client("client_mobile_sim", *map(str, scan), **way)
            desk.clients.append(phone)
            phone.expect("password_wanted")
            phone.answer(PASSWORD)
            number = pc.expect("number")["number"]
            phone.expect("number_wanted")
            phone.answer(number)
            assert (pc.finish(), phone.finish()) == (ExitStatus.OK, ExitStatus.OK)
            assert files_below(desk.pc_store)
        assert len(proxy.asked) == 2, "both went through the proxy"


@pytest.mark.attack(44)
def test_an_upgrade_that_trickles_in_is_given_up() -> None:
    """Each byte comes in time, the answer as a whole never does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        with suppress(OSError):
            near, _ = listener.accept()
            with near:
                near.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX: ")
                while True:
                    near.sendall(b"a")
                    time.sleep(0.02)

    threading.Thread(target=trickle, daemon=True).start()
    with listener, pytest.raises(RelayUnreachable, match="relay_unreachable"):
        connect(f"http://127.0.0.1:{listener.getsockname()[1]}/", time.monotonic(), timeout_s=0.3)
