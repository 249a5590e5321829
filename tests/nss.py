"""NSS (Firefox, Thunderbird, Chrome on Linux) as a judge of PKCS#12 files."""

import subprocess
import tempfile
from pathlib import Path

from tests import component


def keys_after_import(content: bytes, password: str) -> int:
    """Import a file into a fresh NSS database; give the number of keys that it holds then.

    Skips where ``pk12util`` and ``certutil`` (Debian: libnss3-tools) are missing.
    """
    importer, lister = component.program("pk12util"), component.program("certutil")
    with tempfile.TemporaryDirectory() as folder:
        database, path = f"sql:{folder}", Path(folder) / "x.p12"
        path.write_bytes(content)
        _run(lister, "-N", "-d", database, "--empty-password")
        imported = _run(importer, "-i", path, "-W", password, "-d", database)
        assert "SUCCESSFUL" in imported, imported
        return _run(lister, "-K", "-d", database).count("rsa ")


def _run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], capture_output=True, check=False)
    shown = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, shown
    return shown
