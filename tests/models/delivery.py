"""docs/models/delivery.pml in SPIN: the rules as they are, and each with one left out.

python -m tests.models.delivery              what CI runs, as a table
python -m tests.models.delivery --faults 2   two faults where there is one: some minutes
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MODEL = Path(__file__).parents[2] / "docs" / "models" / "delivery.pml"

BROKEN = {
    "FORGETS_TO_REPEAT": "acceptance cycle",
    "COUNTS_ANEW": "assertion violated (next<=",
    "TAKES_TWICE": "assertion violated (what==",
    "BELIEVES_ACKNOWLEDGEMENTS": "assertion violated (copies==1)",
    "RECEIPT_FIRST": "assertion violated (copies==1)",
    "KNOWS_NO_DUPLICATE": "assertion violated (copies==1)",
}
"""Rules that can be left out, and what the checker says then."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checker found."""

    errors: int
    states: int
    words: str
    """Its first complaint, or nothing."""

    @property
    def is_complete(self) -> bool:
        """Whether every state was looked at and none was wrong."""
        return not self.errors and not self.words


def check(*defined: str, patient: bool = False) -> Checked:
    """Check a variant of the model.

    Args:
        defined: ``NAME`` or ``NAME=VALUE``, as the preprocessor takes them.
        patient: Whether to ask that the copy comes to its end, rather than that nothing
            wrong ever happens.
    """
    names = [f"-D{name}" for name in (*defined, *(["PATIENT"] if patient else []))]
    with tempfile.TemporaryDirectory() as folder:
        _run(folder, "spin", *names, "-a", str(MODEL))
        kind = ["-DNFAIR=4"] if patient else ["-DSAFETY", "-DCOLLAPSE"]
        _run(folder, "gcc", "-w", *kind, "-o", "pan", "pan.c")
        told = _run(folder, "./pan", "-m1000000", *(["-a", "-f"] if patient else []))
    errors = re.search(r"errors: (\d+)", told)
    states = re.search(r"(\d+) states, stored", told)
    if errors is None or states is None:
        raise RuntimeError(told)
    complaint = re.search(r"^pan:\d+: (.*) \(at depth|^error: (.*)", told, re.MULTILINE)
    words = "" if complaint is None else complaint[1] or complaint[2]
    return Checked(int(errors[1]), int(states[1]), words)


def _run(folder: str, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def variants(faults: int) -> list[tuple[str, Sequence[str], bool]]:
    """Name all variants with what defines them, and whether they are patient."""
    some = f"FAULTS={faults}"
    return [
        (f"nothing wrong ever happens, {faults} fault(s)", [some], False),
        (f"the copy comes to its end, {faults + 1} faults", [f"FAULTS={faults + 1}"], True),
        *((f"BROKEN_{name}", [some, f"BROKEN_{name}"], _is_patient(name)) for name in BROKEN),
    ]


def _is_patient(name: str) -> bool:
    return name == "FORGETS_TO_REPEAT"


def main() -> int:
    """Check all variants; the status is 1 if one is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.models.delivery")
    parser.add_argument("--faults", type=int, default=1, metavar="N", help="how many (1)")
    wrong = 0
    for name, defined, patient in variants(parser.parse_args().faults):
        checked = check(*defined, patient=patient)
        wrong += checked.is_complete == name.startswith("BROKEN_")
        print(f"{name:45} {checked.states:9} states  {checked.words or 'holds'}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
