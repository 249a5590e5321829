"""Metrics that an operator's alarms need: connections and their limit, files read, the store."""

import contextlib
import hashlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from certrelay.wire.messages import Closed, Created, Leave
from relay.operating import MAX_CONNECTIONS
from relay.tls_files import not_after
from tests.nodes import ROOT, Node, nodes, readiness
from tests.redis_server import RedisServer, free_port, redis_server
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.test_operating import figures
from tests.relay.test_reload import until
from tests.relay.tls import Certificate


@pytest.fixture
def operator() -> int:
    return free_port()


@pytest.fixture
def strangers() -> Iterator[ExitStack]:
    """Connections that say nothing."""
    with ExitStack() as stack:
        yield stack


def idle(strangers: ExitStack, port: int) -> socket.socket:
    return strangers.enter_context(socket.create_connection(("127.0.0.1", port), 20))


def test_connections_their_limit_and_those_turned_away_are_told(
    operator: int, strangers: ExitStack, tmp_path: Path
) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text("[admission]\nconnections = 3\n")
    told = ("--limits", limits, "--operate", f"127.0.0.1:{operator}")
    with nodes(1, *told) as (relay,):
        assert relay.process is not None
        assert " connections=3 " in until(relay.process, "started")
        for _ in range(3):
            idle(strangers, relay.port)
        while figures(operator)["certrelay_connections"] < 3:
            pass
        counted = figures(operator)
        assert counted["certrelay_connections_limit"] == 3
        assert counted['certrelay_connections_refused_total{reason="limit"}'] == 0
        with contextlib.suppress(ConnectionResetError):
            assert idle(strangers, relay.port).recv(1) == b""
        line = until(relay.process, "connections_refused")
        assert "why=limit" in line
        assert "limit=3" in line
        assert figures(operator)['certrelay_connections_refused_total{reason="limit"}'] == 1


def test_connections_that_idle_at_the_operators_port_cost_no_device_its_place(
    operator: int, strangers: ExitStack, connect_to: Connect, pair: Pair
) -> None:
    command = [sys.executable, "-m", "relay", "serve", "--port", "0"]
    command += ["--operate", f"127.0.0.1:{operator}"]
    few = f"ulimit -n 160; exec {' '.join(command)}"
    with subprocess.Popen(["sh", "-c", few], cwd=ROOT, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout is not None
            node = Node(port=int(relay.stdout.readline().rstrip("/\n").rpartition(":")[2]))
            for _ in range(200):
                idle(strangers, operator)
            assert isinstance(connect_to(node).ask(pair.create), Created)
            files = Path(f"/proc/{relay.pid}/fd")
            assert not files.exists() or len(list(files.iterdir())) < 40 + MAX_CONNECTIONS
        finally:
            relay.kill()


def test_what_was_read_and_when_the_certificate_ends_are_told(
    operator: int, certificate: Certificate, tmp_path: Path
) -> None:
    policy, chain = tmp_path / "policy.toml", tmp_path / "chain.pem"
    policy.write_text('[android]\napp = "G5.0"\n')
    shutil.copy(certificate.chain, chain)
    tls = ("--tls-cert", chain, "--tls-key", certificate.key)
    with nodes(1, "--policy", policy, *tls, "--operate", f"127.0.0.1:{operator}") as (relay,):
        assert relay.process is not None
        counted = figures(operator)
        digest = hashlib.sha256(policy.read_bytes()).hexdigest()[:12]
        assert counted[f'certrelay_policy_info{{sha256="{digest}"}}'] == 1
        ends = counted["certrelay_tls_certificate_not_after_timestamp_seconds"]
        assert ends == not_after(certificate.chain)
        read_at = counted["certrelay_reload_success_timestamp_seconds"]
        chain.write_text("no certificate")
        relay.send(signal.SIGHUP)
        until(relay.process, "reloaded")
        counted = figures(operator)
        assert counted["certrelay_reload_successful"] == 0
        assert counted["certrelay_reload_success_timestamp_seconds"] == read_at
        shutil.copy(certificate.chain, chain)
        relay.send(signal.SIGHUP)
        until(relay.process, "reloaded")
        assert figures(operator)["certrelay_reload_successful"] == 1


def test_the_end_of_a_certificate_is_what_openssl_reads(certificate: Certificate) -> None:
    decode = ssl._ssl._test_decode_cert  # type: ignore[attr-defined]
    told = ssl.cert_time_to_seconds(decode(str(certificate.chain))["notAfter"])
    assert not_after(certificate.chain) == told


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\n", "no certificate"])
def test_what_is_no_certificate_has_no_end(tmp_path: Path, text: str) -> None:
    (tmp_path / "chain.pem").write_text(text)
    with pytest.raises(ValueError, match=r"substring|certificate"):
        not_after(tmp_path / "chain.pem")


def test_why_nobody_is_taken_and_how_the_store_answers_are_told(
    operator: int, redis: RedisServer, connect_to: Connect, pair: Pair
) -> None:
    with nodes(1, "--redis", redis.url, "--operate", f"127.0.0.1:{operator}") as (relay,):
        assert isinstance(connect_to(relay).ask(pair.create), Created)
        counted = figures(operator)
        assert counted["certrelay_store_seconds_count"] > 0
        assert counted['certrelay_store_failures_total{reason="timeout"}'] == 0
        assert abs(counted["certrelay_store_clock_skew_seconds"]) < 5
        assert counted['certrelay_unready{reason="store_away"}'] == 0
        assert counted["certrelay_event_loop_lag_seconds"] >= 0
        assert counted["process_open_fds"] > 0
        with redis.frozen():
            while figures(operator)["certrelay_ready"]:
                pass
            assert figures(operator)['certrelay_unready{reason="store_away"}'] == 1


def test_a_node_that_drains_takes_no_connection_and_lets_pairs_finish(
    redis: RedisServer, operator: int, connect_to: Connect, pair: Pair
) -> None:
    with nodes(1, "--redis", redis.url, "--operate", f"127.0.0.1:{operator}") as (relay,):
        assert relay.process is not None
        g, s = pair.meet(lambda: connect_to(relay))
        relay.send(signal.SIGTERM)
        while readiness(operator) != (503, "draining"):
            pass
        with pytest.raises(ConnectionRefusedError):
            connect_to(relay)
        g.say(b"to the end")
        assert s.hear() == b"to the end"
        s.say(Leave())
        assert g.hear_all() == [Closed("left"), 1000]
        assert relay.wait()[0] == 0


RAISED = "import relay.records as r, relay.__main__ as m, sys; r.VERSION += 1; sys.exit(m.main())"
"""A relay of a release whose records have the next version."""


def test_relays_of_two_record_versions_do_not_share_a_store(
    connect_to: Connect, pair: Pair
) -> None:
    port = free_port()
    with redis_server() as redis, nodes(1, "--redis", redis.url) as (old,):
        command = [sys.executable, "-c", RAISED, "serve", "--port", str(port)]
        pipe = subprocess.PIPE
        told = [*command, "--redis", redis.url]
        with subprocess.Popen(told, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as newer:
            try:
                assert "records=2" in until(newer, "store_foreign")
                while readiness(port) != (503, "store_foreign"):
                    pass
                sent_away = connect_to(Node(port=port))
                sent_away.say(pair.create)
                assert sent_away.hear_all() == [1012]
                assert readiness(old.port)[0] == 200
                assert isinstance(connect_to(old).ask(pair.create), Created)
                old.kill()
                until(newer, "store_own_again")
                while readiness(port)[0] != 200:
                    pass
                assert isinstance(connect_to(Node(port=port)).ask(Pair().create), Created)
            finally:
                newer.kill()
