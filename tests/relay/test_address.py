import socket
from contextlib import closing

import pytest

from certrelay.errors import RelayUnreachable, UsageError
from relay.address import bind, edges_of, public_origin, url_of
from relay.settings import Edges


def test_port_0_picks_one_and_the_url_names_it() -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert port
        assert url_of(listener, tls=False) == f"http://127.0.0.1:{port}/"
        assert url_of(listener, tls=True) == f"https://127.0.0.1:{port}/"


def test_an_ipv6_address_stands_in_brackets() -> None:
    with closing(bind("::1", 0)) as listener:
        assert url_of(listener, tls=False) == f"http://[::1]:{listener.getsockname()[1]}/"


def test_a_relay_on_every_address_is_named_by_one_of_them() -> None:
    with closing(bind("0.0.0.0", 0)) as listener:
        assert "0.0.0.0" not in url_of(listener, tls=False)


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with (
        closing(bind("127.0.0.1", 0)) as listener,
        pytest.raises(RelayUnreachable, match="port_taken"),
    ):
        bind("127.0.0.1", listener.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("192.0.2.1", 0),
        ("no-such-name.invalid", 0),
        ("a" * 70, 0),
        ("127.0.0.1", 65_536),
        ("127.0.0.1", -1),
        ("", -5),
    ],
)
def test_an_address_that_is_not_this_machines_is_refused(host: str, port: int) -> None:
    with pytest.raises(UsageError, match="bad_host"):
        bind(host, port)


@pytest.mark.attack(40)
def test_the_hosts_answered_are_those_of_the_address() -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        edges = edges_of(listener, tls=False, edges=Edges())
    assert edges.hosts == frozenset({f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"})
    assert not edges.ip_hosts
    with closing(bind("0.0.0.0", 0)) as listener:
        assert edges_of(listener, tls=False, edges=Edges()).ip_hosts


@pytest.mark.attack(40)
@pytest.mark.parametrize(
    ("address", "port", "tls", "host"),
    [
        ("192.168.0.10", 8765, False, "192.168.0.10:8765"),
        ("192.168.0.10", 80, False, "192.168.0.10"),
        ("192.168.0.10", 443, False, "192.168.0.10:443"),
        ("192.168.0.10", 443, True, "192.168.0.10"),
        ("fd00::1", 8765, False, "[fd00::1]:8765"),
    ],
)
def test_a_host_is_written_as_a_browser_does(address: str, port: int, tls: bool, host: str) -> None:
    class Listener(socket.socket):
        """Says that it listens elsewhere; the address need not be this machine's."""

        def getsockname(self) -> tuple[str, int]:
            return address, port

    with closing(Listener()) as listener:
        assert edges_of(listener, tls, Edges()).hosts == frozenset({host})


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://relay.example.kr/", "https://relay.example.kr"),
        ("https://relay.example.kr/cert/relay/", "https://relay.example.kr"),
        ("https://relay.example.kr:8443/", "https://relay.example.kr:8443"),
        ("https://relay.example.kr:443/", "https://relay.example.kr"),
        ("http://192.168.0.10:8765/", "http://192.168.0.10:8765"),
        ("http://[fd00::1]/", "http://[fd00::1]"),
    ],
)
def test_a_public_url_has_an_origin(url: str, origin: str) -> None:
    assert public_origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "relay.example.kr",
        "https://",
        "https:///",
        "ftp://relay.example.kr/",
        "https://relay.example.kr",
        "https://Relay.example.kr/",
        "https://릴레이.example.kr/",
        "https://user@relay.example.kr/",
        "https://relay.example.kr/?",
        "https://relay.example.kr/#x/",
        "https://relay.example.kr:99999/",
        "https://relay.example.kr:x/",
        "https://[fd00::1/",
        "https://relay.example.kr/a b/",
    ],
)
def test_what_is_no_public_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="bad_public_url"):
        public_origin(url)
