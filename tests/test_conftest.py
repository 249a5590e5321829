import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT

SUITE = """
import pytest

def test_that_needs_something() -> None:
    pytest.skip("a thing is missing")

def test_that_runs() -> None:
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_that_is_known_to_fail() -> None:
    assert False
"""


@pytest.mark.parametrize(
    ("ci", "status", "line"),
    [
        ("", 0, "Left out here: a thing is missing (1). CI runs them all."),
        ("1", 1, "skipped, and CI must skip nothing: a thing is missing"),
    ],
)
def test_a_skip_is_told_on_a_desk_and_fails_in_ci(
    tmp_path: Path, ci: str, status: int, line: str
) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (tmp_path / "test_suite.py").write_text(SUITE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "CERTRELAY_CI": ci, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stdout
    assert line in done.stdout
    assert ("1 failed, 1 passed, 1 xfailed" if ci else "1 passed, 1 skipped") in done.stdout
