"""Fuzzes targets: ``python -m tests.fuzz TARGET... [--seconds N]``; ``all`` takes each in turn.

With atheris (Clang's libFuzzer for Python) the search is guided by coverage; without it the
same targets run over seeded changes, which finds less and needs nothing.  Whatever is found
is written to ``crash-<sha1>`` in the working folder and the exit status is not 0.  At the end
stands a table of what was done; the seconds are the processor's.

``--keep`` adds the inputs that reach lines which no other kept one reaches to
``tests/fuzz/corpus``; every search, and the short one of the suite, starts from there.
"""

import argparse
import hashlib
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.keeping import keep
from tests.fuzz.target import Target, kept
from tests.fuzz.targets import TARGETS

_INPUTS = re.compile(r"^stat::number_of_executed_units: ([0-9]+)|^([0-9]+) inputs", re.MULTILINE)
_REACHED = re.compile(r" cov: ([0-9]+) ft: ([0-9]+) ")


@dataclass
class Figures:
    """What became of the search of one target."""

    seconds: float = 0.0
    """Of the processor."""

    inputs: int = 0
    steps: int = 0
    """Edges of the project's code that were reached; 0 where the search was not guided."""

    features: int = 0
    """Edges with how often each was taken, as libFuzzer counts them."""

    kept: int = 0
    status: int = 0


def unguided(target: Target, name: str, seconds: float) -> int:
    """Search with seeded changes for some seconds."""
    start, rounds = time.process_time(), 0
    slowest = 0.0
    seeds = (*target.seeds, *kept(name))
    while time.process_time() - start < seconds:
        rounds += 1
        data = target.change(seeds[rounds % len(seeds)], random.Random(rounds))
        began = time.process_time()
        try:
            target.run(data)
        except Exception:
            path = Path(f"crash-{hashlib.sha1(data).hexdigest()}")
            path.write_bytes(data)
            traceback.print_exc()
            print(f"written to {path}")
            return 1
        slowest = max(slowest, time.process_time() - began)
    print(f"{rounds} inputs, nothing found; the slowest took {slowest:.3f} s")
    return 0


def search(name: str, seconds: float, folder: Path, *, guides: bool, log: Path | None) -> Figures:
    """Search in a process of its own: the instrumentation cannot be undone."""
    how = ["tests.fuzz.guided", name, str(seconds), str(folder)]
    if not guides:
        how = ["tests.fuzz", name, "--unguided", "--seconds", str(seconds)]
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-m", *how], capture_output=True, text=True, errors="replace", check=False
    )
    after = os.times()
    spent = after.children_user - before.children_user
    spent += after.children_system - before.children_system
    said = done.stdout + done.stderr
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(said)
    if done.returncode:
        print(said[-4000:])
    inputs = sum(int(guided or free) for guided, free in _INPUTS.findall(said))
    steps, features = (_REACHED.findall(said) or [("0", "0")])[-1]
    return Figures(spent, inputs, int(steps), int(features), status=done.returncode)


def campaign(names: list[str], arguments: argparse.Namespace) -> int:
    """Search each target and print the table."""
    guides = not arguments.unguided and _has_atheris()
    print("| target | processor s | inputs | edges | features | kept inputs | findings |")
    print("|---|---|---|---|---|---|---|", flush=True)
    total = Figures()
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            log = None if arguments.logs is None else arguments.logs / f"{name}.log"
            figures = search(name, arguments.seconds, Path(place), guides=guides, log=log)
            found = [path.read_bytes() for path in sorted(Path(place).iterdir())]
            if arguments.keep and not figures.status:
                figures.kept = keep(name, TARGETS[name], found)
        findings = "none" if figures.status == 0 else "SEE ABOVE"
        print(
            f"| {name} | {figures.seconds:.0f} | {figures.inputs:,} | {figures.steps:,} "
            f"| {figures.features:,} | {figures.kept} | {findings} |",
            flush=True,
        )
        total.seconds += figures.seconds
        total.inputs += figures.inputs
        total.status = total.status or figures.status
    print(f"| in all | {total.seconds:.0f} | {total.inputs:,} | | | | |")
    return total.status


def main() -> int:
    """Run the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("targets", nargs="+", choices=["all", *sorted(TARGETS)], metavar="TARGET")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (default 60)")
    parser.add_argument("--unguided", action="store_true", help="without atheris")
    parser.add_argument("--keep", action="store_true", help="add what is new to the corpus")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="all that is said, by target")
    arguments = parser.parse_args()
    if arguments.logs is not None:
        arguments.logs.mkdir(parents=True, exist_ok=True)
    names = sorted(TARGETS) if "all" in arguments.targets else arguments.targets
    if arguments.unguided and len(names) == 1:
        return unguided(TARGETS[names[0]], names[0], arguments.seconds)
    return campaign(names, arguments)


def _has_atheris() -> bool:
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not here; searching without it", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
