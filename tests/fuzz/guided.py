"""One search guided by coverage: ``python -m tests.fuzz.guided TARGET SECONDS FOLDER``.

The seconds are the processor's, so that a busy machine takes longer and searches as much.
`tests.fuzz` starts it as a process of its own.  Only the project's own code is instrumented,
so this module must be the first to import it.
"""

import hashlib
import os
import random
import signal
import sys
import time
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
    options = ["-timeout=60", "-max_len=8192", "-print_final_stats=1"]
    most = time.process_time() + float(seconds)

    def run(data: bytes) -> None:
        target.run(data)
        if time.process_time() > most:
            os.kill(os.getpid(), signal.SIGUSR1)  # libFuzzer's word for a good end

    def change(data: bytes, max_size: int, seed: int) -> bytes:
        dice = random.Random(seed)
        ours = dice.random() < 0.5
        other = target.change(data, dice) if ours else atheris.Mutate(data, max_size)
        return bytes(other[:max_size])

    atheris.Setup([sys.argv[0], *options, str(folder)], run, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
