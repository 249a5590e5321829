"""Which browsers, hosts and paths are answered: HTTP before the WebSocket begins."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from starlette.requests import HTTPConnection
from websockets.exceptions import InvalidStatus

from certrelay.frozen import replace
from certrelay.wire.messages import Created
from relay.app import HEADERS, refusal
from relay.embedded import Running
from relay.settings import Edges
from tests.patience import PATIENCE_S
from tests.relay.conftest import Connect
from tests.relay.device import Pair

Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def ask(shared_relay: Running) -> Iterator[Ask]:
    """Ask the relay by plain HTTP."""
    with ExitStack() as stack:

        def ask_one(path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection(
                "127.0.0.1", shared_relay.port, timeout=PATIENCE_S
            )
            stack.callback(connection.close)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            return connection.getresponse()

        yield ask_one


def status(connect: Connect, **options: object) -> int:
    """The HTTP status with which the handshake ends."""
    try:
        connect(**options)
    except InvalidStatus as refused:
        return refused.response.status_code
    return 101


def test_health_is_ok(ask: Ask) -> None:
    answer = ask("/healthz")
    assert (answer.status, answer.read()) == (200, b"ok\n")


def test_what_is_no_socket_is_told_the_time_and_nothing_else(ask: Ask) -> None:
    answer = ask("/v1/ws")
    assert answer.status == 426
    told = parsedate_to_datetime(answer.getheader("date") or "")
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


def test_answers_tell_nothing_of_the_server_and_are_not_kept(ask: Ask) -> None:
    answer = ask("/healthz")
    headers = {name.lower() for name, _ in answer.getheaders()}
    assert not headers & {"server", "date", "set-cookie", "access-control-allow-origin"}
    assert answer.getheader("cache-control") == "no-store"
    assert answer.getheader("x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1", 404),
        ("GET", "/nowhere", 404),
        ("POST", "/healthz", 405),
        ("GET", "/v1/ws", 426),
    ],
)
def test_what_is_refused_has_the_headers_of_every_answer(
    ask: Ask, method: str, path: str, status: int
) -> None:
    answer = ask(path, method)
    assert answer.status == status
    for name, value in HEADERS.items():
        assert answer.getheader(name) == value


@pytest.mark.parametrize("path", ["/v1/ws", "/v2/ws"])
def test_a_socket_that_is_refused_has_them_too(shared_relay: Running, path: str) -> None:
    asked = (
        f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", shared_relay.port), 20) as tcp:
        tcp.sendall(asked.encode())
        answer = b""
        while more := tcp.recv(4096):
            answer += more
    head = answer.decode().lower()
    assert head.startswith(("http/1.1 421 ", "http/1.1 404 "))
    for name, value in HEADERS.items():
        assert f"\r\n{name}: {value}\r\n".lower() in head


def test_other_paths_are_not_found(ask: Ask, connect: Connect) -> None:
    for path in ("/", "/v1", "/v1/ws/", "/healthz/", "/../v1/ws/x", "/metrics"):
        assert ask(path).status == 404, path
    assert status(connect, path="/v2/ws") in (403, 404)


def test_the_sockets_path_without_an_upgrade_asks_for_one(ask: Ask) -> None:
    assert ask("/v1/ws").status == 426
    assert ask("/v1/ws", "POST").status == 405


@pytest.mark.attack(42)
def test_a_navigation_to_the_socket_is_forbidden(ask: Ask, connect: Connect) -> None:
    assert ask("/v1/ws", Sec_Fetch_Mode="navigate").status == 403
    assert ask("/some/origin/v1/ws", Sec_Fetch_Mode="navigate").status == 403
    assert status(connect, additional_headers={"Sec-Fetch-Mode": "navigate"}) == 403
    assert status(connect, additional_headers={"Sec-Fetch-Mode": "websocket"}) == 101


@pytest.mark.attack(39)
def test_a_page_of_another_origin_is_forbidden(connect: Connect, shared_relay: Running) -> None:
    own = f"http://127.0.0.1:{shared_relay.port}"
    assert status(connect) == 101, "no browser"
    assert status(connect, origin=own) == 101
    for foreign in (
        "https://evil.example",
        "null",
        "",
        f"https://127.0.0.1:{shared_relay.port}",
        f"http://127.0.0.1:{shared_relay.port + 1}",
        f"http://localhost:{shared_relay.port}",
        "http://127.0.0.1",
        f"{own}.evil.example",
        f"{own}/",
    ):
        assert status(connect, origin=foreign) == 403, foreign


@pytest.mark.attack(39)
def test_a_page_that_the_operator_named_may_connect(
    start_relay: Callable[..., Running], connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(edges=Edges(origins=frozenset({"https://page.example.kr"})))
    device = connect_to(relay, origin="https://page.example.kr")
    assert isinstance(device.ask(pair.create), Created)
    assert status(lambda **o: connect_to(relay, **o), origin="http://page.example.kr") == 403


@pytest.mark.attack(40)
def test_another_host_is_misdirected(connect: Connect, ask: Ask, shared_relay: Running) -> None:
    port = shared_relay.port
    for host in ("evil.example", f"evil.example:{port}", f"127.0.0.1:{port + 1}", "127.0.0.1", ""):
        for path in ("/healthz", "/v1/ws"):
            assert ask(path, Host=host).status in (400, 421), host
    # A name that was rebound sends itself as host and as origin: both agree, and both are wrong.
    rebound = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
    assert _handshake_status(port, rebound) == 421
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert ask("/healthz", Host=host).status == 200, host
        assert _handshake_status(port, {"Host": host}) == 101


@pytest.mark.attack(40)
def test_two_hosts_or_two_origins_are_refused(shared_relay: Running) -> None:
    own = f"127.0.0.1:{shared_relay.port}"
    request = f"Host: {own}\r\nHost: evil.example"
    assert _handshake_status(shared_relay.port, {}, request) == 400
    request = f"Host: {own}\r\nOrigin: http://{own}\r\nOrigin: https://evil.example"
    assert _handshake_status(shared_relay.port, {}, request) in (400, 403)


ANY_IP = Edges(hosts=frozenset({"localhost:8765"}), ip_hosts=True)


@pytest.mark.attack(40)
@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("192.168.0.10:8765", True),
        ("[fd00::1]:8765", True),
        ("10.0.0.1", True),
        ("localhost:8765", True),
        ("evil.example:8765", False),
        ("192.168.0.10.evil.example:8765", False),
        ("[fd00::1].evil.example", False),
        ("1", False),
        ("0x7f.1:8765", False),
        (":8765", False),
    ],
)
def test_a_relay_on_every_address_answers_to_numbers_only(host: str, answered: bool) -> None:
    scope = {"type": "http", "scheme": "http", "headers": [(b"host", host.encode())]}
    assert (refusal(HTTPConnection(scope), ANY_IP) is None) == answered


def test_behind_a_proxy_the_public_origin_is_the_own_one() -> None:
    edges = Edges(origins=frozenset({"https://relay.example.kr"}))
    headers = [(b"host", b"relay.example.kr"), (b"origin", b"https://relay.example.kr")]
    scope = {"type": "websocket", "scheme": "ws", "headers": headers}
    assert refusal(HTTPConnection(scope), edges) is None
    assert refusal(HTTPConnection(scope), replace(edges, origins=frozenset())) == 403


@pytest.mark.attack(39)
def test_a_name_that_points_to_a_public_relay_is_not_its_own() -> None:
    headers = [(b"host", b"evil.example"), (b"origin", b"http://evil.example")]
    scope = {"type": "websocket", "scheme": "ws", "headers": headers}
    assert refusal(HTTPConnection(scope), Edges()) == 403


def _handshake_status(port: int, headers: dict[str, str], raw: str = "") -> int:
    """Upgrade by hand, for no library sends such headers."""
    lines = [raw] if raw else []
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.connect()
        connection.sock.sendall(
            "\r\n".join(
                [
                    "GET /v1/ws HTTP/1.1",
                    "Upgrade: websocket",
                    "Connection: Upgrade",
                    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Protocol: certrelay.v1",
                    *lines,
                    "",
                    "",
                ]
            ).encode()
        )
        return int(connection.sock.recv(4096).split(b" ")[1])
    finally:
        connection.close()
