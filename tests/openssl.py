"""OpenSSL's command line, an independent judge where it is there."""

import shutil
import subprocess
from pathlib import Path

import pytest

LEGACY = ("-provider", "default", "-provider", "legacy")
"""SEED, RC2 and the older forms live in OpenSSL's legacy provider."""


def openssl(*arguments: str | Path, secret: str = "", ok: bool = True) -> bytes:
    """Run a command; the secret goes to its standard input.  Skips where there is none."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl command")
    done = subprocess.run(
        [program, *map(str, arguments)], input=secret.encode(), capture_output=True, check=False
    )
    assert (done.returncode == 0) == ok, done.stderr.decode(errors="replace")
    return done.stdout
