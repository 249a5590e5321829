"""Where this program keeps what is its own: settings and the history, never certificates."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from certrelay.client.home import expanded, home
from certrelay.errors import UsageError

CONFIG_VARIABLE: Final = "CERTRELAY_CONFIG"
"""Names another settings file; empty: none is read."""

DATA_VARIABLE: Final = "CERTRELAY_DATA"
"""Names another folder for the history."""

_OWN: Final = "certrelay"


def config_file(environment: Mapping[str, str] | None = None) -> Path | None:
    """The settings file, there or not; ``None`` if none shall be read.

    Without `CONFIG_VARIABLE` it is ``config.toml`` in the system's folder for settings:
    ``~/.config/certrelay`` on Linux.
    """
    named = (os.environ if environment is None else environment).get(CONFIG_VARIABLE)
    if named is not None:
        return expanded(Path(named)) if named else None
    try:
        return _folder("XDG_CONFIG_HOME", ".config", "user_config_path") / "config.toml"
    except UsageError:
        return None  # without a home there are no settings


def data_folder(environment: Mapping[str, str] | None = None) -> Path:
    """The folder for the history; not made here.

    Without `DATA_VARIABLE` it is the system's folder for data: ``~/.local/share/certrelay``
    on Linux.

    Raises:
        UsageError: ``no_home``.
    """
    named = (os.environ if environment is None else environment).get(DATA_VARIABLE)
    if named:
        return expanded(Path(named))
    return _folder("XDG_DATA_HOME", ".local/share", "user_data_path")


def _folder(variable: str, below_home: str, asked: str) -> Path:
    """The system's folder for us, by the rule of Linux or by what platformdirs answers.

    Source: XDG Base Directory Specification.
    """
    if sys.platform == "linux":  # platformdirs says the same there, and takes 4 ms to load
        base = os.environ.get(variable, "")
        return (Path(base) if base.startswith("/") else home() / below_home) / _OWN
    home()  # platformdirs would only fail later
    import platformdirs

    found: Path = getattr(platformdirs, asked)(_OWN, appauthor=False)
    return found
