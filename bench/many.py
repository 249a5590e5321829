"""A day with 204 certificates in four stores, one call for each chore: wall and processor seconds.

    python -m bench.many [--rounds N] [--each]

The stores are those of docs/cookbook.md.  ``list`` is an inventory, ``verify`` and ``show`` take
all 204 and their few copies, ``convert`` fifty pairs, ``passwd`` twenty, ``send`` sees that twenty
could go (``--dry-run``).  Processor seconds are those of the program and its workers together, so
that a busy machine tells them too.  ``--each`` also shows one by a call of its own, 204 times.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.certificates import PASSWORD
from tests.client_pc.many_clients import make

NEW = "Newpw!8274xz"
ROOT = Path(__file__).resolve().parents[1]


class Desk:
    """The stores of one round.

    Args:
        made: Where they were made; they are copied.
        folder: Where this round works.
    """

    def __init__(self, made: Path, folder: Path) -> None:
        shutil.copytree(made, folder / "stores")
        self.folder = folder
        self.stores = sorted((folder / "stores").glob("*/NPKI"))
        self._words = [word for store in self.stores for word in ("--store", str(store))]
        told = [json.loads(line) for line in self.run(["list", "--json"]).splitlines()]
        self.records = [each for each in told if each["event"] == "certificate"]

    def run(self, arguments: Sequence[str], lines: str = "") -> str:
        """Run a command on all stores; give what it wrote."""
        return subprocess.run(
            [sys.executable, "-m", "client_pc", *arguments, *self._words],
            input=lines,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={
                **os.environ,
                "CERTRELAY_CONFIG": "",
                "CERTRELAY_DATA": str(self.folder / "data"),
                "PYTHONUTF8": "1",
            },
        ).stdout

    def listed(self, count: int, kind: str | None = None, new: str | None = None) -> str:
        """The first certificates as a list with passwords."""
        chosen = [each for each in self.records if kind is None or each["kind"] == kind]
        return "\n".join(
            json.dumps({"path": each["path"], "password": PASSWORD, "new": new})
            for each in chosen[:count]
        )

    def checked(self, command: Sequence[str], lines: str, wanted: int) -> None:
        """Run a command on a list, and see that so many were done."""
        told = [json.loads(line) for line in self.run([*command, "--json"], lines).splitlines()]
        done = sum(each["event"] == "result" and each["status"] != "failed" for each in told)
        if done != wanted:
            raise SystemExit(f"{command[0]}: {done} of {wanted} done")

    def show_each(self) -> None:
        """A call for each."""
        for each in self.records[:204]:
            self.run(["show", each["path"], "--json"])


def chores(desk: Desk, *, each: bool) -> dict[str, Callable[[], object]]:
    """What is timed."""
    everything = len(desk.records)
    sound = sum(record["state"] != "expired" for record in desk.records)
    named: dict[str, Callable[[], object]] = {
        f"list {everything}": lambda: desk.run(["list", "--json"]),
        f"show {everything}, one call": lambda: desk.run(
            ["show", *(record["path"] for record in desk.records), "--json"]
        ),
        f"verify {everything}": lambda: desk.checked(
            ["verify", "--from", "-"], desk.listed(everything), sound
        ),
        "convert 50": lambda: desk.checked(
            ["convert", "--to", "p12", "--from", "-", "--out", f"{desk.folder}/out/"],
            desk.listed(50, "npki"),
            50,
        ),
        "send 20, rehearsed": lambda: desk.checked(
            ["send", "--dry-run", "--from", "-"], desk.listed(20, "npki"), 20
        ),
        "passwd 20": lambda: desk.checked(
            ["passwd", "--from", "-"], desk.listed(20, "npki", NEW), 20
        ),
    }
    if each:
        named["show 204, a call each"] = desk.show_each
    return named


def processor_s() -> float:
    """Processor seconds of all programs that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", action="store_true")
    chosen = parser.parse_args()
    walls: dict[str, list[float]] = {}
    processors: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "made"
        make(made)
        for number in range(chosen.rounds):
            folder = Path(name) / str(number)
            desk = Desk(made, folder)
            for chore, do in chores(desk, each=chosen.each).items():
                began, used = time.perf_counter(), processor_s()
                do()
                walls.setdefault(chore, []).append(time.perf_counter() - began)
                processors.setdefault(chore, []).append(processor_s() - used)
    print(f"{os.cpu_count()} cores, {chosen.rounds} rounds, median\n")
    print("| chore | wall s | processor s |\n|---|---|---|")
    for chore, seconds in walls.items():
        wall, used = statistics.median(seconds), statistics.median(processors[chore])
        print(f"| {chore} | {wall:.2f} | {used:.2f} |")


if __name__ == "__main__":
    main()
