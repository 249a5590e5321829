"""What the programs load: the start of a program is mostly imports, so they are counted.

No time is measured.  A module that is named here costs 20 ms and more, or drags in one that
does; python -m bench.start tells what all of it comes to.
"""

import subprocess
import sys

import pytest

from bench.start import PROBE
from tests.flows.programs import ROOT, environment
from tests.nodes import nodes
from tests.patience import PATIENCE_S

HEAVY = (
    "asyncio",
    "starlette",
    "uvicorn",
    "uvloop",
    "websockets.asyncio",
    "websockets.sync",
    "PIL",
    "rich",
    "redis",
    "prometheus_client",
    "hypothesis",
    "cryptography.x509",
    "email.parser",
    "importlib.metadata",
    "encodings.idna",
    "platformdirs",
)

LATER = (
    "pyhpke",
    "cryptography.hazmat.primitives.ciphers.aead",
    "certrelay.pki.pkcs12",
    "certrelay.client.store.store",
    "datetime",
)
"""Needed for the copy, and not for the code."""

REPORT = "import atexit, sys; atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))"


def loaded(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def heavy(modules: set[str], names: tuple[str, ...] = HEAVY) -> list[str]:
    return sorted(name for name in names if name in modules)


def test_help_loads_nothing_of_a_copy() -> None:
    program = f"{REPORT}\nfrom client_pc.cli import main\nmain(['--help'])"
    modules = loaded("-c", program.replace("main(['--help'])", "sys.exit(main(['--help']))"))
    assert "client_pc.cli" in modules
    assert not heavy(modules)
    beyond = ("cryptography", "websockets", "dataclasses", "inspect", "certrelay.e2e")
    assert not [name for name in modules if name.startswith(beyond)]


@pytest.mark.parametrize("names", [HEAVY, LATER], ids=["heavy", "later"])
def test_the_code_is_shown_before_anything_heavy_is_loaded(
    tmp_path: object, names: tuple[str, ...]
) -> None:
    program = PROBE.replace(
        "os._exit(0)", "print(*sorted(sys.modules), file=sys.stderr, flush=True); os._exit(0)"
    )
    with nodes(1) as (relay,):
        modules = loaded(
            "-c", program, "import", "--json", "--store", str(tmp_path), "--relay", relay.url
        )
    assert "qrcode.main" in modules
    assert not heavy(modules, names)
