"""Takes one defence away and sees that its row turns red: ``python -m tests.attacks.mutations``.

    python -m tests.attacks.mutations            every one
    python -m tests.attacks.mutations 3 27       those of these rows

Each change is made in a copy of the tree; the tests of the row run there until the first
fails.  A change that leaves them green means that the row is not proved: the status is 1.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.attacks.mutations import ALL
from tests.attacks.mutations.mutation import Mutation

ROOT = Path(__file__).resolve().parents[3]
_MARK = re.compile(r"attack\(([0-9, ]+)\)")


def main() -> int:
    """Apply the changes one by one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("rows", nargs="*", type=int)
    arguments = parser.parse_args()
    chosen = [m for m in ALL if not arguments.rows or m.row in arguments.rows]
    survived = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = copy_tree(Path(folder) / "tree")
        sound = {key: is_green(tree, *key) for key in {(m.row, m.tests) for m in chosen}}
        for mutation in chosen:
            if not sound[mutation.row, mutation.tests]:
                survived += 1
                print(f"{mutation.row:3}  red before anything was taken away", flush=True)
                continue
            began = time.monotonic()
            red, test = try_one(tree, mutation)
            survived += not red
            took = time.monotonic() - began
            word = "red  " if red else "GREEN"
            print(f"{mutation.row:3}  {word} {mutation.what} ({took:.0f} s)", flush=True)
            print(f"       {test}", flush=True)
    print(f"\n{len(chosen) - survived} of {len(chosen)} turned their row red.")
    return 1 if survived else 0


def copy_tree(target: Path) -> Path:
    """Copy the tree as it lies, without what was made from it."""
    ignored = shutil.ignore_patterns(
        "__pycache__", "node_modules", ".git", ".venv*", ".*_cache", ".hypothesis", "dist", "site"
    )
    shutil.copytree(ROOT, target, ignore=ignored)
    tools = Path("web_phone") / "tools" / "node_modules"  # what the page is built with
    (target / tools).symlink_to(ROOT / tools)
    return target


def files_of(row: int, where: Path) -> list[Path]:
    """The test files that are marked with a row: to collect all would take longest."""
    if where.is_file():
        return [where]
    found = []
    for path in sorted(where.rglob("test_*.py")):
        marks = _MARK.findall(path.read_text("utf-8"))
        if any(str(row) in re.findall("[0-9]+", mark) for mark in marks):
            found.append(path)
    return found


def try_one(tree: Path, mutation: Mutation) -> tuple[bool, str]:
    """Run the row's tests on the changed tree; tell whether one failed, and which."""
    path = tree / mutation.file
    before = path.read_text("utf-8")
    if before.count(mutation.old) != 1:
        return False, f"{mutation.file} has the text {before.count(mutation.old)} times"
    path.write_text(before.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        _rebuild(tree, mutation)
        return run_tests(tree, mutation)
    finally:
        path.write_text(before, encoding="utf-8")
        _rebuild(tree, mutation)


def _rebuild(tree: Path, mutation: Mutation) -> None:
    if mutation.rebuilds:
        tool = tree / "web_phone" / "tools" / "page.mjs"
        subprocess.run(["node", tool], check=True, capture_output=True)


def is_green(tree: Path, row: int, tests: str) -> bool:
    """Tell whether a row's tests pass on the tree as it is: else a red one proves nothing."""
    return _pytest(tree, row, tests).returncode == 0


def run_tests(tree: Path, mutation: Mutation) -> tuple[bool, str]:
    """Run until the first failure."""
    done = _pytest(tree, mutation.row, mutation.tests)
    # An error is what a fixture found at the end of a test: see tests/web_phone/phone.py.
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode == 1 and failed:
        return True, failed[0].partition(" ")[2].partition(" - ")[0]
    return False, f"pytest ended with {done.returncode}: {done.stdout.splitlines()[-1:]}"


def _pytest(tree: Path, row: int, tests: str) -> "subprocess.CompletedProcess[str]":
    # Where a defence against hanging is taken away the test hangs, and its limit turns it red.
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "--timeout=240", f"--attack={row}", *files_of(row, tree / tests)],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
