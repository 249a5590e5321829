"""Checks that NSS (Firefox, Thunderbird, Chrome on Linux) opens what is written.

``python -m tests.nss`` needs ``pk12util`` and ``certutil`` (Debian: libnss3-tools).  The suite
itself leans on OpenSSL, which is everywhere; this is a command of its own, so that a machine
without NSS skips nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from certrelay.pki import rewrap
from certrelay.pki.pkcs12_writing import Style
from tests.certificates import KOREAN_PASSWORD, PASSWORD, person


def run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, check=False)
    shown = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, shown
    return shown


def check(style: Style, password: str, *, km: bool) -> None:
    """Convert a test pair, import it into a fresh NSS database, and count keys and chain."""
    item = person().npki(password, ca_pubs=True)
    made = rewrap.to_pkcs12(item, password, password, os.urandom, style, km=km)
    with tempfile.TemporaryDirectory() as folder:
        database, path = f"sql:{folder}", Path(folder) / "x.p12"
        path.write_bytes(made.files[0].content)
        run("certutil", "-N", "-d", database, "--empty-password")
        imported = run("pk12util", "-i", path, "-W", password, "-d", database)
        assert "SUCCESSFUL" in imported, imported
        keys = run("certutil", "-K", "-d", database).count("rsa ")
        assert keys == 1 + km, f"{keys} keys"
        assert "Test CA" in run("pk12util", "-l", path, "-W", password, "-d", database)


def main() -> int:
    """Check both styles, with and without a km pair, with a Korean password too."""
    if not shutil.which("pk12util") or not shutil.which("certutil"):
        print("not run: no pk12util and certutil here (Debian: libnss3-tools)")
        return 1
    styles: tuple[Style, ...] = ("field", "modern")
    for style in styles:
        for password in (PASSWORD, KOREAN_PASSWORD):
            for km in (False, True):
                check(style, password, km=km)
        print(f"{style}: NSS imports certificate, keys and chain")
    return 0


if __name__ == "__main__":
    sys.exit(main())
