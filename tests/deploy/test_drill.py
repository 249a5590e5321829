"""The operator's drill: an incident is made for real; readiness, log, alarms must tell it, and the
lines of docs/runbook.md are carried out.

The figures are scraped before and during it, and promtool is asked which alarms of
deploy/alerts.yml they would set off.
"""

import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.wire.messages import Closed, Created, Leave, Refused
from tests.client.test_probe import probe
from tests.deploy.fronts import free_port
from tests.deploy.standing import Standing, rings, standing
from tests.nodes import Node, readiness
from tests.redis_server import RedisServer, redis_server
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.test_figures import RAISED
from tests.slow_line import slow_line


def node_of(relay: Standing) -> Node:
    """For those who want a port and nothing else."""
    return Node(port=relay.port)


def test_a_redis_that_is_not_there_from_the_start(tmp_path: Path) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with standing(tmp_path / "a", redis=nobody) as relay:
        assert "why=refused" in relay.logged("store_away")
        relay.becomes(503, "store_away")
        seen = relay.scrape()
        assert rings(tmp_path, seen, seen, "CertrelayNotReady")
        told = relay.carry_out("CertrelayNotReady")
        assert "store_away why=refused" in told
        assert "Redis: not reached (refused)" in told
        assert "Connection refused" in told, "redis-cli says the same"
        assert "store_away" in relay.carry_out("First: is anybody hurt")


def kill(server: RedisServer) -> None:
    server.stop()


def fill(server: RedisServer) -> None:
    server.ask(b"CONFIG SET maxmemory 1")


@pytest.mark.parametrize(
    ("trouble", "why", "shown"),
    [
        (kill, "store_away", "Redis: not reached (refused)"),
        (fill, "store_full", "used_memory"),
    ],
    ids=["killed", "full"],
)
def test_a_redis_that_is_killed_or_full(
    trouble: Callable[[RedisServer], None],
    why: str,
    shown: str,
    tmp_path: Path,
    connect_to: Connect,
    pair: Pair,
) -> None:
    with redis_server() as server, standing(tmp_path / "a", redis=server.url) as relay:
        g, s = pair.meet(lambda: connect_to(node_of(relay)))
        before = relay.scrape()
        assert not rings(tmp_path, before, before, "CertrelayNotReady")
        trouble(server)
        relay.logged(why)
        relay.becomes(503, why)
        assert rings(tmp_path, before, relay.scrape(), "CertrelayNotReady")
        told = relay.carry_out("CertrelayNotReady")
        assert why in told
        assert shown in told
        s.say(b"pairs on one node go on")
        assert g.hear() == b"pairs on one node go on"
        assert connect_to(node_of(relay)).ask(Pair().create) == Refused("try_later")
        assert rings(tmp_path, before, relay.scrape(), "CertrelayTryLater")
        assert "try_later" in relay.carry_out("CertrelayTryLater")


def test_a_redis_whose_clock_jumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries:
        pytest.skip("libfaketime is missing")
    with redis_server() as server, standing(tmp_path / "a", redis=server.url) as relay:
        assert probe(relay.url).returncode == ExitStatus.OK
        before = relay.scrape()
        server.stop()
        with monkeypatch.context() as patched:
            patched.setenv("LD_PRELOAD", str(libraries[0]))
            patched.setenv("FAKETIME", "+900s")
            server.start()
        relay.logged("store_joined", after=relay.log.read_text().find("store_away"))
        relay.becomes(200, "ok")
        assert probe(relay.url).returncode == ExitStatus.OK
        assert "seconds=" in relay.logged("store_time_jumped")
        assert rings(tmp_path, before, relay.scrape(), "CertrelayRedisClock")
        told = relay.carry_out("CertrelayRedisClock")
        assert "store_time_jumped" in told
        seconds = [int(line) for line in told.splitlines() if line.isdecimal() and len(line) == 10]
        assert 890 < seconds[0] - seconds[1] < 910, "the two clocks stand one below the other"


def test_a_redis_that_does_not_answer(tmp_path: Path) -> None:
    with redis_server() as server, standing(tmp_path / "a", redis=server.url) as relay:
        before = relay.scrape()
        assert not rings(tmp_path, before, before, "CertrelayNotReady")
        with server.frozen():
            relay.becomes(503, "store_away")
            assert "why=timeout" in relay.logged("store_away")
            assert rings(tmp_path, before, relay.scrape(), "CertrelayNotReady")
        relay.becomes(200, "ok")


SLOW_S = 0.4
"""Of a slow Redis: the alarm is for answers above 0.25 s, and the node gives up at 4 s."""


def test_a_redis_that_is_slow(tmp_path: Path) -> None:
    """Copies go through, later; the runbook's first line shows the same milliseconds."""
    rings_in_time = partial(rings, tmp_path, alarm="CertrelayRedisSlow", minutes=9, goes_on=True)
    with (
        redis_server() as server,
        slow_line(server.port) as line,
        standing(tmp_path / "a", redis=f"redis://127.0.0.1:{line.port}/0") as relay,
    ):
        first = relay.scrape()
        assert probe(relay.url).returncode == ExitStatus.OK
        quick = relay.scrape()
        assert not rings_in_time(first, quick)

        line.delay_s = SLOW_S
        assert probe(relay.url).returncode == ExitStatus.OK
        during = relay.scrape()
        assert readiness(relay.operator) == (200, "ok")
        assert rings_in_time(quick, during)
        assert not rings(tmp_path, quick, during, "CertrelayNotReady")
        told = relay.carry_out("CertrelayRedisSlow")
        assert "total_commands_processed" in told
        least_ms = int(told.splitlines()[1].split()[0])
        assert least_ms >= SLOW_S * 1000

        line.delay_s = 0.0
        assert probe(relay.url).returncode == ExitStatus.OK
        assert not rings_in_time(during, relay.scrape())


@contextmanager
def crowd(port: int, count: int) -> Iterator[None]:
    """Connections that say nothing."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
        yield


def test_a_flood_of_requests_from_one_address(
    tmp_path: Path, connect_to: Connect, pair: Pair
) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text("[admission]\nasks_per_address = 20\nasks_per_address_per_s = 0.001\n")
    told = ("--limits", limits, "--trust-proxy", "127.0.0.1")
    with standing(tmp_path / "a", *told) as relay:
        before = relay.scrape()
        flooding = {"additional_headers": {"X-Forwarded-For": "203.0.113.7"}}
        words = [connect_to(node_of(relay), **flooding).ask(Pair().create) for _ in range(80)]
        assert sum(isinstance(word, Created) for word in words) == 20
        assert rings(tmp_path, before, relay.scrape(), "CertrelayRateLimited")
        shown = relay.carry_out("CertrelayRateLimited")
        assert "203.0.113.7" not in shown + relay.log.read_text(), "no address is written down"
        g, s = pair.meet(lambda: connect_to(node_of(relay)))
        s.say(Leave())
        assert g.hear_all() == [Closed("left"), 1000], "people at other addresses are served"
        assert relay.scrape()['certrelay_ready{instance="a",job="certrelay"}'] == "1.0"


def test_a_crowd_that_uses_the_connections_up(tmp_path: Path) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text("[admission]\nconnections = 20\n")
    with standing(tmp_path / "a", "--limits", limits) as relay:
        before = relay.scrape()
        with crowd(relay.port, 30):
            assert "why=limit" in relay.logged("connections_refused")
            assert readiness(relay.operator)[0] == 200, "the operator has connections of its own"
            during = relay.scrape()
            told = relay.carry_out("CertrelayConnectionsRefused")
        assert rings(tmp_path, before, during, "CertrelayConnectionsRefused")
        assert rings(tmp_path, during, during, "CertrelayConnectionsNearLimit", minutes=7)
        assert "why=limit" in told
        assert "127.0.0.1" in told, "`ss` shows from where"
        assert " connections=20 " in relay.carry_out("CertrelayConnectionsNearLimit")


def test_open_files_that_run_out(tmp_path: Path) -> None:
    """`ulimit -n`: 96 are kept back, so 200 make 104 connections."""
    with standing(tmp_path / "a", under="ulimit -n 200; exec") as relay:
        assert " files=200 " in f"{relay.logged('started')} "
        assert " connections=104 " in relay.logged("started")
        before = relay.scrape()
        with crowd(relay.port, 150):
            assert "why=limit" in relay.logged("connections_refused")
            during = relay.scrape()
            assert readiness(relay.operator) == (200, "ok")
            told = relay.carry_out("CertrelayFilesNearLimit")
        assert rings(tmp_path, before, during, "CertrelayConnectionsRefused")
        assert rings(tmp_path, during, during, "CertrelayConnectionsNearLimit", minutes=7)
        files = int(told.splitlines()[1])
        assert 104 < files < 200, "no file was wanting: it turned connections away before"
        assert "200" in told.splitlines()[3]
        assert probe(relay.url).returncode == ExitStatus.OK


HASTY = "import relay.usage as u, relay.__main__ as m, sys; u.EVERY_S = 0.5; sys.exit(m.main())"
"""A relay that writes its usage history twice a second."""


def test_a_disk_that_is_full(tmp_path: Path, connect_to: Connect) -> None:
    """A file system of 64 KiB of its own, where the tests may mount one."""
    usage = tmp_path / "a" / "usage"
    usage.mkdir(parents=True)
    writing = ("--usage", usage / "usage.jsonl")
    with small_disk(usage), standing(tmp_path / "a", *writing, code=HASTY) as relay:
        before = relay.scrape()
        filling = usage / "rest"
        with suppress(OSError), filling.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(512))
        assert isinstance(connect_to(node_of(relay)).ask(Pair().create), Created)
        relay.logged("usage_unwritten")
        assert readiness(relay.operator) == (200, "ok"), "copies do not need the disk"
        assert rings(tmp_path, before, relay.scrape(), "CertrelayUsageUnwritten")
        told = relay.carry_out("CertrelayUsageUnwritten")
        assert "100%" in told
        assert "usage_unwritten" in told
        filling.unlink()
        relay.send(signal.SIGTERM)
        assert relay.wait() == 0
        assert '"opened": 1' in (usage / "usage.jsonl").read_text()


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    """Where standard error is a full disk, copies go on."""
    with standing(tmp_path / "a", under="exec 2>/dev/full; exec") as relay:
        assert probe(relay.url).returncode == ExitStatus.OK
        assert readiness(relay.operator) == (200, "ok")


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a file system of 64 KiB there."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "certrelay-test", str(folder)]
    try:
        done = subprocess.run(mount, check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("mount is missing")
    if done.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_node_that_is_down_and_two_versions_of_records(tmp_path: Path) -> None:
    with redis_server() as server, standing(tmp_path / "a", redis=server.url) as older:
        with standing(tmp_path / "b", redis=server.url, code=RAISED) as other:
            other.logged("store_foreign")
            other.becomes(503, "store_foreign")
            both = older.scrape() | other.scrape("b")
            assert rings(tmp_path, both, both, "CertrelayNotReady")
            assert rings(tmp_path, both, both, "CertrelayRecordsDiffer", minutes=7)
            assert not rings(tmp_path, both, both, "CertrelayDown")
            told = other.carry_out("CertrelayRecordsDiffer")
            assert 'records="2"' in told
            assert "store_foreign" in told
            assert other.wait() == 0, "the runbook's last line stops it"
        down = {
            name: "0" if name.startswith('up{instance="b"') else each for name, each in both.items()
        }
        assert rings(tmp_path, both, down, "CertrelayDown")
        assert older.scrape()['certrelay_ready{instance="a",job="certrelay"}'] == "1.0"


def test_a_node_that_was_killed_is_started_by_the_runbook(tmp_path: Path) -> None:
    with standing(tmp_path / "a") as relay:
        relay.stop()
        told = relay.carry_out("CertrelayDown")
        assert "No relay answers at" in told
        assert readiness(relay.operator) == (200, "ok")


def test_a_node_that_drains_for_long(tmp_path: Path, connect_to: Connect, pair: Pair) -> None:
    with standing(tmp_path / "a") as relay:
        before = relay.scrape()
        g, s = pair.meet(lambda: connect_to(node_of(relay)))
        relay.send(signal.SIGTERM)
        relay.becomes(503, "draining")
        assert rings(tmp_path, before, relay.scrape(), "CertrelayDrainsLong")
        told = relay.carry_out("CertrelayDrainsLong")
        assert "sockets            2" in told
        assert "draining sockets=2" in told
        assert relay.wait() == 0, "the runbook's last line ends it at once"
        assert (g.hear_all()[-1], s.hear_all()[-1]) == (1012, 1012)


def test_the_probe_that_fails(tmp_path: Path) -> None:
    with redis_server() as server, standing(tmp_path / "a", redis=server.url) as relay:
        assert "A whole copy went through" in relay.carry_out("CertrelayProbeFails")
        server.stop()
        relay.becomes(503, "store_away")
        told = relay.carry_out("CertrelayProbeFails")
        assert "A whole copy went through" not in told
        assert "store_away" in told
