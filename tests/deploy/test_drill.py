"""The operator's drill: an incident is made for real; readiness, log and alarms must tell it.

The figures are scraped before and during it, and promtool is asked which alarms of
deploy/alerts.yml they would set off.
"""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.component import program
from tests.deploy.fronts import DEPLOY, free_port
from tests.nodes import ROOT, Node, nodes, readiness
from tests.redis_server import RedisServer, redis_server
from tests.relay.test_figures import RAISED
from tests.relay.test_operating import get
from tests.relay.test_reload import until
from tests.relay.tls import make_certificate

Series = dict[str, str]


def scrape(port: int, instance: str = "a") -> Series:
    """All figures of a node, as Prometheus labels them."""
    _, text = get(port, "/metrics")
    found: Series = {}
    for name, labels, told in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M):
        own = f'{labels}{"," if labels else ""}instance="{instance}",job="certrelay"'
        # promtool's clock begins at 0.
        is_moment = name.endswith("_timestamp_seconds")
        found[f"{name}{{{own}}}"] = str(float(told) - time.time()) if is_moment else told
    found[f'up{{instance="{instance}",job="certrelay"}}'] = "1"
    return found


def rings(folder: Path, before: Series, during: Series, alarm: str) -> bool:
    """Whether figures that stay so for a while set an alarm off."""
    series = "\n".join(
        f"      - {{series: '{name}', values: '{before.get(name, '0')} {value}x9'}}"
        for name, value in during.items()
    )
    expression = f'count(ALERTS{{alertname="{alarm}",alertstate="firing"}}) or vector(0)'
    (folder / "alerts.yml").write_text((DEPLOY / "alerts.yml").read_text("utf-8"))
    (folder / "drill.yml").write_text(
        f"rule_files: [alerts.yml]\nevaluation_interval: 1m\ntests:\n"
        f"  - interval: 1m\n    input_series:\n{series}\n    promql_expr_test:\n"
        f"      - expr: '{expression}'\n        eval_time: 4m\n"
        f"        exp_samples: [{{labels: '{{}}', value: 0}}]\n"
    )
    command = [program("promtool"), "test", "rules", str(folder / "drill.yml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0 or "got:" in done.stdout + done.stderr, done.stdout + done.stderr
    return done.returncode != 0


@pytest.fixture
def operator() -> int:
    return free_port()


@pytest.fixture
def operate(operator: int) -> tuple[str, str]:
    return ("--operate", f"127.0.0.1:{operator}")


def settled(port: int, why: str) -> None:
    """Wait until a node says of itself that it is so."""
    while readiness(port) != (503, why):
        pass


def test_a_redis_that_is_not_there_from_the_start(
    operator: int, operate: tuple[str, str], tmp_path: Path
) -> None:
    with nodes(1, *operate, "--redis", f"redis://127.0.0.1:{free_port()}/0") as (node,):
        assert node.process is not None
        assert "why=refused" in until(node.process, "store_away")
        settled(node.port, "store_away")
        seen = scrape(operator)
        assert rings(tmp_path, seen, seen, "CertrelayNotReady")


def kill(server: RedisServer) -> None:
    server.stop()


def fill(server: RedisServer) -> None:
    server.ask(b"CONFIG SET maxmemory 1")


@pytest.mark.parametrize(
    ("trouble", "why"), [(kill, "store_away"), (fill, "store_full")], ids=["killed", "full"]
)
def test_a_redis_that_is_killed_or_full(
    trouble: Callable[[RedisServer], None],
    why: str,
    operator: int,
    operate: tuple[str, str],
    tmp_path: Path,
) -> None:
    with redis_server() as server, nodes(1, *operate, "--redis", server.url) as (node,):
        assert node.process is not None
        before = scrape(operator)
        assert not rings(tmp_path, before, before, "CertrelayNotReady")
        trouble(server)
        until(node.process, why)
        settled(node.port, why)
        assert rings(tmp_path, before, scrape(operator), "CertrelayNotReady")


def test_a_redis_whose_clock_jumps(
    operator: int, operate: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries:
        pytest.skip("libfaketime is missing")
    with redis_server() as server, nodes(1, *operate, "--redis", server.url) as (node,):
        assert node.process is not None
        ask(node)
        before = scrape(operator)
        server.stop()
        with monkeypatch.context() as patched:
            patched.setenv("LD_PRELOAD", str(libraries[0]))
            patched.setenv("FAKETIME", "+900s")
            server.start()
        until(node.process, "store_joined")
        while readiness(node.port)[0] != 200:
            pass
        ask(node)
        assert "seconds=" in until(node.process, "store_time_jumped")
        assert rings(tmp_path, before, scrape(operator), "CertrelayRedisClock")


def ask(node: Node) -> None:
    """Let a node look into its store: a probe opens a room."""
    command = [sys.executable, "-m", "relay", "probe", node.url]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@contextmanager
def crowd(port: int, count: int) -> Iterator[None]:
    """Connections that say nothing."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
        yield


def test_a_crowd_that_uses_the_connections_up(
    operator: int, operate: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "limits.toml").write_text("[admission]\nconnections = 20\n")
    with nodes(1, *operate, "--limits", tmp_path / "limits.toml") as (node,):
        assert node.process is not None
        before = scrape(operator)
        with crowd(node.port, 30):
            assert "why=limit" in until(node.process, "connections_refused")
            assert readiness(operator)[0] == 200, "the operator has connections of its own"
            during = scrape(operator)
        assert rings(tmp_path, before, during, "CertrelayConnectionsRefused")


def test_a_certificate_that_ends_tomorrow_and_files_that_cannot_be_used(
    operator: int, operate: tuple[str, str], tmp_path: Path
) -> None:
    certificate, policy = make_certificate(tmp_path), tmp_path / "policy.toml"
    policy.write_text('[android]\napp = "G5.0"\n')
    tls = ("--tls-cert", certificate.chain, "--tls-key", certificate.key)
    with nodes(1, *operate, *tls, "--policy", policy) as (node,):
        assert node.process is not None
        before = scrape(operator)
        assert rings(tmp_path, before, before, "CertrelayCertificateEnds")
        assert not rings(tmp_path, before, before, "CertrelayReloadFailed")
        policy.write_text("[android]\n")
        node.send(signal.SIGHUP)
        assert str(policy) in until(node.process, "policy_unreadable")
        until(node.process, "reloaded")
        assert rings(tmp_path, before, scrape(operator), "CertrelayReloadFailed")


def test_two_record_versions_and_a_node_that_is_down(
    operator: int, operate: tuple[str, str], tmp_path: Path
) -> None:
    port, newer_operator = free_port(), free_port()
    with redis_server() as server, nodes(1, *operate, "--redis", server.url):
        command = [sys.executable, "-c", RAISED, "serve", "--port", str(port)]
        command += ["--redis", server.url, "--operate", f"127.0.0.1:{newer_operator}"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as newer:
            try:
                until(newer, "store_foreign")
                settled(newer_operator, "store_foreign")
                both = scrape(operator) | scrape(newer_operator, "b")
            finally:
                newer.kill()
    assert rings(tmp_path, both, both, "CertrelayNotReady")
    down = {
        name: "0" if name.startswith('up{instance="b"') else each for name, each in both.items()
    }
    assert rings(tmp_path, both, down, "CertrelayDown")
    assert not rings(tmp_path, both, both, "CertrelayDown")
