"""How long the programs take to begin: `--help`, `list`, and `import` until the QR code.

    python -m bench.start [--rounds 15] [--profile] [--peers FOLDER]

Each round runs everything once, in turns, so that all meet the same machine.  Wall-clock time
counts until the event ``waiting``, which is written after the code was drawn; CPU time is the
process's own.  The ratios are to ``python -c pass`` of the same round.  `list` reads three
people's certificates.  As in an installed program our modules are compiled already: the first
round does it and is not counted.

``--peers`` is a folder with the program ``wormhole`` (pip install magic-wormhole), which then
runs in the same rounds.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.flows.conftest import fill, three_items
from tests.flows.programs import environment
from tests.nodes import ROOT, nodes

PROBE = """
import os, sys
class Out:
    def __init__(self, out): self.out = out
    def __getattr__(self, name): return getattr(self.out, name)
    def write(self, text):
        self.out.write(text)
        if '"waiting"' in text:
            self.out.flush()
            os._exit(0)
sys.stdout = Out(sys.stdout)
from client_pc.cli import main
main(sys.argv[1:])
"""
"""Runs the PC client and ends it at the event ``waiting``: what it loads then is not counted."""


def run(arguments: list[str]) -> tuple[float, float]:
    """Run once; wall-clock and CPU milliseconds."""
    began = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    assert process.stdin is not None
    process.stdin.close()
    return wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", action="store_true", help="the imports until the code")
    parser.add_argument("--peers", type=Path, help="the folder of wormhole")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (relay,) = stack.enter_context(nodes(1))
        receive = ["-c", PROBE, "import", "--json", "--store", str(folder)]
        fill(folder, *three_items())
        program = str(Path(sys.executable).with_name("certrelay"))
        commands = {
            "python -c pass": ["-c", "pass"],
            "certrelay --help": [program, "--help"],
            "list, three certificates": [program, "list", "--store", str(folder)],
            "import --relay, until the code": [*receive, "--relay", relay.url],
            "import, own relay, until the code": [*receive, "--listen", "127.0.0.1"],
        }
        if arguments.profile:
            profile(commands)
            return 0
        programs = {name: [sys.executable, *words] for name, words in commands.items()}
        if arguments.peers is None:
            print("wormhole --help: not run, --peers does not say where it is")
        else:
            programs["wormhole --help"] = [str(arguments.peers.absolute() / "wormhole"), "--help"]
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
        for number in range(arguments.rounds + 1):
            for name, words in programs.items():
                taken = run(words)
                if number:
                    measured[name].append(taken)
    base = measured["python -c pass"]
    print(f"{'':36}{'wall ms':>9}{'spread':>14}{'ratio':>7}{'CPU ms':>9}{'ratio':>7}")
    for name, all_taken in measured.items():
        walls, cpus = ([each[n] for each in all_taken] for n in (0, 1))
        ratios = [
            statistics.median(each[n] / one[n] for each, one in zip(all_taken, base, strict=True))
            for n in (0, 1)
        ]
        quarters = statistics.quantiles(walls, n=4)
        spread = f"{quarters[0]:.0f}–{quarters[2]:.0f}"
        print(
            f"{name:36}{statistics.median(walls):9.1f}{spread:>14}{ratios[0]:7.1f}"
            f"{statistics.median(cpus):9.1f}{ratios[1]:7.1f}"
        )
    return 0


def profile(commands: dict[str, list[str]]) -> None:
    """Print the twenty imports that cost most by themselves, of each command."""
    for name, words in commands.items():
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *words],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line.split("|") for line in done.stderr.splitlines() if line.count("|") == 2]
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
