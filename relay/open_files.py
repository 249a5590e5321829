"""How many files the system lets this process open: each connection is one."""

import contextlib
import sys
from typing import Final

RESERVED: Final = 64
"""Files kept for everything that is no connection."""


def raise_limit() -> None:
    """Raise the limit as far as the system allows without asking an administrator."""
    if sys.platform == "win32":  # it has no such limit
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connections_possible(wanted: int) -> int:
    """Give as many connections of ``wanted`` as there are files for."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - RESERVED))
