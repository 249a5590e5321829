import ipaddress
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.wire.ids import AccessKey
from certrelay.wire.messages import Created, Leave, Paired, Refused, Resumed
from certrelay.wire.service import ServicePolicy
from relay.admission import (
    AddressCounter,
    AddressLimiter,
    Allowances,
    ConnectionLimiter,
)
from relay.client_address import allowance_key, client_address
from relay.embedded import Running
from relay.settings import AdmissionLimits, Edges
from tests.relay.conftest import Connect
from tests.relay.device import Device, Pair

Start = Callable[..., Running]
A, B = "198.51.100.7", "198.51.100.8"
PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


# --- whose connection it is ---


@pytest.mark.attack(41)
@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["1.2.3.4"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9", "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9,1.2.3.4, 10.0.0.2"], "1.2.3.4"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["1.2.3.4, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4, , 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["1.2.3.4:443"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("", ["1.2.3.4"], ""),
    ],
)
def test_an_address_is_believed_from_trusted_proxies_counted_from_the_right(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert client_address(peer, forwarded, PROXIES) == client


@pytest.mark.attack(41)
@given(st.lists(st.text() | st.ip_addresses().map(str), max_size=5))
def test_what_a_stranger_forwards_never_changes_his_own_address(forwarded: list[str]) -> None:
    assert client_address("198.51.100.7", forwarded, PROXIES) == "198.51.100.7"
    through_proxy = client_address("10.0.0.1", [*forwarded, "198.51.100.7"], PROXIES)
    assert through_proxy == "198.51.100.7"


@pytest.mark.attack(13)
@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_an_ipv6_network_of_64_bits_is_one_address(address: str, key: str) -> None:
    assert allowance_key(address) == key


@pytest.mark.attack(13, 75)
def test_wider_ipv6_networks_have_a_bound_too() -> None:
    """Who has one /48 has 65,536 networks of 64 bits."""
    counter = AddressCounter(most=10)
    fitted = 0
    for n in range(1000):
        address = f"2001:db8:1:{n:x}::1"
        if counter.has_room(address):
            counter.add(address)
            fitted += 1
    assert fitted == 40
    assert not counter.has_room("2001:db8:1:ffff::1"), "the /48 is full"
    assert counter.has_room("2001:db8:2::1"), "the next is not"
    narrow = AddressCounter(most=10)
    for n in range(20):
        narrow.add(f"2001:db8:1:{n:x}::1")
    assert not narrow.has_room("2001:db8:1:ff::1"), "the /56 is full"
    assert narrow.has_room("2001:db8:1:100::1")


@pytest.mark.attack(13, 75)
def test_what_is_asked_is_counted_in_wider_networks_too() -> None:
    allowances = Allowances(5, 1.0, Hand())
    asked = sum(not allowances.take(f"2001:db8:1:{n:x}::1") for n in range(1000))
    assert asked == 20


# --- counting ---


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_allowance_is_used_up_and_fills_again() -> None:
    clock = Hand()
    admission = AddressLimiter(
        AdmissionLimits(asks_per_address=3, asks_per_address_per_s=2.0), clock
    )
    assert [admission.retry_after_ms(A) for _ in range(4)] == [0, 0, 0, 500]
    assert admission.retry_after_ms(B) == 0, "another's is untouched"
    clock.now += 0.25
    assert admission.retry_after_ms(A) == 250
    clock.now += 0.25
    assert [admission.retry_after_ms(A) for _ in range(2)] == [0, 500]
    clock.now += 60
    assert [admission.retry_after_ms(A) for _ in range(4)] == [0, 0, 0, 500]


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 5.0]), max_size=60))
def test_an_address_never_asks_more_than_its_allowance(waits: list[float]) -> None:
    clock = Hand()
    admission = AddressLimiter(
        AdmissionLimits(asks_per_address=3, asks_per_address_per_s=2.0), clock
    )
    admitted = 0
    for wait in waits:
        clock.now += wait
        admitted += admission.retry_after_ms(A) == 0
        assert admitted <= 3 + 2.0 * (clock.now - 1000.0) + 1e-6


@pytest.mark.attack(13)
def test_addresses_that_asked_once_are_not_kept() -> None:
    clock = Hand()
    allowances = Allowances(10, 10.0, clock)
    for n in range(10_000):
        clock.now += 0.01
        allowances.take(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert 0 < len(allowances) <= 200


@pytest.mark.attack(13)
def test_sockets_are_counted_in_and_out_by_address() -> None:
    admission = AddressLimiter(AdmissionLimits(sockets_per_address=2))
    assert [admission.enter(A) for _ in range(3)] == [True, True, False]
    assert admission.enter(B)
    admission.leave(A)
    admission.leave(A)
    assert admission.enter(A)


@pytest.mark.attack(13)
def test_an_address_that_has_nothing_is_not_kept() -> None:
    counter = AddressCounter(most=2)
    for key in (A, A, B):
        counter.add(key)
    assert len(counter) == 2
    for key in (A, A, B):
        counter.remove(key)
    assert len(counter) == 0


@pytest.mark.attack(13)
def test_connections_are_counted_in_and_out() -> None:
    limiter = ConnectionLimiter(AdmissionLimits(connections_per_address=2), 3, PROXIES)
    stranger, proxy = ("198.51.100.7", 1), ("10.0.0.1", 1)
    assert [limiter.enter(stranger) for _ in range(3)] == [True, True, False]
    assert not limiter.enter(proxy), "full"
    for client in (stranger, stranger, stranger, proxy):
        limiter.leave(client)
    assert len(limiter) == 0
    assert limiter.enter(stranger), "its places are free again"
    limiter.leave(stranger)
    assert [limiter.enter(proxy) for _ in range(4)] == [True, True, True, False]
    assert limiter.enter(None) is False


# --- over real sockets ---


@pytest.mark.attack(13)
def test_a_full_relay_refuses_newcomers_and_keeps_those_inside(
    start_relay: Start, connect_to: Connect
) -> None:
    relay = start_relay(admission=AdmissionLimits(rooms=2))
    first, second, third = Pair(), Pair(), Pair()
    _, s = first.meet(lambda: connect_to(relay))
    waiting = connect_to(relay)
    assert isinstance(waiting.ask(second.create), Created)
    newcomer = connect_to(relay)
    newcomer.say(third.create)
    assert newcomer.hear_all() == [Refused("try_later"), 4429]
    assert isinstance(connect_to(relay).ask(second.join), Paired), "standing rooms are joined"
    assert isinstance(waiting.hear(), Paired)
    s.say(Leave())
    assert s.hear() == 1000
    assert isinstance(connect_to(relay).ask(third.create), Created), "there is room again"


@pytest.mark.attack(13)
def test_one_address_has_its_share_of_the_rooms(start_relay: Start, connect_to: Connect) -> None:
    relay = start_relay(admission=AdmissionLimits(rooms_per_address=1))
    g = connect_to(relay)
    assert isinstance(g.ask(Pair().create), Created)
    other = connect_to(relay)
    other.say(Pair().create)
    assert other.hear_all() == [Refused("rate_limited"), 4429]
    g.say(Leave())
    assert g.hear() == 1000
    assert isinstance(connect_to(relay).ask(Pair().create), Created)


@pytest.mark.attack(13)
def test_one_address_has_its_share_of_the_sockets(start_relay: Start, connect_to: Connect) -> None:
    relay = start_relay(admission=AdmissionLimits(sockets_per_address=1))
    first, second = connect_to(relay), connect_to(relay)
    assert second.hear_all() == [Refused("rate_limited"), 4429]
    assert isinstance(first.ask(Pair().create), Created)
    first.socket.close()
    assert isinstance(connect_to(relay).ask(Pair().create), Created), "its place is free again"


@pytest.mark.attack(10)
def test_one_address_asks_so_often_and_is_told_when_to_come_again(
    start_relay: Start, connect_to: Connect
) -> None:
    limits = AdmissionLimits(asks_per_address=2, asks_per_address_per_s=0.001)
    relay = start_relay(admission=limits)
    for _ in range(2):
        assert connect_to(relay).ask(Pair().join) == Refused("no_such_room")
    refused = connect_to(relay).ask(Pair().create)
    assert isinstance(refused, Refused)
    assert refused.code == "rate_limited"
    assert refused.retry_in_ms
    assert 0 < refused.retry_in_ms <= 1_000_000


@pytest.mark.attack(41)
def test_a_forged_forwarding_header_is_another_address_only_behind_a_trusted_proxy(
    start_relay: Start, connect_to: Connect
) -> None:
    limits = AdmissionLimits(sockets_per_address=1)
    loopback = (ipaddress.ip_network("127.0.0.1"),)
    plain = start_relay(admission=limits)
    behind = start_relay(admission=limits, edges=Edges(trusted_proxies=loopback))

    def second_of_two(relay: Running) -> Device:
        first, second = (
            connect_to(relay, additional_headers={"X-Forwarded-For": f"1.2.3.{n}"})
            for n in range(2)
        )
        assert isinstance(first.ask(Pair().create), Created)
        return second

    assert second_of_two(plain).hear_all() == [Refused("rate_limited"), 4429]
    assert isinstance(second_of_two(behind).ask(Pair().create), Created)


@pytest.mark.attack(10)
def test_of_many_random_joins_none_gets_in_and_none_learns_of_the_room(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    relay = start_relay(admission=AdmissionLimits(asks_per_address=10_000))
    g = connect_to(relay)
    assert isinstance(g.ask(pair.create), Created)
    answers = set()
    for _ in range(300):
        device = connect_to(relay)
        device.say(Pair().join)
        answers.add(str(device.hear_all()))
        device.socket.close()
    assert answers == {str([Refused("no_such_room"), 4404])}
    assert isinstance(connect_to(relay).ask(pair.join), Paired)


@pytest.mark.attack(81)
def test_a_room_is_opened_from_the_operators_networks_and_joined_from_anywhere(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    loopback = (ipaddress.ip_network("127.0.0.1"),)
    networks = ServicePolicy.from_table({"networks": ["203.0.113.0/24"]})
    relay = start_relay(edges=Edges(trusted_proxies=loopback), service=networks)

    def from_address(address: str) -> Device:
        return connect_to(relay, additional_headers={"X-Forwarded-For": address})

    outside = from_address("198.51.100.7")
    outside.say(pair.create)
    assert outside.hear_all() == [Refused("not_admitted"), 4403]
    g = from_address("203.0.113.9")
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(from_address("198.51.100.7").ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    g.lose()
    assert isinstance(from_address("198.51.100.8").ask(pair.resume_g), Resumed)


KEY = AccessKey(bytes(range(32)))
SHOWN = KEY.header[1]


@pytest.mark.attack(81)
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/ws", []),
        ("/v1/ws", [f"Bearer {'00' * 32}"]),
        ("/v1/ws", [SHOWN.upper()]),
        ("/v1/ws", [SHOWN, SHOWN]),
        ("/v1/ws", [f"Bearer {KEY.hashed.hex}"]),
        (f"/v1/ws?key={KEY.hex}", []),
        (f"/{KEY.hex}/v1/ws", []),
    ],
)
def test_without_the_operators_key_no_room_is_opened(
    start_relay: Start, connect_to: Connect, pair: Pair, path: str, headers: list[str]
) -> None:
    relay = start_relay(service=ServicePolicy.from_table({"keys": [KEY.hashed.hex]}))
    shown = [("Authorization", value) for value in headers]
    device = connect_to(relay, path, additional_headers=shown)
    device.say(pair.create)
    assert device.hear_all() == [Refused("not_admitted"), 4403]


@pytest.mark.attack(81)
def test_with_the_operators_key_a_room_is_opened_and_joined_without_one(
    start_relay: Start, connect_to: Connect, pair: Pair
) -> None:
    keys = ServicePolicy.from_table({"keys": ["11" * 32, KEY.hashed.hex]})
    relay = start_relay(service=keys)
    g = connect_to(relay, additional_headers=[KEY.header])
    assert isinstance(g.ask(pair.create), Created)
    assert isinstance(connect_to(relay).ask(pair.join), Paired)
    assert isinstance(g.hear(), Paired)
    g.lose()
    assert isinstance(connect_to(relay).ask(pair.resume_g), Resumed), "a room that stands goes on"
