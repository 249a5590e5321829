"""How many files the system lets this process open: each connection is one."""

import contextlib
from typing import Final

RESERVED: Final = 64
"""Files kept for everything that is no connection."""


def raise_limit() -> None:
    """Raise the limit as far as the system allows without asking an administrator."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connections_possible(wanted: int) -> int:
    """Give as many connections of ``wanted`` as there are files for."""
    try:
        import resource
    except ImportError:
        return wanted
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - RESERVED))
