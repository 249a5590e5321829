"""No crash of the relay writes its memory, and with it join secrets and tokens, to a disk."""

import contextlib


def forbid() -> None:
    """Let the system write no core file of this process; Windows writes none by itself."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
