"""One search guided by coverage: ``python -m tests.fuzz.guided TARGET SECONDS FOLDER``.

`tests.fuzz` starts it as a process of its own.  Only the project's own code is instrumented,
so this module must be the first to import it.
"""

import hashlib
import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["certrelay", "client_pc", "relay"]):
    from tests.fuzz.target import kept
    from tests.fuzz.targets import TARGETS


def main(name: str, seconds: str, folder: Path) -> None:
    """Search from the seeds and the corpus; does not return."""
    target = TARGETS[name]
    for seed in (*target.seeds, *kept(name)):
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-timeout=20", "-max_len=8192", "-print_final_stats=1"]

    def run(data: bytes) -> None:
        target.run(data)

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        dice = random.Random(seed)
        ours = dice.random() < 0.5
        other = target.change(data, dice) if ours else atheris.Mutate(data, max_size)
        return bytes(other[:max_size])

    atheris.Setup([sys.argv[0], *options, str(folder)], run, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
