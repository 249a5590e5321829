"""`certrelay-relay admin`: the operator's socket of a relay that really runs."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.wire.messages import Closed, Created, Leave, Refused
from tests.nodes import ROOT, Node, nodes, readiness
from tests.patience import PATIENCE_S
from tests.redis_server import RedisServer, free_port
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.test_operating import figures
from tests.relay.test_reload import until

LINUX = hasattr(socket, "SO_PEERCRED")
pytestmark = pytest.mark.skipif(not LINUX, reason="only Linux says who connects")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "admin.sock"


@pytest.fixture
def relay(path: Path) -> Iterator[Node]:
    with nodes(1, "--admin", path) as (node,):
        yield node


def admin(path: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "relay", "admin", *words, "--lang", "en"]
    command += ["--socket", str(path)]
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, **environment},
    )


def told(path: Path, act: str) -> dict[str, object]:
    done = admin(path, act, "--json")
    assert (done.returncode, done.stderr) == (ExitStatus.OK, "")
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_socket_is_for_its_owner_alone_and_goes_with_the_relay(relay: Node, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    relay.send(signal.SIGTERM)
    assert relay.wait()[0] == 0
    assert not path.exists()


def test_what_runs_and_how_much_there_is_of_it_is_told(
    relay: Node, path: Path, connect_to: Connect, pair: Pair
) -> None:
    waiting = connect_to(relay)
    assert isinstance(waiting.ask(Pair().create), Created)
    pair.meet(lambda: connect_to(relay))
    status = told(path, "status")
    assert status["ready"] == "ok"
    assert status["suspended"] == "no"
    assert status["policy"] == "built_in"
    assert status["store"] == "memory"
    count = told(path, "count")
    assert (count["waiting"], count["paired"], count["sockets"]) == (1, 1, 3)
    assert count.items() <= {**status, "connections": count["connections"]}.items()
    lines = dict(line.split() for line in admin(path, "count").stdout.splitlines())
    assert lines["paired"] == "1"


def test_a_relay_that_is_suspended_says_so_to_newcomers_and_lets_pairs_finish(
    relay: Node, path: Path, connect_to: Connect, pair: Pair
) -> None:
    waiting = connect_to(relay)
    assert isinstance(waiting.ask(Pair().create), Created)
    g, s = pair.meet(lambda: connect_to(relay))
    done = admin(path, "suspend", SUDO_USER="kim")
    assert done.stdout.startswith("Nobody new is taken; 1 codes")
    assert waiting.hear_all()[0] == Closed("suspended")
    newcomer = connect_to(relay)
    newcomer.say(Pair().create)
    assert newcomer.hear_all()[0] == Refused("suspended")
    s.say(b"seven b")
    assert g.hear() == b"seven b"
    assert relay.process is not None
    assert readiness(relay.port) == (200, "ok")
    assert told(path, "status")["suspended"] == "hand"
    line = until(relay.process, "administered act=suspend")
    assert f" uid={os.getuid()} " in line
    assert " login=kim " in line
    assert " policy=built_in " in line
    assert admin(path, "suspend").stdout == "Nobody new was taken already.\n"
    assert admin(path, "resume").stdout == "Newcomers are taken again.\n"
    assert isinstance(connect_to(relay).ask(Pair().create), Created)


def test_a_policy_that_suspends_is_not_taken_back_by_hand(path: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[service]\nsuspended = true\n")
    with nodes(1, "--admin", path, "--policy", policy):
        assert told(path, "status")["suspended"] == "policy"
        admin(path, "suspend")
        assert admin(path, "resume").stdout.splitlines()[1].startswith("The policy takes nobody")


def test_a_reload_does_not_take_back_what_was_suspended_by_hand(
    path: Path, tmp_path: Path, connect_to: Connect, pair: Pair
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[service]\nsuspended = false\n")
    with nodes(1, "--admin", path, "--policy", policy) as (relay,):
        assert relay.process is not None
        admin(path, "suspend")
        relay.send(signal.SIGHUP)
        until(relay.process, "reloaded")
        newcomer = connect_to(relay)
        newcomer.say(pair.create)
        assert newcomer.hear_all()[0] == Refused("suspended")


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_codes_that_nobody_has_scanned_are_ended_and_pairs_are_not(
    store: str, path: Path, redis: RedisServer, connect_to: Connect, pair: Pair
) -> None:
    told = ("--redis", redis.url) if store == "redis" else ()
    with nodes(1, "--admin", path, *told) as (relay,):
        waiting = connect_to(relay)
        assert isinstance(waiting.ask(Pair().create), Created)
        g, s = pair.meet(lambda: connect_to(relay))
        assert admin(path, "end-waiting").stdout.startswith("1 codes")
        assert waiting.hear_all()[0] == Closed("suspended")
        s.say(Leave())
        assert g.hear_all() == [Closed("left"), 1000]
        assert isinstance(connect_to(relay).ask(Pair().create), Created)


def test_a_relay_that_is_told_to_drain_ends_when_its_pairs_have_finished(
    relay: Node, path: Path, connect_to: Connect, pair: Pair
) -> None:
    g, s = pair.meet(lambda: connect_to(relay))
    assert admin(path, "drain").stdout.startswith("It ends as soon as the copies have finished")
    assert readiness(relay.port) == (503, "draining")
    assert admin(path, "drain").stdout.startswith("It was ending already")
    s.say(Leave())
    assert g.hear_all() == [Closed("left"), 1000]
    status, log = relay.wait()
    assert status == 0
    assert log.index("administered act=drain") < log.index("stopped")


def test_looking_is_written_down_at_info_alone(path: Path) -> None:
    for level, is_written in (("info", True), ("warning", False)):
        with nodes(1, "--admin", path, "--log-level", level) as (relay,):
            told(path, "status")
            relay.send(signal.SIGTERM)
            assert ("act=status" in relay.wait()[1]) is is_written


@pytest.mark.skipif(LINUX and os.getuid() != 0, reason="only root can be somebody else")
def test_nobody_else_is_answered_even_where_the_file_lets_him(relay: Node, path: Path) -> None:
    nobody = 65534
    for folder in path.parents:
        if folder.stat().st_mode & 0o777 == 0o700:  # the tests' own, on the way to the socket
            folder.chmod(0o755)
    path.chmod(0o666)
    asking = (
        "import os, socket, sys\nos.setuid(int(sys.argv[2]))\n"
        "s = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
        's.sendall(b\'{"do": "drain"}\\n\')\nprint(s.recv(100))'
    )
    command = [sys.executable, "-c", asking, str(path), str(nobody)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "denied" in done.stdout
    assert relay.process is not None
    assert f"uid={nobody}" in until(relay.process, "admin_refused")
    assert readiness(relay.port) == (200, "ok")


@pytest.mark.parametrize(
    "said", [b"drain\n", b"[]\n", b'{"do": []}\n', b'{"do": "fly"}\n', b"\xff\n", b"x" * 5000]
)
def test_nonsense_changes_nothing(relay: Node, path: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))
        asking.sendall(said)
        asking.shutdown(socket.SHUT_WR)
        try:
            answer = asking.recv(1000)
        except ConnectionResetError:
            answer = b""
    assert answer in (b"", b'{"error": "bad_request"}\n')
    assert told(path, "status")["ready"] == "ok"


def test_where_no_relay_is_the_command_says_so(path: Path) -> None:
    done = admin(path, "status")
    assert done.returncode == ExitStatus.UNREACHABLE
    assert str(path) in done.stderr


def test_the_socket_of_a_relay_that_was_killed_is_taken_over_and_no_other(path: Path) -> None:
    with nodes(1, "--admin", path) as (relay,):
        second = [sys.executable, "-m", "relay", "serve", "--port", "0", "--admin", str(path)]
        done = subprocess.run(second, check=False, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == ExitStatus.USAGE
        assert str(path) in done.stderr
        assert told(path, "status")["ready"] == "ok"
        relay.kill()
        assert path.exists()
        relay.start()
        assert told(path, "status")["ready"] == "ok"
    path.unlink()
    path.write_text("mine")
    done = subprocess.run(second, check=False, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == ExitStatus.USAGE
    assert path.read_text() == "mine"


def test_the_environment_names_the_socket(relay: Node, path: Path) -> None:
    command = [sys.executable, "-m", "relay", "admin", "status", "--json"]
    environment = {**os.environ, "CERTRELAY_RELAY_ADMIN": str(path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout)["ready"] == "ok"


def test_the_figures_tell_that_it_is_suspended(path: Path) -> None:
    operator = free_port()
    with nodes(1, "--admin", path, "--operate", f"127.0.0.1:{operator}"):
        admin(path, "suspend")
        assert figures(operator)["certrelay_suspended"] == 1
        admin(path, "resume")
        assert figures(operator)["certrelay_suspended"] == 0
