"""One stranger floods a relay of its own on loopback, honest devices go on: figures on stdout.

Long because each kind of pressure is put on the same relay.

    python -m tests.attacks.pressure                  every flood, and what honest devices feel
    python -m tests.attacks.pressure pings slow       some of them

* ``pings``, ``pongs``, ``fragments``, ``tiny``: one socket sends what costs it nothing, as fast as
  it can, and connects again when it is cut off
* ``http``: one connection asks for /healthz again and again, as fast as it is answered
* ``slow``: 480 pairs from one address send without end to ends that read 400 bytes a second
* ``cheap``: 20,000 rooms from 21 addresses, each left at once; then an honest PC wants a code

The figure of an honest device is its slowest per cent: the time for connecting, ``create``, and
``join`` by another, beside the same without a flood.  Nothing but the relay that the command
starts itself is ever a target; each flood ends with it.
"""

import argparse
import contextlib
import multiprocessing
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
STRANGER: Final = "198.51.100.7"
WAIT_S: Final = 15.0
"""Seconds after which an honest device gives up."""

SLOW_PAIRS: Final = 480
CHEAP_ROOMS: Final = 20_000
CHEAP_ADDRESSES: Final = 21


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A masked frame, its mask all zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2)
    return bytes([fin << 7 | opcode]) + length + bytes(4) + payload


class Wire:
    """A WebSocket by hand, blocking; what it gives is what the relay wrote, frame by frame."""

    def __init__(self, port: int, address: str, *, receive_bytes: int = 0) -> None:
        self.tcp: Final = socket.socket()
        if receive_bytes:
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.tcp.settimeout(WAIT_S)
        self.tcp.connect(("127.0.0.1", port))
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tcp.sendall(
            f"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: certrelay.v1\r\n"
            f"X-Forwarded-For: {address}\r\n\r\n".encode()
        )
        self._read = b""
        while b"\r\n\r\n" not in self._read:
            self._more()
        self._read = self._read.partition(b"\r\n\r\n")[2]

    def _more(self) -> None:
        data = self.tcp.recv(65_536)
        if not data:
            raise ConnectionError
        self._read += data

    def say(self, text: str) -> None:
        """Send a control message."""
        self.tcp.sendall(frame(1, text.encode()))

    def hear(self) -> str:
        """The next short text."""
        while len(self._read) < 2 or len(self._read) < 2 + self._read[1]:
            self._more()
        size = self._read[1]
        text, self._read = self._read[2 : 2 + size], self._read[2 + size :]
        return text.decode("utf-8", "replace")

    def close(self) -> None:
        """Hang up."""
        self.tcp.close()


def secrets() -> tuple[str, str, str, str]:
    """What the ends of a new room say first: create, join; and the join secret and G's token."""
    from certrelay.wire.ids import JoinSecret, Token
    from certrelay.wire.messages import Create, Join, encode

    secret, g, s = JoinSecret(os.urandom(16)), Token(os.urandom(16)), Token(os.urandom(16))
    joining = Join(secret, s.hashed, "android", "G5.0", "14")
    return encode(Create(secret.room, g.hashed)), encode(joining), secret.hex, g.hex


# --- the floods: each runs in a process of its own until it is ended ---


def _again(port: int, data: bytes, *, paired: bool = False) -> None:
    """Send these bytes without end; connect again when cut off."""
    while True:
        with contextlib.suppress(OSError):
            create, join, *_ = secrets()
            wire = Wire(port, STRANGER)
            wire.say(create)
            wire.hear()
            if paired:
                other = Wire(port, STRANGER)
                other.say(join)
                wire.hear()
            wire.tcp.setblocking(False)
            while True:
                try:
                    wire.tcp.send(data)
                except BlockingIOError:
                    time.sleep(0.001)
                with contextlib.suppress(BlockingIOError):
                    if not wire.tcp.recv(65_536):
                        raise ConnectionError


def flood_pings(port: int) -> None:
    _again(port, frame(9) * 3000)


def flood_pongs(port: int) -> None:
    _again(port, frame(10) * 3000)


def flood_fragments(port: int) -> None:
    _again(port, frame(2, fin=False) + frame(0, fin=False) * 3000, paired=True)


def flood_tiny(port: int) -> None:
    _again(port, frame(2) * 3000, paired=True)


def flood_http(port: int) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    request += f"X-Forwarded-For: {STRANGER}\r\n\r\n"
    while True:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), WAIT_S) as tcp,
        ):
            while True:
                tcp.sendall(request.encode() * 20)
                if not tcp.recv(65_536):
                    break


def flood_slow(port: int) -> None:
    """Pairs whose one end sends without end, and whose other reads 400 bytes a second."""
    _many_files()
    pairs = []
    for _ in range(SLOW_PAIRS):
        with contextlib.suppress(OSError):
            create, join, *_ = secrets()
            g, s = Wire(port, STRANGER, receive_bytes=4096), Wire(port, STRANGER)
            g.say(create)
            g.hear()
            s.say(join)
            s.hear()
            s.tcp.setblocking(False)
            g.tcp.setblocking(False)
            pairs.append((g, s))
    data = frame(2, bytes(32_000)) * 4
    sent = [0] * len(pairs)
    while True:
        for n, (g, s) in enumerate(pairs):
            with contextlib.suppress(OSError):
                rest = data[sent[n] % len(data) :]
                sent[n] += s.tcp.send(rest)
            with contextlib.suppress(OSError):
                g.tcp.recv(400)
        time.sleep(1)


def flood_cheap(port: int) -> None:
    """Create, hang up, again; from as many addresses as there are."""
    for n in range(CHEAP_ROOMS):
        with contextlib.suppress(OSError):
            wire = Wire(port, f"198.51.100.{n % CHEAP_ADDRESSES}")
            wire.say(secrets()[0])
            wire.hear()
            wire.close()


# --- what is measured ---


def honest_s(port: int) -> float:
    """Seconds for a pair that comes, creates, joins and leaves; `WAIT_S` if it does not succeed."""
    began = time.perf_counter()
    wires = []
    try:
        create, join, *_ = secrets()
        address = f"10.{'.'.join(str(byte) for byte in os.urandom(3))}"  # each a person of its own
        g = Wire(port, address)
        wires.append(g)
        g.say(create)
        if "created" not in g.hear():
            return WAIT_S
        s = Wire(port, address)
        wires.append(s)
        s.say(join)
        if "paired" not in s.hear() or "paired" not in g.hear():
            return WAIT_S
        s.say('{"type":"leave"}')
        return time.perf_counter() - began
    except OSError:
        return WAIT_S
    finally:
        for wire in wires:
            wire.close()


def honest(port: int, seconds: float) -> list[float]:
    """Honest pairs one after the other, for so long."""
    until, taken = time.monotonic() + seconds, []
    while time.monotonic() < until:
        taken.append(honest_s(port))
        time.sleep(0.01)
    return taken


def p99(taken: list[float]) -> float:
    """The slowest per cent begins here, in ms."""
    return sorted(taken)[int(len(taken) * 0.99)] * 1000


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def kernel_mib(port: int) -> float:
    """What the system keeps for the relay's own sockets: its queues, as /proc/net/tcp tells."""
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].partition(":")[2], 16) == port:
            total += sum(int(part, 16) for part in fields[4].split(":"))
    return total / 1024 / 1024


@contextmanager
def relay() -> Iterator[tuple[int, int]]:
    """A relay that believes the address that loopback forwards: its port and process id."""
    command = [sys.executable, "-m", "relay", "serve", "--port", "0"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*command, "--trust-proxy", "127.0.0.1"],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            encoding="utf-8",
        )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            yield int(url.rstrip("/").rpartition(":")[2]), process.pid
        finally:
            process.kill()
            process.wait()


def _many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


FLOODS: Final[dict[str, Callable[[int], None]]] = {
    "pings": flood_pings,
    "pongs": flood_pongs,
    "fragments": flood_fragments,
    "tiny": flood_tiny,
    "http": flood_http,
    "slow": flood_slow,
    "cheap": flood_cheap,
}


def measure(name: str, seconds: float) -> str:
    """Run one flood; what it did, in a line."""
    with relay() as (port, pid):
        honest(port, 1.0)
        quiet = honest(port, seconds)
        flood = multiprocessing.Process(target=FLOODS[name], args=(port,), daemon=True)
        flood.start()
        began = time.monotonic()
        words = ""
        try:
            if name == "cheap":
                flood.join()
                words = f", {CHEAP_ROOMS} rooms in {time.monotonic() - began:.0f} s"
            elif name == "slow":
                while flood.is_alive() and time.monotonic() - began < 20 + 2 * seconds:
                    time.sleep(0.5)
                words = f"; relay {resident_mib(pid):.0f} MiB, system {kernel_mib(port):.0f} MiB"
            else:
                time.sleep(0.5)
            taken = honest(port, seconds)
            if name == "slow":
                time.sleep(45)
                words += f"; 45 s later {resident_mib(pid):.0f} and {kernel_mib(port):.0f} MiB"
        finally:
            flood.kill()
            flood.join()
    failed = sum(each >= WAIT_S for each in taken)
    return (
        f"{name:10} quiet p50 {statistics.median(quiet) * 1000:.1f}, p99 {p99(quiet):.1f} ms; "
        f"flood p50 {statistics.median(taken) * 1000:.1f}, p99 {p99(taken):.1f} ms "
        f"({p99(taken) / p99(quiet):.1f} ×), {failed} of {len(taken)} without an answer{words}"
    )


def main() -> int:
    """Run the floods that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("floods", nargs="*", choices=[*FLOODS, []], metavar="FLOOD")
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    for name in arguments.floods or FLOODS:
        print(measure(name, arguments.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
