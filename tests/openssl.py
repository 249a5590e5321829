"""OpenSSL's command line, an independent judge where it is there."""

import subprocess
from pathlib import Path

from tests import component

LEGACY = ("-provider", "default", "-provider", "legacy")
"""SEED, RC2 and the older forms live in OpenSSL's legacy provider."""


def openssl(*arguments: str | Path, secret: str = "", ok: bool = True) -> bytes:
    """Run a command; the secret goes to its standard input.  Skips where there is none."""
    done = subprocess.run(
        [component.program("openssl"), *map(str, arguments)],
        input=secret.encode(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) == ok, done.stderr.decode(errors="replace")
    return done.stdout
