"""Whole copies over several nodes while nodes end; many more by `python -m bench.load.kills`."""

import argparse
import asyncio
import signal
from contextlib import closing

import pytest

from bench.load import measure
from bench.load.__main__ import HEAD, row
from bench.load.copy import copy, item
from bench.load.kills import UNCONFIRMED, faults, run
from certrelay.e2e.qr import Direction
from certrelay.endpoint import events
from tests.nodes import nodes
from tests.redis_server import redis_server
from tests.splice import Splice


@pytest.mark.attack(30)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(
    ("number", "allowed"),
    [(signal.SIGKILL, UNCONFIRMED), (signal.SIGTERM, frozenset())],
    ids=["killed", "rolling restart"],
)
def test_copies_over_nodes_that_end_are_neither_lost_nor_doubled(
    number: signal.Signals, allowed: frozenset[str], count: int
) -> None:
    ended, cluster = run(10, per_s=4.0, every_s=1.0, number=number, nodes=count)
    assert cluster.ended
    assert not faults(ended, allowed)
    assert "done" in {each.outcome for each in ended}


@pytest.mark.parametrize("direction", Direction)
def test_a_node_that_dies_before_it_told_g_that_s_came(direction: Direction) -> None:
    """G waits on while S opens: once such a copy ended `left` at one and `timeout` at the other."""
    with redis_server() as server, nodes(2, "--redis", server.url) as (dying, living):
        ports = {"G": [dying.port, living.port], "S": [living.port]}

        def port_of(role: str) -> int:
            return ports[role].pop(0) if len(ports[role]) > 1 else ports[role][0]

        def watch(role: str, event: events.Event) -> None:
            if isinstance(event, events.RoomOpened):
                dying.send(signal.SIGSTOP)
            elif isinstance(event, events.DeviceJoined) and role == "S":
                dying.send(signal.SIGKILL)

        sides = (lambda: port_of("G")), (lambda: port_of("S"))
        made = asyncio.run(copy(direction, item(), sides, watch=watch))
    assert (made.outcome, made.stored, made.lost_times) == ("done", [item()], 1)


def test_a_slow_server_makes_a_copy_slow_and_no_more() -> None:
    with redis_server() as server, closing(Splice()) as way:
        way.begin([("127.0.0.1", server.port)])
        way.delay_s = 0.1
        with nodes(2, "--redis", f"redis://127.0.0.1:{way.port}/0") as (one, other):
            ports = (lambda: one.port), (lambda: other.port)
            made = asyncio.run(copy(Direction.TO_PC, item(), ports))
    assert (made.outcome, made.stored, made.lost_times) == ("done", [item()], 0)


def test_the_load_tool_measures_real_copies_on_real_nodes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure, "QUIET_S", 0.1)
    wanted = argparse.Namespace(
        relay=None, pid=[], waiting=6, copies=4, rate=20.0, think=0.2, nodes=2, redis=True
    )
    found = measure.measure(wanted)
    assert (len(found.good), found.errors, found.counts["created"]) == (4, 0.0, 6)
    assert all(each.opened_s > 0 and each.copied_s > 0 for each in found.good)
    assert set(found.redis_bytes) == {"waiting", "paired", "over"}
    assert row(found, redis=True).count("|") == HEAD.splitlines()[0].count("|")
