"""A probe's copies are counted as nobody's: neither in the figures nor in the usage history."""

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from certrelay.errors import ExitStatus
from certrelay.wire.messages import Leave
from relay.usage import read
from tests.client.test_probe import probe
from tests.nodes import nodes
from tests.redis_server import RedisServer, free_port
from tests.relay.conftest import Connect
from tests.relay.device import Pair
from tests.relay.test_operating import figures


@pytest.mark.parametrize("count", [1, 2])
def test_a_probe_counts_as_no_person_and_a_person_beside_it_does(
    count: int, redis: RedisServer, connect_to: Connect, pair: Pair, tmp_path: Path
) -> None:
    """On two nodes that share a port each end of a probe may be on another one."""
    usage, port = tmp_path / "usage.jsonl", str(free_port())
    told = ("--redis", redis.url, "--share-port", "--port", port, "--usage", usage)
    operators = [free_port() for _ in range(count)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(nodes(1, *told, "--operate", f"127.0.0.1:{operator}"))[0]
            for operator in operators
        ]
        for _ in range(4):
            assert probe(running[0].url).returncode == ExitStatus.OK
        people: dict[tuple[int, str], float] = {}
        for name in ("opened_total", "over_total", "refused_total", "lost_total", "seconds_count"):
            for operator in operators:
                found = figures(operator).items()
                people |= {(operator, k): v for k, v in found if name in k and "store" not in k}
        assert {key: value for key, value in people.items() if value} == {}
        probed = sum(figures(each)['certrelay_probed_total{event="opened"}'] for each in operators)
        assert probed == 4
        _, s = pair.meet(lambda: connect_to(running[0]))
        s.say(Leave())
        s.hear_all()
        for node in running:
            node.send(signal.SIGTERM)
            assert node.wait()[0] == ExitStatus.OK
    (day,) = read([usage], hourly=False).values()
    assert (day.opened, day.paired, day.ended.total(), day.refused.total()) == (1, 1, 1, 0)


def test_a_probe_that_is_refused_is_counted_apart(tmp_path: Path) -> None:
    policy, operator = tmp_path / "policy.toml", free_port()
    policy.write_text("[service]\nsuspended = true\n")
    with nodes(1, "--policy", policy, "--operate", f"127.0.0.1:{operator}") as (relay,):
        assert probe(relay.url).returncode == ExitStatus.ROOM
        counted = figures(operator)
        assert counted['certrelay_refused_total{word="suspended"}'] == 0
        assert counted['certrelay_probed_total{event="refused"}'] == 1
