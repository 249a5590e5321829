"""Where certificates lie on a PC, for each system.

Source: the field's customs; docs/architecture.md.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def default_root(
    platform: str = sys.platform,
    home: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """The NPKI folder that is read and written where none is named.

    Args:
        platform: As ``sys.platform`` says it.
        home: The person's home folder.
        environment: ``USERPROFILE`` counts on Windows.
    """
    home = Path.home() if home is None else home
    if platform == "win32":
        profile = Path(environment.get("USERPROFILE") or home)
        return profile / "AppData" / "LocalLow" / "NPKI"
    if platform == "darwin":
        return home / "Library" / "Preferences" / "NPKI"
    return home / "NPKI"
