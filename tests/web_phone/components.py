"""What these tests need beyond Python: skipped by component on a desk, demanded in CI."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "web_phone"
JS_TESTS = Path(__file__).parent / "js"
BUILD = PAGE / "tools"


def missing(what: str) -> None:
    """Skip the test, or fail it in CI, because a component is not there."""
    if os.environ.get("CERTRELAY_CI"):
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


def node() -> str:
    """The path of Node, 20 or later."""
    found = shutil.which("node")
    if found is None:
        missing("node")
    assert found is not None
    return found


def build_tools() -> Path:
    """The folder of the page's build tools, after ``npm ci --ignore-scripts``."""
    if not (BUILD / "node_modules" / "esbuild").is_dir():
        missing("web_phone/tools/node_modules (npm ci --ignore-scripts)")
    return BUILD


@cache
def page_is_built() -> None:
    """See that the page which is served is what its modules give, where that can be told."""
    done = subprocess.run(
        [node(), build_tools() / "page.mjs", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    missing("chromium")
    raise AssertionError("unreachable")
