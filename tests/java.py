"""Java's key store, which many Korean programs are built on, as a judge of PKCS#12 files."""

import os
import re
import subprocess
from pathlib import Path

from tests import component


def entries(path: Path, password: str) -> dict[str, int]:
    """List a PKCS#12 file with ``keytool`` (Debian: openjdk-17-jre-headless).

    Returns:
        The alias of each private key, with the serial number of its certificate.
    """
    done = subprocess.run(
        [
            *(component.program("keytool"), "-J-Xmx64m", "-J-Duser.language=en"),
            *("-list", "-v", "-storetype", "PKCS12", "-keystore", str(path)),
            *("-storepass:env", "STORE_PASSWORD"),
        ],
        env={**os.environ, "STORE_PASSWORD": password, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    shown = done.stdout.decode(errors="replace")
    assert done.returncode == 0, shown + done.stderr.decode(errors="replace")
    found = {}
    for entry in shown.split("Alias name: ")[1:]:
        if "Entry type: PrivateKeyEntry" in entry:
            serial = re.search(r"Serial number: ([0-9a-f]+)", entry)
            assert serial is not None
            found[entry.partition("\n")[0].strip()] = int(serial[1], 16)
    return found
