"""How long the programs take to begin: `certrelay --help`, and `import` until the QR code.

    python -m bench.start [--rounds 15] [--profile]

Each round runs everything once, in turns, so that all meet the same machine.  Wall-clock time
counts until the event ``waiting``, which is written after the code was drawn; CPU time is the
process's own.  The ratios are to ``python -c pass`` of the same round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.nodes import ROOT, nodes

Command = tuple[str, list[str], bool]
"""A name, the arguments of Python, and whether it is stopped once the code is shown."""


def run(arguments: list[str], until_code: bool) -> tuple[float, float]:
    """Run once; wall-clock and CPU milliseconds."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
    )
    assert process.stdout is not None
    wall = 0.0
    if until_code:
        for line in process.stdout:
            if json.loads(line)["event"] == "waiting":
                wall = time.perf_counter() - began
                break
        cpu = _cpu_of(process.pid)
        process.kill()
    process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    if not until_code:
        wall = time.perf_counter() - began
        cpu = usage.ru_utime + usage.ru_stime
    return wall * 1e3, cpu * 1e3


def _cpu_of(pid: int) -> float:
    """Seconds on a processor so far, by the scheduler's own account."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", action="store_true", help="the imports until the code")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (relay,) = stack.enter_context(nodes(1))
        receive = ["-m", "client_pc", "import", "--json", "--store", str(folder)]
        commands: list[Command] = [
            ("python -c pass", ["-c", "pass"], False),
            ("certrelay --help", ["-m", "client_pc", "--help"], False),
            ("import --relay, until the code", [*receive, "--relay", relay.url], True),
            ("import, own relay, until the code", [*receive, "--listen", "127.0.0.1"], True),
        ]
        if arguments.profile:
            profile(commands)
            return 0
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in commands}
        for _ in range(arguments.rounds):
            for name, words, until_code in commands:
                measured[name].append(run(words, until_code))
    base = measured["python -c pass"]
    print(f"{'':36}{'wall ms':>9}{'spread':>14}{'ratio':>7}{'CPU ms':>9}{'ratio':>7}")
    for name, taken in measured.items():
        walls, cpus = ([each[n] for each in taken] for n in (0, 1))
        ratios = [
            statistics.median(each[n] / one[n] for each, one in zip(taken, base, strict=True))
            for n in (0, 1)
        ]
        quarters = statistics.quantiles(walls, n=4)
        spread = f"{quarters[0]:.0f}–{quarters[2]:.0f}"
        print(
            f"{name:36}{statistics.median(walls):9.1f}{spread:>14}{ratios[0]:7.1f}"
            f"{statistics.median(cpus):9.1f}{ratios[1]:7.1f}"
        )
    return 0


def profile(commands: list[Command]) -> None:
    """Print the twenty imports that cost most by themselves, of each command."""
    for name, words, until_code in commands:
        process = subprocess.Popen(
            [sys.executable, "-X", "importtime", *words],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        if until_code:
            for line in process.stdout:
                if json.loads(line)["event"] == "waiting":
                    break
            process.kill()
        lines = [line.split("|") for line in process.stderr if line.startswith("import time:")]
        process.communicate()
        costs = sorted(
            ((int(own.split(":")[1]), module.strip()) for own, _, module in lines[1:]),
            reverse=True,
        )
        total = sum(cost for cost, _ in costs) / 1000
        print(f"{name}: {len(costs)} modules, {total:.0f} ms")
        for cost, module in costs[:20]:
            print(f"  {cost / 1000:7.1f}  {module}")


if __name__ == "__main__":
    sys.exit(main())
