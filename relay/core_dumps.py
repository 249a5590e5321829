"""No crash of the relay writes its memory, and with it join secrets and tokens, to a disk."""

import contextlib
import sys


def forbid() -> None:
    """Let the system write no core file of this process; Windows writes none by itself."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
