"""The relay cannot reach what is sealed: it runs where that code is not even there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED_OF_THE_CORE = (
    "__init__.py",
    "errors.py",
    "limits.py",
    "safe_text.py",
    "strict_json.py",
    "texts",
    "wire",
)
FORBIDDEN = (
    "cryptography",
    "pyhpke",
    "asn1crypto",
    "certrelay.e2e",
    "certrelay.pki",
    "certrelay.net",
    "certrelay.endpoint",
)

_OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-k", "not redis and not nodes")
"""Once more, with the rooms in memory: where they are makes no difference to this."""


def test_a_relay_that_answers_has_loaded_no_cryptography() -> None:
    program = (
        "import sys; from relay.embedded import start; import relay.__main__, relay.serve\n"
        "with start('127.0.0.1'): pass\n"
        f"print(sorted(name for name in sys.modules if name.startswith({FORBIDDEN})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.timeout(300)
def test_its_tests_pass_where_the_code_for_sealing_was_deleted(tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    for name in NEEDED_OF_THE_CORE:
        source, target = ROOT / "certrelay" / name, tmp_path / "certrelay" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copy(source, target)
    shutil.copytree(ROOT / "relay", tmp_path / "relay", ignore=ignore)
    ignore = shutil.ignore_patterns("__pycache__", Path(__file__).name)
    shutil.copytree(ROOT / "tests" / "relay", tmp_path / "tests" / "relay", ignore=ignore)
    for name in ("__init__.py", "redis_server.py"):
        shutil.copy(ROOT / "tests" / name, tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *_OPTIONS, "tests/relay"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
