"""A server that is one shard of a cluster: what a room touches there lies in one slot.

A script on a shard may touch only what lies in the slot of the keys that it was called with,
so both are looked at: the calls, and the commands inside the scripts.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certrelay.frozen import replace
from certrelay.wire.messages import Closed, Created, Leave, Paired, Resumed
from relay.embedded import start
from relay.settings import Settings
from tests.redis_server import RedisServer, free_port, redis_server
from tests.relay.conftest import Connect
from tests.relay.device import Pair

_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_KEYED = (b"get", b"set", b"del", b"pexpire", b"exists")


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[RedisServer]:
    """A cluster of one server, which has all slots."""
    state, bus = str(tmp_path / "nodes.conf"), str(free_port())
    options = ("--cluster-enabled", "yes", "--cluster-config-file", state, "--cluster-port", bus)
    with redis_server(*options) as server:
        assert server.ask(b"CLUSTER ADDSLOTSRANGE 0 16383") == b"+OK"
        while server.ask(b"GET x") != b"$-1":
            pass  # the cluster is not up yet
        yield server


@contextmanager
def monitored(server: RedisServer) -> Iterator[list[list[bytes]]]:
    """Every command that the server carries out meanwhile, those of scripts included."""
    commands: list[list[bytes]] = []
    tcp = socket.create_connection(("127.0.0.1", server.port))
    tcp.sendall(b"MONITOR\r\n")
    lines = tcp.makefile("rb")
    assert lines.readline() == b"+OK\r\n"

    def read() -> None:
        for line in lines:
            commands.append(_WORD.findall(line))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield commands
    finally:
        server.ask(b"ECHO end")
        while [b"ECHO", b"end"] not in commands:
            pass
        tcp.shutdown(socket.SHUT_RDWR)
        thread.join()
        lines.close()
        tcp.close()


def keys(command: list[bytes]) -> list[bytes]:
    """The keys that a command names."""
    name = command[0].lower() if command else b""
    if name == b"evalsha":
        return command[3 : 3 + int(command[2])]
    return command[1:2] if name in _KEYED else []


def test_all_that_a_room_touches_lies_in_one_slot(
    shard: RedisServer, connect_to: Connect, pair: Pair
) -> None:
    settings = replace(Settings(), redis_url=shard.url)
    with (
        monitored(shard) as commands,
        start("127.0.0.1", settings=settings) as first,
        start("127.0.0.1", settings=settings) as second,
    ):
        g, s = connect_to(first), connect_to(second)
        assert isinstance(g.ask(pair.create), Created)
        assert isinstance(s.ask(pair.join), Paired)
        assert isinstance(g.hear(), Paired)
        s.lose()
        back = connect_to(first)
        assert isinstance(back.ask(pair.resume_s), Resumed)
        back.say(Leave())
        assert g.hear_all()[-2:] == [Closed("left"), 1000]
    touched = [(command, keys(command)) for command in commands]
    scripts = [found for command, found in touched if command and command[0] == b"EVALSHA"]
    assert len(scripts) > 6
    assert all(len(found) == 1 for found in scripts), "a script has the key of one room"
    room = pair.secret.room.hex.encode()
    mine = {key for _, found in touched for key in found if room in key}
    slots = {shard.ask(b"CLUSTER KEYSLOT " + key) for key in mine}
    assert len(slots) == 1, mine
    rest = {key for _, found in touched for key in found} - mine - {b"x"}
    # No script touches these: each is read and written by a command of its own.
    rest -= {b"certrelay:records"}
    assert all(key.startswith(b"certrelay:node:") for key in rest), rest


def test_a_key_is_told_apart_by_its_room_alone(shard: RedisServer) -> None:
    """Else one slot, and so one server of a cluster, would have all rooms."""
    rooms = [f"certrelay:{{{Pair().secret.room.hex}}}".encode() for _ in range(50)]
    assert len({shard.ask(b"CLUSTER KEYSLOT " + room) for room in rooms}) > 40
