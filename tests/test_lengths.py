"""No file is longer than a reader holds in mind, or its first lines say why it is one all the same.

Tests (``test_*.py``, ``*.test.mjs``) are as long as their subject has cases, and are not measured.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import PACKAGES, ROOT

MOST_LINES = 300
WHERE = (*PACKAGES, "web_phone", "tests", "bench", "deploy", "examples")
MADE = {"built", "vendor", "node_modules", "vectors"}
"""Folders of what is built, fetched or generated."""


def is_test(name: str) -> bool:
    return name.startswith("test_") or ".test." in name


def long_files(root: Path) -> Iterator[Path]:
    """Files that say no reason for their length."""
    for path in sorted(root.rglob("*")):
        if path.suffix not in (".py", ".js", ".mjs") or is_test(path.name):
            continue
        if MADE & set(path.relative_to(root).parts):
            continue
        lines = path.read_text("utf-8").splitlines()
        if len(lines) > MOST_LINES and not any("Long because " in line for line in lines[:10]):
            yield path


@pytest.mark.parametrize("folder", WHERE)
def test_a_long_file_says_why_in_its_first_ten_lines(folder: str) -> None:
    assert not [str(path.relative_to(ROOT)) for path in long_files(ROOT / folder)]


def test_a_long_file_without_a_reason_is_seen(tmp_path: Path) -> None:
    text = "\n" * MOST_LINES + "last"
    (tmp_path / "long.py").write_text(text)
    (tmp_path / "test_cases.py").write_text(text)
    (tmp_path / "said.py").write_text(f"Long because it is a list.{text}")
    (tmp_path / "late.js").write_text("\n" * MOST_LINES + "Long because it is a list.")
    assert [path.name for path in long_files(tmp_path)] == ["late.js", "long.py"]
