"""Hours of use and the stop by hand: a value and a time in, an answer out."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certrelay.errors import UsageError
from certrelay.wire.ids import AccessKey
from certrelay.wire.messages import Refused
from certrelay.wire.service import ServicePolicy

KOREA = timezone(timedelta(hours=9))
BANK = ServicePolicy.from_table({"hours": ["mon-fri 09:00-18:00", "sat 09:00-13:00"]})
NIGHT = ServicePolicy.from_table({"hours": ["sun 22:00-02:00"], "utc_offset": "-03:30"})


def at(text: str) -> float:
    """A time of Korea; 2026-11-23 is a Monday."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=KOREA).timestamp()


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("2026-11-23 08:59:59", 1),
        ("2026-11-23 09:00:00", None),
        ("2026-11-23 17:59:59", None),
        ("2026-11-23 18:00:00", 15 * 3600),
        ("2026-11-28 12:59:59", None),
        ("2026-11-28 13:00:00", (11 + 24 + 9) * 3600),
        ("2026-11-29 12:00:00", 21 * 3600),
        ("1969-12-29 09:00:00", None),
    ],
)
def test_hours_are_those_of_korea_and_the_next_opening_is_told(
    text: str, wait_s: int | None
) -> None:
    told = None if wait_s is None else Refused("suspended", retry_in_ms=wait_s * 1000)
    assert BANK.refusal(at(text)) == told


def test_a_span_goes_over_midnight_and_over_the_weeks_end() -> None:
    there = timezone(timedelta(hours=-3, minutes=-30))
    for day, hour, is_open in ((29, 21, False), (29, 22, True), (30, 1, True), (30, 2, False)):
        moment = datetime(2026, 11, day, hour, tzinfo=there).timestamp()
        assert (NIGHT.refusal(moment) is None) is is_open, (day, hour)


def test_a_stop_by_hand_has_no_end_and_counts_more_than_hours() -> None:
    stopped = ServicePolicy.from_table({"suspended": True, "hours": ["mon-sun 00:00-24:00"]})
    assert stopped.refusal(at("2026-11-23 12:00:00")) == Refused("suspended")
    assert ServicePolicy.from_table({"suspended": False}).is_always_open
    assert ServicePolicy().refusal(0.0) is None


@given(st.integers(0, 4_000_000_000), st.sampled_from([BANK, NIGHT]))
def test_whoever_waits_as_long_as_told_comes_in(moment: int, policy: ServicePolicy) -> None:
    refused = policy.refusal(moment)
    if refused is not None:
        assert refused.retry_in_ms is not None
        assert 0 < refused.retry_in_ms <= 7 * 24 * 3600 * 1000
        opens = moment + refused.retry_in_ms / 1000
        assert policy.refusal(opens + 0.01) is None
        assert policy.refusal(opens - 1) is not None or refused.retry_in_ms < 1000


@pytest.mark.parametrize(
    ("table", "where"),
    [
        ([], "[service]"),
        ({"suspended": "yes"}, "[service] suspended"),
        ({"networks": []}, "[service] networks"),
        ({"networks": "10.0.0.0/8"}, "[service] networks"),
        ({"networks": ["10.0.0.1/8"]}, "[service] networks"),
        ({"networks": [10]}, "[service] networks"),
        ({"keys": []}, "[service] keys"),
        ({"keys": "00" * 32}, "[service] keys"),
        ({"keys": ["00" * 31]}, "[service] keys"),
        ({"keys": ["AB" * 32]}, "[service] keys"),
        ({"keys": [5]}, "[service] keys"),
        ({"closed": True}, "[service] closed"),
        ({"hours": "mon-fri 09:00-18:00"}, "[service] hours"),
        ({"hours": []}, "[service] hours"),
        ({"hours": [9]}, "[service] hours"),
        ({"hours": 9}, "[service] hours"),
        ({"hours": ["mon-fri"]}, "[service] hours"),
        ({"hours": ["monday 09:00-18:00"]}, "[service] hours"),
        ({"hours": ["mon 09:00-09:00"]}, "[service] hours"),
        ({"hours": ["mon 24:00-24:00"]}, "[service] hours"),
        ({"hours": ["mon 09:00-24:30"]}, "[service] hours"),
        ({"hours": ["mon 09:60-10:00"]}, "[service] hours"),
        ({"hours": ["mon- 09:00-10:00"]}, "[service] hours"),
        ({"hours": [", 09:00-10:00"]}, "[service] hours"),
        ({"utc_offset": "KST"}, "[service] utc_offset"),
        ({"utc_offset": 9}, "[service] utc_offset"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_place(table: Any, where: str) -> None:
    with pytest.raises(UsageError) as refused:
        ServicePolicy.from_table(table)
    assert refused.value.code == "bad_policy"
    assert refused.value.details["where"] == where


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("203.0.113.9", True),
        ("203.0.114.9", False),
        ("2001:db8:17:3::", True),
        ("2001:db8:18:3::", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_rooms_are_opened_from_the_operators_networks_only(address: str, admitted: bool) -> None:
    networks = ["203.0.113.0/24", "2001:db8:17::/48"]
    assert ServicePolicy.from_table({"networks": networks}).may_open(address) is admitted
    assert ServicePolicy().may_open(address)


KEY, OTHER = AccessKey(bytes(range(32))), AccessKey(bytes(32))


@pytest.mark.attack(81)
def test_a_key_opens_rooms_from_anywhere_and_a_network_without_a_key() -> None:
    keys = {"keys": ["11" * 32, KEY.hashed.hex]}
    by_key = ServicePolicy.from_table(keys)
    assert by_key.may_open("198.51.100.7", KEY.hashed)
    assert not by_key.may_open("198.51.100.7", OTHER.hashed)
    assert not by_key.may_open("198.51.100.7")
    either = ServicePolicy.from_table({**keys, "networks": ["203.0.113.0/24"]})
    assert either.may_open("203.0.113.9")
    assert either.may_open("198.51.100.7", KEY.hashed)
    assert not either.may_open("198.51.100.7", OTHER.hashed)


@pytest.mark.attack(81)
def test_the_policy_holds_hashes_of_keys_and_prints_none() -> None:
    policy = ServicePolicy.from_table({"keys": [KEY.hashed.hex]})
    for shown in (repr(policy), repr(KEY), str(KEY), f"{KEY.hashed}"):
        assert KEY.hex not in shown
        assert KEY.hashed.hex not in shown
    assert KEY.hex != KEY.hashed.hex


@pytest.mark.attack(81)
@pytest.mark.parametrize(
    ("value", "is_key"),
    [
        (f"Bearer {KEY.hex}", True),
        (f"bearer  {KEY.hex} ", True),
        (f"Basic {KEY.hex}", False),
        (KEY.hex, False),
        ("Bearer", False),
        ("", False),
        (f"Bearer {KEY.hex.upper()}", False),
        (f"Bearer {KEY.hex}00", False),
        (f"Bearer {KEY.hex},{KEY.hex}", False),
    ],
)
def test_a_header_is_a_key_or_nothing(value: str, is_key: bool) -> None:
    assert AccessKey.from_header(value) == (KEY if is_key else None)
    assert AccessKey.from_header(KEY.header[1]) == KEY
