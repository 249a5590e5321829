"""What the relay costs beside relays that check nothing: CPU and memory of the server process.

Long because all servers are measured side by side, and the fairness of that is one thing.

    python -m bench.relays [--rounds 10] [--pairs 2000]

All servers run at the same time and are used in turns (A B C, C B A, …), so that all meet the
same machine; the ratios are those of neighbouring turns.  CPU is what the kernel counted for
the server's process, in nanoseconds.  System calls are counted by strace, where it is.
"""

import argparse
import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.load.exchanges import SESSION
from bench.load.wire import Wire, open_wire
from certrelay.wire.ids import JoinSecret, Token
from certrelay.wire.messages import Create, Join, Leave, encode
from relay.open_files import raise_limit
from tests.nodes import ROOT, nodes
from tests.redis_server import free_port

MESSAGE: Final = bytes(4096)
OURS: Final = "certrelay"


@dataclass
class Server:
    """One relay under test."""

    name: str
    port: int
    pid: int

    @property
    def cpu_us(self) -> float:
        """Microseconds that its threads have run."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((each / "schedstat").read_text().split()[0]) for each in tasks) / 1e3

    @property
    def rss_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])


class Device:
    """One end, on whatever the server speaks."""

    def __init__(self, server: Server, address: str, first: str) -> None:
        self._server = server
        self._address = address
        self._first = first
        self._heard: asyncio.Queue[Any] = asyncio.Queue()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.on_binary: Callable[[bytes], None] | None = None
        self._wire: Any = None

    async def open(self) -> None:
        """Connect and say the first message."""
        if self._server.name == "splice":
            loop = asyncio.get_running_loop()
            _, self._wire = await loop.create_connection(
                lambda: _Plain(self._hear), "127.0.0.1", self._server.port
            )
        else:
            self._wire = Wire(
                self._server.port, self._address, self._open, self._hear, lambda: None
            )
            await open_wire(self._wire)
            await self._opened
        self.send(self._first)

    def _open(self) -> None:
        self._opened.set_result(None)

    def _hear(self, message: str | bytes) -> None:
        if self.on_binary is not None and isinstance(message, bytes):
            self.on_binary(message)
        else:
            self._heard.put_nowait(message)

    def send(self, message: str | bytes) -> None:
        self._wire.send(message)

    async def hear(self, word: str) -> None:
        """Wait for a message that begins like this, or holds it."""
        while word not in str(await self._heard.get()):
            pass

    async def hear_bytes(self, size: int) -> None:
        """Wait for so many bytes."""
        while size > 0:
            size -= len(await self._heard.get())

    def close(self) -> None:
        self._wire.close()


class _Plain(asyncio.Protocol):
    """A TCP connection that looks like a `Wire`."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._hear(data)

    def send(self, message: str | bytes) -> None:
        self._transport.write(message.encode() if isinstance(message, str) else message)

    def close(self) -> None:
        self._transport.close()


async def pair(server: Server) -> tuple[Device, Device]:
    """Connect two devices until both are paired."""
    address = ".".join(str(byte % 254 + 1) for byte in os.urandom(4))
    secret = JoinSecret(os.urandom(16))
    tokens = [Token(os.urandom(16)).hashed for _ in range(2)]
    firsts = (secret.hex, secret.hex)
    if server.name == OURS:
        joining = Join(secret, tokens[1], "android", "G5.0", "14")
        firsts = (encode(Create(secret.room, tokens[0])), encode(joining))
    g, s = Device(server, address, firsts[0]), Device(server, address, firsts[1])
    await g.open()
    if server.name == OURS:
        await g.hear("created")
    await s.open()
    await asyncio.gather(g.hear("paired"), s.hear("paired"))
    return g, s


async def session(server: Server) -> None:
    """A whole copy as a relay sees it."""
    g, s = await pair(server)
    ends = (s, g)
    for at, size in enumerate(SESSION):
        sender, receiver = ends[at % 2], ends[(at + 1) % 2]
        sender.send(bytes(size))
        await receiver.hear_bytes(size)
    if server.name == OURS:
        s.send(encode(Leave()))
        await g.hear("closed")
    s.close()
    g.close()


async def sessions(server: Server, count: int, at_once: int = 10) -> float:
    """Microseconds of server CPU for one session."""
    before = server.cpu_us
    for _ in range(count // at_once):
        await asyncio.gather(*(session(server) for _ in range(at_once)))
    await asyncio.sleep(0.05)
    return (server.cpu_us - before) / count


async def messages(server: Server, count: int, pairs: int = 20) -> float:
    """Microseconds of server CPU for one message of 4 KiB, forth and back between pairs."""
    made = [await pair(server) for _ in range(pairs)]
    left = [count // pairs] * pairs
    over = asyncio.get_running_loop().create_future()

    def answer(at: int, device: Device, size: list[int]) -> Callable[[bytes], None]:
        def on_binary(data: bytes) -> None:
            size[0] += len(data)  # TCP brings a message in parts
            if size[0] < len(MESSAGE):
                return
            size[0] = 0
            left[at] -= 1
            if left[at] > 0:
                device.send(MESSAGE)
            elif max(left) <= 0 and not over.done():
                over.set_result(None)

        return on_binary

    for at, (g, s) in enumerate(made):
        g.on_binary, s.on_binary = answer(at, g, [0]), answer(at, s, [0])
    before = server.cpu_us
    for g, _ in made:
        g.send(MESSAGE)
    await over
    used = (server.cpu_us - before) / count
    for g, s in made:
        g.close()
        s.close()
    await asyncio.sleep(0.05)
    return used


async def system_calls(server: Server, count: int = 1000) -> float:
    """System calls of the server for one message: what twice as many take more."""
    taken = []
    with tempfile.NamedTemporaryFile() as trace:
        for times in (1, 2):
            watching = subprocess.Popen(
                ["strace", "-f", "-qq", "-o", trace.name, "-p", str(server.pid)],
                stderr=subprocess.DEVNULL,
            )
            await asyncio.sleep(1)
            await messages(server, times * count)
            watching.send_signal(signal.SIGINT)
            watching.wait()
            taken.append(Path(trace.name).read_text().count("\n"))
    return (taken[1] - taken[0]) / count


async def memory(server: Server, pairs: int) -> float:
    """KiB of a pair that is connected and silent."""
    before = server.rss_kib
    kept = []
    for _ in range(0, pairs, 20):
        kept += await asyncio.gather(*(pair(server) for _ in range(20)))
    used = (server.rss_kib - before) / pairs
    for g, s in kept:
        g.close()
        s.close()
    return used


async def in_turns(
    servers: list[Server], rounds: int, measure: Callable[[Server], Any]
) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {server.name: [] for server in servers}
    for number in range(rounds):
        for server in servers if number % 2 else servers[::-1]:
            taken[server.name].append(await measure(server))
    return taken


def report(title: str, taken: dict[str, list[float]], unit: str) -> None:
    print(title)
    for name, values in taken.items():
        quarters = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
        ratio = statistics.median(ours / its for ours, its in zip(taken[OURS], values, strict=True))
        print(
            f"  {name:12}{statistics.median(values):9.1f} {unit}"
            f"   spread {quarters[0]:.0f}–{quarters[2]:.0f}   ours is {ratio:.2f} ×"
        )


def start(stack: ExitStack, kind: str) -> Server:
    port = free_port()
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", "bench.bare", kind, str(port)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
    )
    stack.callback(process.kill)
    assert process.stdout is not None
    process.stdout.readline()
    return Server(kind, port, process.pid)


async def run(arguments: argparse.Namespace, servers: list[Server]) -> None:
    async def warm(server: Server) -> float:
        return await sessions(server, 50)

    await in_turns(servers, 1, warm)
    taken = await in_turns(servers, arguments.rounds, lambda server: sessions(server, 50))
    report("CPU of a whole session, pairing and 16 messages", taken, "µs")
    taken = await in_turns(servers, arguments.rounds, lambda server: messages(server, 3000))
    report("CPU of a relayed message of 4 KiB", taken, "µs")
    taken = await in_turns(servers, 1, lambda server: memory(server, arguments.pairs))
    report(f"memory of an idle pair, {arguments.pairs} pairs", taken, "KiB")
    if shutil.which("strace"):
        taken = await in_turns(servers, 1, system_calls)
        report("system calls of a relayed message", taken, "")
    else:
        print("system calls of a relayed message: not run, strace is not here")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--pairs", type=int, default=2000)
    arguments = parser.parse_args()
    raise_limit()
    import uvloop

    with ExitStack() as stack:
        (node,) = stack.enter_context(nodes(1, "--trust-proxy", "127.0.0.1"))
        assert node.process is not None
        servers = [Server(OURS, node.port, node.process.pid)]
        servers += [start(stack, kind) for kind in ("websockets", "splice")]
        uvloop.run(run(arguments, servers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
