"""How many files the system lets this process open: each connection is one."""

import contextlib
import sys
from typing import Final

RESERVED: Final = 96
"""Files kept for everything that is no connection: the way to the store, the operator's pages."""


def raise_limit() -> None:
    """Raise the limit as far as the system allows without asking an administrator."""
    if sys.platform == "win32":  # it has no such limit
        return
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def limit() -> int:
    """How many files this process may have open; 0 where the system has no such limit."""
    if sys.platform == "win32":
        return 0
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if soft == resource.RLIM_INFINITY else soft


def connections_possible(wanted: int) -> int:
    """Give as many connections of ``wanted`` as there are files for."""
    files = limit()
    return max(1, min(wanted, files - RESERVED)) if files else wanted
