"""Prints the catalogue's rows with the tests that prove them and what became of these.

    python -m tests.attacks                runs every marked test
    python -m tests.attacks --collect      only finds them
    python -m tests.attacks --read FILE    tells of an earlier run: pytest --attacks-json FILE
    python -m tests.attacks --tests        names every test

The status is 0 if every row is green or has its reason.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.attacks.catalogue import IN_PART, ROWS, WITHOUT_TEST
from tests.attacks.plugin import Proofs, read

ROOT = Path(__file__).resolve().parents[2]
BAD = frozenset({"failed", "skipped"})


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--collect", action="store_true", help="find the tests, run none")
    parser.add_argument("--read", type=Path, metavar="FILE", help="tell of an earlier run")
    parser.add_argument("--tests", action="store_true", help="name every test")
    parser.add_argument("--row", type=int, action="append", default=[], help="only this row")
    arguments = parser.parse_args()
    proofs = read(arguments.read) if arguments.read else run(arguments.row, arguments.collect)
    rows = arguments.row or sorted(ROWS)
    good = [tell(row, proofs.get(row, {}), arguments.tests, arguments.collect) for row in rows]
    print(f"\n{sum(good)} of {len(good)} rows are green or have their reason.")
    return 0 if all(good) else 1


def run(rows: list[int], collect: bool) -> Proofs:
    """Let pytest run (or only collect) the marked tests."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "attacks.json"
        only = [f"--attack={row}" for row in rows or sorted(ROWS)]
        more = ["--collect-only"] if collect else []
        command = [sys.executable, "-m", "pytest", "-q", *only, *more, f"--attacks-json={report}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not report.exists():
            sys.exit(done.stdout + done.stderr)
        if done.returncode not in (0, 5):
            print(done.stdout)
        return read(report)


def tell(row: int, tests: dict[str, str], every: bool, collected: bool) -> bool:
    """Print one row; tell whether it is in order."""
    bad = [test for test, outcome in tests.items() if outcome in BAD]
    files = sorted({test.partition("::")[0] for test in tests})
    if bad:
        word = f"RED, {len(bad)} of {len(tests)}"
    elif tests:
        word = f"{'found' if collected else 'green'}, {len(tests)} tests"
    else:
        word = "no test" if row in WITHOUT_TEST else "NO TEST AND NO REASON"
    print(f"{row:3}  {word:22}  {ROWS.get(row, '?')}")
    if row in WITHOUT_TEST:
        print(f"     why: {WITHOUT_TEST[row]}")
    if row in IN_PART:
        print(f"     in part: {IN_PART[row]}")
    for name in sorted(tests) if every else files:
        print(f"       {name}{f'  {tests[name]}' if every else ''}")
    return not bad and (bool(tests) or row in WITHOUT_TEST)


if __name__ == "__main__":
    sys.exit(main())
