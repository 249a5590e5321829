"""Fuzzes one target: ``python -m tests.fuzz TARGET [--seconds N]``; ``all`` takes each in turn.

With atheris (Clang's libFuzzer for Python) the search is guided by coverage; without it the
same targets run over seeded changes, which finds less and needs nothing.  Whatever is found
is written to ``crash-<sha1>`` in the working folder and the exit status is not 0.

``--keep`` adds the inputs that reach lines which no other kept one reaches to
``tests/fuzz/corpus``; every search, and the short one of the suite, starts from there.
"""

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.fuzz.keeping import keep
from tests.fuzz.target import Target, kept
from tests.fuzz.targets import TARGETS


def unguided(target: Target, name: str, seconds: int) -> int:
    """Search with seeded changes for some seconds."""
    start, rounds = time.monotonic(), 0
    slowest = 0.0
    seeds = (*target.seeds, *kept(name))
    while time.monotonic() - start < seconds:
        rounds += 1
        data = target.change(seeds[rounds % len(seeds)], random.Random(rounds))
        began = time.monotonic()
        try:
            target.run(data)
        except Exception:
            path = Path(f"crash-{hashlib.sha1(data).hexdigest()}")
            path.write_bytes(data)
            traceback.print_exc()
            print(f"written to {path}")
            return 1
        slowest = max(slowest, time.monotonic() - began)
    print(f"{rounds} inputs, nothing found; the slowest took {slowest:.3f} s")
    return 0


def every(arguments: argparse.Namespace) -> int:
    """Run each target in a process of its own, for the instrumentation cannot be undone."""
    worst = 0
    for name in sorted(TARGETS):
        print(f"== {name}", flush=True)
        more = [word for word in ("--unguided", "--keep") if getattr(arguments, word[2:])]
        command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(arguments.seconds)]
        worst = max(worst, subprocess.call([*command, *more]))
    return worst


def main() -> int:
    """Run one target, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("target", choices=["all", *sorted(TARGETS)])
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--unguided", action="store_true", help="without atheris")
    parser.add_argument("--keep", action="store_true", help="add what is new to the corpus")
    arguments = parser.parse_args()
    name, seconds = arguments.target, arguments.seconds
    if name == "all":
        return every(arguments)
    if arguments.unguided or not _has_atheris():
        return unguided(TARGETS[name], name, seconds)
    with tempfile.TemporaryDirectory() as folder:
        # A process of its own: libFuzzer ends the one that it runs in.
        command = [sys.executable, "-m", "tests.fuzz.guided", name, str(seconds), folder]
        status = subprocess.call(command)
        if arguments.keep and status == 0:
            found = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
            print(f"kept: {keep(name, TARGETS[name], found)} of {len(found)}")
    return status


def _has_atheris() -> bool:
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not here; searching without it", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
