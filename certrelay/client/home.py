"""The person's home folder, which a service or a container may not have."""

from pathlib import Path

from certrelay.errors import UsageError


def home() -> Path:
    """The home folder.

    Raises:
        UsageError: ``no_home``, if neither the environment nor the system knows one.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise UsageError("no_home") from None


def expanded(path: Path) -> Path:
    """Put the home folder in the place of ``~``; a name that nobody has stays as it is."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path
