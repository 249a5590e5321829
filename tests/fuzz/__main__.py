"""Fuzzes one parser: ``python -m tests.fuzz TARGET [--seconds N]``.

With atheris (Clang's libFuzzer for Python) the search is guided by coverage; without it the
same targets run over seeded changes, which finds less and needs nothing.  Whatever is found
is written to ``crash-<sha1>`` in the working folder and the exit status is not 0.
"""

import argparse
import hashlib
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.fuzz.mutating import mutated
from tests.fuzz.targets import TARGETS, Target


def guided(target: Target, seconds: int) -> None:
    """Search with atheris; does not return."""
    import atheris

    atheris.instrument_all()
    with tempfile.TemporaryDirectory() as folder:
        for seed in target.seeds:
            (Path(folder) / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-timeout=20", "-max_len=8192", folder]

        def run(data: bytes) -> None:
            target.run(data)

        def change(data: bytes, max_size: int, seed: int) -> bytes:
            dice = random.Random(seed)
            other = mutated(data, dice) if dice.random() < 0.5 else atheris.Mutate(data, max_size)
            return bytes(other[:max_size])

        atheris.Setup([sys.argv[0], *options], run, custom_mutator=change)
        atheris.Fuzz()


def unguided(target: Target, seconds: int) -> int:
    """Search with seeded changes for some seconds."""
    start, rounds = time.monotonic(), 0
    slowest = 0.0
    while time.monotonic() - start < seconds:
        rounds += 1
        data = mutated(target.seeds[rounds % len(target.seeds)], random.Random(rounds))
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


def main() -> int:
    """Run one target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--unguided", action="store_true", help="without atheris")
    arguments = parser.parse_args()
    if not arguments.unguided:
        try:
            guided(TARGETS[arguments.target], arguments.seconds)
        except ImportError:
            print("atheris is not here; searching without it", file=sys.stderr)
    return unguided(TARGETS[arguments.target], arguments.seconds)


if __name__ == "__main__":
    sys.exit(main())
