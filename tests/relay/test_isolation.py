"""The relay cannot reach what is sealed: it runs where that code is not even there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DELETED = (
    "e2e",
    "pki",
    "endpoint*",
    "client",
    "testkit",
    "bundle.py",
    "__pycache__",
)
FORBIDDEN = (
    "cryptography",
    "pyhpke",
    "asn1crypto",
    "certrelay.e2e",
    "certrelay.pki",
    "certrelay.client",
    "certrelay.endpoint",
)

_OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-k", "not redis and not nodes")
_TESTS = ("test_session.py", "test_rules.py", "test_codes.py", "test_closing.py")
"""What a relay does for its devices, once more, with the rooms in memory: the rest of its tests
reach no other code, and everything is imported."""

_IMPORT_ALL = """
import importlib, pkgutil, relay
for found in pkgutil.walk_packages(relay.__path__, "relay."):
    importlib.import_module(found.name)
"""


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


def test_its_tests_pass_where_the_code_for_sealing_was_deleted(tmp_path: Path) -> None:
    for folder, ignored in (
        ("certrelay", DELETED),
        ("relay", ("__pycache__",)),
        ("web_phone", ("node_modules", "__pycache__")),
        ("tests/relay", ("__pycache__", Path(__file__).name)),
    ):
        ignore = shutil.ignore_patterns(*ignored)
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    for helper in (ROOT / "tests").glob("*.py"):
        if not helper.name.startswith(("test_", "conftest")):
            shutil.copy(helper, tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    tests = [f"tests/relay/{name}" for name in _TESTS]
    for command in (("-c", _IMPORT_ALL), ("-m", "pytest", *_OPTIONS, *tests)):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
