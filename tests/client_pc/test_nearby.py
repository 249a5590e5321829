"""What is said of a PC in its network, and what of others' words counts."""

import pytest

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.e2e.origin import Origin
from certrelay.errors import Interrupted
from client_pc import nearby

zeroconf = pytest.importorskip("zeroconf")
RELAY = Origin.of("http", "192.168.0.10", 8765)


@pytest.mark.attack(82)
def test_an_address_a_port_and_the_version_are_said_under_a_name_drawn_at_random() -> None:
    said = nearby.announced(RELAY)
    assert (said.parsed_addresses(), said.port) == (["192.168.0.10"], 8765)
    assert said.properties == {b"v": b"1"}
    assert said.server == said.name.replace(nearby.SERVICE, "local.")
    assert nearby.announced(RELAY).name != said.name
    assert list(nearby.places_of(said)) == [RELAY]


@pytest.mark.attack(82)
@pytest.mark.parametrize(
    ("address", "port", "version"),
    [
        ("8.8.8.8", 8765, "1"),
        ("2001:4860:4860::8888", 8765, "1"),
        ("127.0.0.1", 8765, "1"),
        ("::1", 8765, "1"),
        ("0.0.0.0", 8765, "1"),
        ("224.0.0.251", 8765, "1"),
        ("192.168.0.10", 0, "1"),
        ("192.168.0.10", 8765, "2"),
        ("192.168.0.10", 8765, ""),
    ],
)
def test_what_is_no_place_in_a_local_network_is_not_tried(
    address: str, port: int, version: str
) -> None:
    said = zeroconf.ServiceInfo(
        nearby.SERVICE,
        f"x.{nearby.SERVICE}",
        port=port,
        parsed_addresses=[address],
        properties={"v": version},
    )
    assert list(nearby.places_of(said)) == []


@pytest.mark.parametrize("relay", [None, Origin.of("http", "127.0.0.1", 8765)])
def test_no_relay_of_the_internet_and_none_on_loopback_is_announced(
    relay: Origin | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(nearby, "_announce", lambda *arguments: told.append(arguments))
    with nearby.Announcement(relay) as announcement:
        announcement.begin()
    assert told == []


def test_ctrl_c_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupts = Interrupts()
    monkeypatch.setattr(interrupts, "check", _interrupted)
    with pytest.raises(Interrupted):
        nearby.search(interrupts)


def _interrupted() -> None:
    raise Interrupted("interrupted")
