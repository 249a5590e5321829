"""nginx and Caddy in front of the relay: the files of deploy/, real proxies, real programs."""

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as connect_socket
from websockets.typing import Subprotocol

from bench.load import rolling
from bench.load.kills import faults
from certrelay.errors import ExitStatus
from certrelay.wire.messages import SUBPROTOCOL, Created, Paired, Refused
from relay.embedded import start
from relay.settings import AdmissionLimits, Edges, Settings, SocketLimits
from tests.deploy.copying import begin, finish
from tests.deploy.fronts import Caddy, Front, Nginx, free_port, relay_behind, talk_halfway
from tests.flows.conftest import files_below
from tests.flows.programs import Bench, bench
from tests.patience import PATIENCE_S
from tests.relay.device import Device, Pair
from tests.relay.tls import Certificate, make_certificate

A, B, C = "127.0.0.2", "127.0.0.3", "127.0.0.4"
"""Devices with addresses of their own."""

PROXY = ip_network("127.0.0.1")

COPIES = 20
"""Begun while two relays are restarted; more if that takes longer."""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("authority"))


@pytest.fixture(params=[Nginx, Caddy], ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> type[Front]:
    chosen: type[Front] = request.param
    return chosen


only_nginx = pytest.mark.parametrize("kind", [Nginx], indirect=True, ids=["nginx"])
"""What Caddy's own tests may answer for; Debian's nginx is what most operators have."""

MakeFront = Callable[..., Front]


@pytest.fixture
def make_front(tmp_path: Path, certificate: Certificate) -> Iterator[MakeFront]:
    """Start proxies; all are gone at the end."""
    with ExitStack() as stack:

        def make(kind: type[Front], relay_port: int, **options: str) -> Front:
            folder = tmp_path / kind.name
            folder.mkdir()
            front = kind(folder, certificate, relay_port, **options)
            stack.callback(front.kill)
            front.start()
            return front

        yield make


@pytest.fixture
def desk(
    kind: type[Front],
    make_front: MakeFront,
    certificate: Certificate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Bench, Front]]:
    """PC and phone that trust the test's authority, a proxy, and a relay behind it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
    port = free_port()
    front = make_front(kind, port)
    with relay_behind(front.port, port), bench(tmp_path, front.url) as made:
        yield made, front


@pytest.mark.parametrize("direction", ["import", "export"])
def test_a_copy_goes_through_the_proxy(desk: tuple[Bench, Front], direction: str) -> None:
    sender, receiver, number = begin(desk[0], direction)
    sender.answer(number)
    finish(desk[0], sender, receiver)
    assert "connection_lost" not in sender.names() + receiver.names()


@pytest.mark.parametrize("direction", ["import", "export"])
def test_a_restart_of_the_proxy_at_the_number_is_survived(
    desk: tuple[Bench, Front], direction: str
) -> None:
    bench, front = desk
    sender, receiver, number = begin(bench, direction)
    front.kill()
    sender.expect("connection_lost")
    receiver.expect("connection_lost")
    front.start()
    sender.expect("connection_back")
    receiver.expect("connection_back")
    sender.answer(number)
    finish(bench, sender, receiver)


@only_nginx
def test_a_restart_of_the_proxy_with_the_content_under_way_is_survived(
    desk: tuple[Bench, Front],
) -> None:
    bench, front = desk
    sender, receiver, number = begin(bench, "import")
    front.freeze()
    sender.answer(number)
    sender.expect("number_matched")  # what follows is stuck in the proxy, and dies with it
    front.kill()
    sender.expect("connection_lost")
    front.start()
    finish(bench, sender, receiver)


@only_nginx
def test_a_restart_of_the_proxy_before_the_receipt_is_survived(
    desk: tuple[Bench, Front],
) -> None:
    bench, front = desk
    sender, receiver, number = begin(bench, "import")
    sender.answer(number)
    receiver.expect("save_wanted")
    front.kill()
    receiver.answer("y")
    receiver.expect("saved")
    sender.expect("connection_lost")
    front.start()
    assert (sender.finish(), receiver.finish()) == (ExitStatus.OK, ExitStatus.OK)
    assert files_below(bench.pc_store) == files_below(bench.phone_store) != {}


@only_nginx
def test_a_reload_of_nginx_is_not_even_noticed(desk: tuple[Bench, Front]) -> None:
    bench, front = desk
    sender, receiver, number = begin(bench, "import")
    front.reload()
    sender.answer(number)
    finish(bench, sender, receiver)
    assert "connection_lost" not in sender.names() + receiver.names()
    calm = trusting_calmly(front.certificate)
    with pytest.raises(InvalidStatus) as refused:  # the new workers serve newcomers
        connect_socket(f"wss{front.url[5:]}v2/ws", ssl=calm, proxy=None)
    assert refused.value.response.status_code in (403, 404)


# --- addresses ---


@pytest.fixture
def limited(kind: type[Front], make_front: MakeFront) -> Iterator[tuple[Front, int]]:
    """A relay that allows each address three requests, and then next to none; its proxy."""
    port = free_port()
    front = make_front(kind, port)
    settings = Settings(
        socket=SocketLimits(first_message_s=1.0),
        admission=AdmissionLimits(asks_per_address=3, asks_per_address_per_s=0.001),
        edges=Edges(
            hosts=frozenset({f"127.0.0.1:{front.port}", f"127.0.0.1:{port}"}),
            origins=frozenset({front.url.rstrip("/")}),
            trusted_proxies=(PROXY,),
        ),
    )
    with start("127.0.0.1", port, settings=settings, page=True):
        yield front, port


@pytest.fixture
def call(limited: tuple[Front, int]) -> Iterator[Callable[..., Device]]:
    """Open sockets through the proxy, or past it, from one of this machine's addresses."""
    front, port = limited
    with ExitStack() as stack:

        def call_from(source: str, *, past: bool = False, **options: Any) -> Device:
            way = f"ws://127.0.0.1:{port}" if past else f"wss://127.0.0.1:{front.port}"
            if not past:
                options["ssl"] = trusting_calmly(front.certificate)
            socket = connect_socket(
                f"{way}/v1/ws",
                source_address=(source, 0),
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                proxy=None,
                compression=None,
                close_timeout=2,
                open_timeout=PATIENCE_S,
                **options,
            )
            return Device(stack.enter_context(socket))

        yield call_from


def trusting_calmly(certificate: Certificate) -> ssl.SSLContext:
    """A context for a library that reads in one thread and writes in another.

    By TLS 1.3 the server's tickets come after the handshake. One of some hundred requests was
    lost where they were read while it was written.
    """
    context = certificate.trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def is_admitted(device: Device) -> bool:
    """Open a room; tell whether the address was allowed to."""
    answer = device.ask(Pair().create)
    assert isinstance(answer, Created | Refused)
    assert isinstance(answer, Created) or answer.code == "rate_limited"
    return isinstance(answer, Created)


@pytest.mark.attack(41)
def test_each_device_has_an_allowance_of_its_own(call: Callable[..., Device]) -> None:
    assert [is_admitted(call(A)) for _ in range(4)] == [True, True, True, False]
    assert [is_admitted(call(B)) for _ in range(4)] == [True, True, True, False]


@pytest.mark.attack(41)
def test_an_address_that_a_device_writes_itself_is_not_believed(
    call: Callable[..., Device],
) -> None:
    def lie(number: int) -> Device:
        forged = {"X-Forwarded-For": f"203.0.113.{number}"}
        return call(A, additional_headers=forged)

    assert [is_admitted(lie(number)) for number in range(4)] == [True, True, True, False]
    blamed = {"X-Forwarded-For": B}
    assert not is_admitted(call(A, additional_headers=blamed)), "B's allowance is not A's"
    assert is_admitted(call(B)), "and A has used up nothing of it"


@pytest.mark.attack(41)
def test_a_device_that_goes_past_the_proxy_is_not_believed(call: Callable[..., Device]) -> None:
    def lie(number: int) -> Device:
        forged = {"X-Forwarded-For": f"203.0.113.{number}"}
        return call(C, past=True, additional_headers=forged)

    assert [is_admitted(lie(number)) for number in range(4)] == [True, True, True, False]
    assert is_admitted(call(A))


# --- what else must hold in front ---


def test_two_devices_talk_and_each_close_code_comes_through(call: Callable[..., Device]) -> None:
    pair = Pair()
    g, s = call(A), call(B)
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(s.ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    g.say(b"\x01" * 32_768)
    assert s.hear() == b"\x01" * 32_768, "the largest message"
    stranger = call(C)
    stranger.say(pair.stranger())
    assert stranger.hear_all() == [Refused("already_claimed"), 4409]


def test_a_silent_socket_is_closed_by_the_relay(call: Callable[..., Device]) -> None:
    assert call(A).hear_all() == [4408]


def test_a_page_of_another_origin_is_forbidden_and_the_own_one_is_not(
    call: Callable[..., Device], limited: tuple[Front, int]
) -> None:
    call(A, origin=limited[0].url.rstrip("/"))
    with pytest.raises(InvalidStatus) as refused:
        call(A, origin="https://evil.example")
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET /v1/ws HTTP/1.1\r\nHost: a\r\nUpgr"])
def test_a_request_that_is_sent_by_halves_is_not_waited_for(
    kind: type[Front], make_front: MakeFront, certificate: Certificate, sent: bytes
) -> None:
    front = make_front(kind, free_port(), header="1s")
    heard = talk_halfway(front.port, certificate, sent, A)
    assert b" 200 " not in heard
    assert b" 101 " not in heard


def test_the_page_comes_with_its_headers(
    limited: tuple[Front, int], certificate: Certificate
) -> None:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", limited[0].port, timeout=PATIENCE_S, context=certificate.trusting()
    )
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    assert answer.status == 200
    assert b"<html" in content
    assert "default-src" in (answer.getheader("content-security-policy") or "")


# --- several relays, one restarted after the other ---


def test_a_rolling_restart_behind_the_proxy_loses_no_copy(
    kind: type[Front], tmp_path: Path
) -> None:
    """python -m bench.load.rolling does the same with 500."""
    ended = rolling.run(kind, tmp_path, COPIES, per_s=4.0, rounds=2)
    assert len(ended) >= COPIES
    assert faults(ended, frozenset()) == []
