"""What run.py says without making an environment; .ci/run tries the rest for real."""

import ast
import subprocess
import sys

import pytest

import run
from tests.sources import ROOT

RUN = ROOT / "run.py"


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["tset"], 2), (["--help"], 0)])
def test_it_says_how_it_is_used(arguments: list[str], status: int) -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == status
    assert "run.py demo" in done.stdout


def test_an_older_python_can_read_it_to_the_sentence_that_refuses_it() -> None:
    ast.parse(RUN.read_text("utf-8"), feature_version=(3, 7))


def test_a_half_made_environment_is_not_taken_for_a_whole_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(run, "STAMP", ROOT / "no such folder" / "installed.json")
    assert run.read_stamp() == {}
