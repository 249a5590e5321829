"""Counting, logging, draining and reloading: a relay as its operator sees it."""

import http.client
import json
import re
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from certrelay.wire.messages import (
    Closed,
    ClosedReason,
    Created,
    ErrorCode,
    Leave,
    Paired,
    PeerBack,
    PeerGone,
    Refused,
    Resumed,
)
from relay.admission import WHY_REFUSED
from relay.metrics import WHAT_PROBES_DO
from relay.metrics_now import WHY_UNREADY
from relay.operating import OperatorPages, word
from relay.usage import CODE_EVENTS
from tests.homes import HOMES
from tests.nodes import Node, nodes
from tests.patience import PATIENCE_S
from tests.redis_server import RedisServer, free_port
from tests.relay.conftest import Connect
from tests.relay.device import Device, Pair

LABEL = re.compile(r'([a-z_]+)="([^"]*)"')
WORDS = {
    "waiting",
    "paired",
    "away",
    "g",
    "s",
    "http",
    *get_args(ErrorCode),
    *get_args(ClosedReason),
}
WORDS |= {*WHY_UNREADY, *WHY_REFUSED, *WHAT_PROBES_DO, *CODE_EVENTS}
"""Whatever a label may say: states, roles and words of the protocol."""


@pytest.fixture
def operator() -> int:
    """The operator's port."""
    return free_port()


@pytest.fixture
def relay(operator: int) -> Iterator[Node]:
    """A relay that says all it can to its operator."""
    log = ("--log-format", "json", "--log-level", "debug")
    with nodes(1, "--operate", f"127.0.0.1:{operator}", *log) as (node,):
        yield node


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def figures(port: int) -> dict[str, float]:
    """The metrics by name and labels."""
    status, text = get(port, "/metrics")
    assert status == 200
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_rooms_are_counted_by_state_and_by_what_became_of_them(
    relay: Node, operator: int, connect_to: Connect, pair: Pair
) -> None:
    def connect() -> Device:
        return connect_to(relay)

    waiting = connect()
    assert isinstance(waiting.ask(Pair().create), Created)
    g, s = pair.meet(connect)
    late = connect()
    late.say(Pair().join)
    assert late.hear_all() == [Refused("no_such_room"), 4404]
    counted = figures(operator)
    assert counted['certrelay_rooms{state="waiting"}'] == 1
    assert counted['certrelay_rooms{state="paired"}'] == 1
    assert counted["certrelay_rooms_opened_total"] == 2
    assert counted['certrelay_refused_total{word="no_such_room"}'] == 1
    assert counted["certrelay_scan_seconds_count"] == 1
    assert counted["certrelay_ready"] == 1
    s.say(b"seven b")
    assert g.hear() == b"seven b"
    s.say(Leave())
    assert g.hear_all() == [Closed("left"), 1000]
    counted = figures(operator)
    assert counted['certrelay_rooms{state="paired"}'] == 0
    assert counted['certrelay_rooms_over_total{reason="left"}'] == 1
    assert counted["certrelay_room_bytes_sum"] == 7


def test_a_room_whose_devices_are_both_gone_is_counted_by_what_ended_it(
    operator: int, tmp_path: Path, connect_to: Connect, pair: Pair
) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text("[room]\ngrace_s = 0.2\n")
    with nodes(1, "--operate", f"127.0.0.1:{operator}", "--limits", limits) as (relay,):
        for device in pair.meet(lambda: connect_to(relay)):
            device.lose()
        ended: dict[str, float] = {}
        while not any(ended.values()):
            found = figures(operator).items()
            ended = {name: count for name, count in found if "rooms_over_total" in name}
    assert {name for name, count in ended.items() if count} == {
        'certrelay_rooms_over_total{reason="grace"}'
    }


def test_every_word_and_reason_is_there_before_it_is_first_said(relay: Node, operator: int) -> None:
    counted = figures(operator)
    for code in (*get_args(ErrorCode), "http"):
        assert counted[f'certrelay_refused_total{{word="{code}"}}'] == 0
    for reason in get_args(ClosedReason):
        assert counted[f'certrelay_rooms_over_total{{reason="{reason}"}}'] == 0
    assert counted['certrelay_connections_lost_total{role="s"}'] == 0


@pytest.mark.attack(40)
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9180", 200),
        ("[::1]:9100", 200),
        ("relay:9100", 200),
        ("localhost", 200),
        ("relay.bank.example:9100", 200),
        ("evil.example", 421),
        ("evil.example:9100", 421),
        ("127.0.0.1.evil.example", 421),
    ],
)
def test_the_operators_pages_answer_to_names_that_no_page_of_the_web_has(
    host: str, status: int
) -> None:
    def said(head: bytes) -> int:
        pages = OperatorPages({"/metrics": word(lambda: "")}, ["relay.bank.example"])
        return int(pages._response(head).split(b" ")[1])

    request = f"GET /metrics HTTP/1.1\r\nHost: {host}\r\n"
    assert said(f"{request}\r\n".encode()) == status
    assert said(f"{request}Host: 127.0.0.1\r\n\r\n".encode()) == 421
    assert said(b"GET /metrics HTTP/1.0\r\n\r\n") == 200


@pytest.mark.attack(33)
def test_neither_figures_nor_lines_name_a_room_an_address_or_a_secret(
    relay: Node, operator: int, connect_to: Connect, pair: Pair
) -> None:
    g, s = pair.meet(lambda: connect_to(relay))
    s.say(b"sealed")
    assert g.hear() == b"sealed"
    other = Pair()
    assert isinstance(connect_to(relay).ask(other.create), Created)
    refused = connect_to(relay).ask(other.join_as("android", "G5.0", "a stranger's words"))
    assert isinstance(refused, Refused)
    s.lose()
    assert g.hear() == PeerGone()
    g.say(Leave())
    assert g.hear_all() == [1000]
    _, shown = get(operator, "/metrics")
    labels = {(name, value) for name, value in LABEL.findall(shown) if name != "le"}
    own = {"version", "python", "records"}  # of the program, and no stranger's
    assert {name for name, _ in labels} - own == {"state", "reason", "word", "role", "event"}
    assert {value for name, value in labels if name not in own} <= WORDS
    relay.send(signal.SIGINT)
    _, logged = relay.wait()
    lines = [json.loads(line) for line in logged.splitlines()]
    assert {"opened", "paired", "carried"} <= {line["event"] for line in lines}
    assert all(set(line) >= {"time", "level", "event"} for line in lines)
    secrets = [pair.secret, pair.secret.room, pair.g_token, pair.s_token, pair.g_token.hashed]
    for hidden in (*(secret.hex for secret in secrets), "127.0.0.1", "stranger's", "sealed"):
        assert hidden not in shown
        assert hidden not in logged


def test_the_operators_address_has_its_own_pages_and_no_others(relay: Node, operator: int) -> None:
    assert get(operator, "/healthz") == (200, "ok\n")
    assert get(operator, "/readyz") == (200, "ok\n")
    assert get(operator, "/v1/ws")[0] == 404
    assert get(relay.port, "/readyz") == (200, "ok\n")
    assert get(relay.port, "/metrics")[0] == 404


def test_a_policy_is_read_anew_and_a_broken_one_changes_nothing(
    tmp_path: Path, connect_to: Connect
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[android]\napp = "G5.0"\n')
    with nodes(1, "--policy", policy, "--log-level", "warning") as (relay,):

        def join() -> object:
            pair = Pair()
            assert isinstance(connect_to(relay).ask(pair.create), Created)
            return connect_to(relay).ask(pair.join)

        assert isinstance(join(), Paired)
        policy.write_text('[android]\napp = "G9.0"\n')
        relay.send(signal.SIGHUP)
        while isinstance(answer := join(), Paired):
            pass
        assert isinstance(answer, Refused)
        assert answer.code == "version_too_low"
        policy.write_text("no policy")
        relay.send(signal.SIGHUP)
        relay.send(signal.SIGINT)
        _, logged = relay.wait()
        assert "reloaded read=policy" in logged


@pytest.mark.parametrize("rooms_in", HOMES[:2])
def test_a_relay_that_is_stopped_by_hand_lets_pairs_finish_and_says_so_to_all_others(
    rooms_in: str,
    redis: RedisServer,
    operator: int,
    tmp_path: Path,
    connect_to: Connect,
    pair: Pair,
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[service]\nsuspended = false\n")
    more = () if rooms_in == "memory" else ("--redis", redis.url)
    operate = ("--operate", f"127.0.0.1:{operator}")
    with nodes(1, "--policy", policy, *operate, *more) as (relay,):
        g, s = pair.meet(lambda: connect_to(relay))
        waiting, code = connect_to(relay), Pair()
        assert isinstance(waiting.ask(code.create), Created)
        policy.write_text("[service]\nsuspended = true\n")
        relay.send(signal.SIGHUP)
        assert waiting.hear_all() == [Closed("suspended"), 1000]
        for ask in (Pair().create, Pair().join, code.create, code.join):
            newcomer = connect_to(relay)
            newcomer.say(ask)
            assert newcomer.hear_all() == [Refused("suspended"), 4429]
        assert figures(operator)["certrelay_suspended"] == 1
        assert get(relay.port, "/readyz")[0] == 200, "it has an answer for whoever comes"
        s.lose()
        assert g.hear() == PeerGone()
        back = connect_to(relay)
        assert isinstance(back.ask(pair.resume_s), Resumed)
        assert g.hear() == PeerBack()
        back.say(b"to the end")
        assert g.hear() == b"to the end"
        back.say(Leave())
        assert g.hear_all() == [Closed("left"), 1000]
        policy.write_text("[service]\nsuspended = false\n")
        relay.send(signal.SIGHUP)
        while isinstance(answer := connect_to(relay).ask(Pair().create), Refused):
            pass
        assert isinstance(answer, Created)


def test_out_of_its_hours_a_relay_says_when_it_opens(connect_to: Connect, tmp_path: Path) -> None:
    later = time.gmtime(time.time() + 12 * 3600)
    policy = tmp_path / "policy.toml"
    hours = f"mon-sun {later.tm_hour:02}:00-{later.tm_hour:02}:59"
    policy.write_text(f'[service]\nhours = ["{hours}"]\nutc_offset = "+00:00"\n')
    with nodes(1, "--policy", policy) as (relay,):
        refused = connect_to(relay).ask(Pair().create)
    assert isinstance(refused, Refused)
    assert refused.code == "suspended"
    assert refused.retry_in_ms is not None
    assert 11 * 3600 <= refused.retry_in_ms / 1000 <= 12 * 3600


def test_a_drained_relay_lets_pairs_finish_and_sends_the_others_elsewhere(
    connect_to: Connect, pair: Pair
) -> None:
    with nodes(1) as (relay,):
        g, s = pair.meet(lambda: connect_to(relay))
        waiting = connect_to(relay)
        assert isinstance(waiting.ask(Pair().create), Created)
        relay.send(signal.SIGTERM)
        assert waiting.hear_all() == [1012]
        assert get(relay.port, "/readyz") == (503, "draining\n")
        newcomer = connect_to(relay)
        newcomer.say(Pair().create)
        assert newcomer.hear_all() == [1012]
        s.lose()
        assert g.hear() is not None
        back = connect_to(relay)
        assert isinstance(back.ask(pair.resume_s), Resumed)
        assert g.hear() == PeerBack()
        back.say(b"the rest of it")
        assert g.hear() == b"the rest of it"
        back.say(Leave())
        assert g.hear_all() == [Closed("left"), 1000]
        assert relay.wait()[0] == 0


def test_a_drain_ends_with_its_limit_or_with_a_second_signal(
    connect_to: Connect,
) -> None:
    with nodes(1, "--drain-s", "0.2") as (limited,), nodes(1) as (asked_twice,):
        for relay in (limited, asked_twice):
            pair = Pair()
            g, _ = pair.meet(partial(connect_to, relay))
            relay.send(signal.SIGTERM)
            if relay is asked_twice:
                while get(relay.port, "/readyz")[0] != 503:
                    pass
                relay.send(signal.SIGTERM)
            assert g.hear_all()[-1] == 1012
            assert relay.wait()[0] == 0


def test_processes_share_a_port_and_its_rooms(
    redis: RedisServer, connect_to: Connect, tmp_path: Path
) -> None:
    address = tmp_path / "redis.url"
    address.write_text(f"{redis.url}\n")
    arguments = ("--share-port", "--redis", f"@{address}")
    with nodes(1, *arguments) as (first,):
        second = Node(*arguments, port=first.port)
        try:
            second.start()
            assert second.port == first.port
            for _ in range(8):
                pair = Pair()
                g, s = pair.meet(lambda: connect_to(first))
                s.say(b"wherever G is")
                assert g.hear() == b"wherever G is"
        finally:
            second.kill()
