"""A whole copy from the cold start of both programs to their end, beside the peers'.

    python -m bench.copies [--rounds 7] [--peers FOLDER]

Answers are given at once and the URL takes the picture's place, so that programs are compared
and not people.  Ours: `certrelay import` and `certrelay-phone scan`, number, password check,
the certificate checked and stored with fsync.  magic-wormhole and wormhole-william: a text of
the same size with a code that both know beforehand, which spares them the second connection
and the wait for the code.  Servers run already.  Rounds run everything in turns; CPU is that of
both clients, and below it that of the server.

``--peers`` is a folder with the programs ``wormhole`` and ``twist`` (pip install
magic-wormhole magic-wormhole-mailbox-server); wormhole-william is looked for on the path
(Debian has it).  What is not there is said, not skipped in silence.
"""

import argparse
import base64
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.relays import Server
from tests.certificates import PASSWORD, person
from tests.flows.conftest import files_below, fill
from tests.flows.programs import Client, bench
from tests.nodes import nodes
from tests.redis_server import free_port

Way = Callable[[Path, int], None]
"""Runs one copy in a fresh folder; the number makes codes unique."""


def ours(relay_url: str) -> Way:
    def run(folder: Path, _number: int) -> None:
        with bench(folder, relay_url) as desk:
            fill(desk.phone_store, person().npki(PASSWORD))
            _start_clock()
            way: list[str | Path] = ["--store", desk.pc_store, "--relay", relay_url]
            pc = Client("client_pc", "import", "--yes", *way)
            desk.clients.append(pc)
            url = pc.expect("waiting")["url"]
            phone = desk.phone_with_url(url, "--send", "1")
            phone.expect("password_wanted")
            phone.answer(PASSWORD)
            number = pc.expect("number")["number"]
            phone.expect("number_wanted")
            phone.answer(number)
            assert (phone.finish(), pc.finish()) == (0, 0)
            _stop_clock()
            assert files_below(desk.pc_store) == files_below(desk.phone_store)

    return run


def wormhole(program: str, server: str, text: str) -> Way:
    def run(_folder: Path, number: int) -> None:
        code = f"{number}-ours-theirs"
        _start_clock()
        to_server = [program, "--relay-url", server]
        sender = subprocess.Popen(
            [*to_server, "send", "--code", code, "--hide-progress", "--text", text],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        received = subprocess.run(
            [*to_server, "receive", "--hide-progress", code],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert sender.wait(60) == 0
        _stop_clock()
        assert received.stdout.strip().endswith(text)

    return run


def scp(stack: ExitStack, sshd: str) -> Way:
    """What a plain man has where there is a network between both: one file, by `scp`."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for name in ("host", "person"):
        made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(made, check=True)
    port = free_port()
    settings = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "person.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "Subsystem": "sftp internal-sftp",
    }
    (folder / "sshd_config").write_text("".join(f"{k} {v}\n" for k, v in settings.items()))
    Path("/run/sshd").mkdir(exist_ok=True)  # what the server wants of a machine
    server = subprocess.Popen(
        [sshd, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.DEVNULL
    )
    stack.callback(server.wait)
    stack.callback(server.kill)
    until_answered(port)
    told = ["-q", "-P", str(port), "-i", str(folder / "person"), "-oStrictHostKeyChecking=no"]
    told += ["-oUserKnownHostsFile=/dev/null", "-oBatchMode=yes"]

    def run(there: Path, _number: int) -> None:
        sent = there / "sent"
        sent.write_bytes(os.urandom(3200))
        _start_clock()
        subprocess.run(["scp", *told, sent, f"127.0.0.1:{there / 'got'}"], check=True)
        _stop_clock()
        assert (there / "got").read_bytes() == sent.read_bytes()

    return run


_began = (0.0, 0.0)
_taken: list[tuple[float, float]] = []


def _now() -> tuple[float, float]:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def _start_clock() -> None:
    global _began  # noqa: PLW0603
    _began = _now()


def _stop_clock() -> None:
    wall, cpu = _now()
    _taken.append((wall - _began[0], cpu - _began[1]))


def until_answered(port: int) -> None:
    """Wait until somebody listens there, a minute at most."""
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)


def once(way: Way, number: int) -> tuple[float, float]:
    """Run one copy in a fresh folder: wall-clock and CPU seconds of both programs."""
    with tempfile.TemporaryDirectory() as folder:
        way(Path(folder), number)
    return _taken.pop()


def mailbox(stack: ExitStack, folder: Path) -> Server:
    """Start magic-wormhole's mailbox server."""
    port = free_port()
    server = subprocess.Popen(
        [
            folder / "twist",
            "wormhole-mailbox",
            *("--port", f"tcp:{port}:interface=127.0.0.1"),
            *("--channel-db", ":memory:"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(server.wait)
    stack.callback(server.send_signal, signal.SIGKILL)
    until_answered(port)
    return Server("mailbox server", port, server.pid)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", type=Path, help="the folder of wormhole and twist")
    arguments = parser.parse_args()
    text = base64.b64encode(os.urandom(2400)).decode()
    with ExitStack() as stack:
        (relay,) = stack.enter_context(nodes(1))
        assert relay.process is not None
        ways = {"certrelay": ours(relay.url)}
        servers = {"certrelay": Server("certrelay", relay.port, relay.process.pid)}
        if arguments.peers is not None and (arguments.peers / "twist").exists():
            server = mailbox(stack, arguments.peers)
            url = f"ws://127.0.0.1:{server.port}/v1"
            ways["magic-wormhole"] = wormhole(str(arguments.peers / "wormhole"), url, text)
            servers["magic-wormhole"] = server
            if shutil.which("wormhole-william"):
                ways["wormhole-william"] = wormhole("wormhole-william", url, text)
                servers["wormhole-william"] = server
        for name in ("magic-wormhole", "wormhole-william", "croc"):
            if name not in ways:
                print(f"{name}: not run, it is not here")
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        served: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(arguments.rounds):
            for name, way in ways.items():
                before = servers[name].cpu_us
                place = number * len(ways) + list(ways).index(name) + 1
                measured[name].append(once(way, place))
                served[name].append(servers[name].cpu_us - before)
    report(measured)
    report_servers(served)
    return 0


def report_servers(served: dict[str, list[float]]) -> None:
    print("CPU of the server for one copy, µs")
    for name, taken in served.items():
        pairs = zip(served["certrelay"], taken, strict=True)
        ratio = statistics.median(mine / its for mine, its in pairs)
        print(f"  {name:18}{statistics.median(taken):8.0f}   ours is {ratio:.2f} ×")


def report(measured: dict[str, list[tuple[float, float]]]) -> None:
    print(f"{'':18}{'wall s':>8}{'spread':>13}{'ours is ×':>11}{'CPU s':>8}{'ours is ×':>11}")
    for name, taken in measured.items():
        walls = [wall for wall, _ in taken]
        quarters = statistics.quantiles(walls, n=4) if len(walls) > 1 else [walls[0]] * 3
        ratios = [
            statistics.median(
                mine[n] / its[n] for mine, its in zip(measured["certrelay"], taken, strict=True)
            )
            for n in (0, 1)
        ]
        cpu = statistics.median(cpu for _, cpu in taken)
        print(
            f"{name:18}{statistics.median(walls):8.2f}"
            f"{f'{quarters[0]:.2f}–{quarters[2]:.2f}':>13}{ratios[0]:11.2f}{cpu:8.2f}{ratios[1]:11.2f}"
        )


if __name__ == "__main__":
    sys.exit(main())
