"""The key that a relay's operator has given to this PC: read from a file, shown to that relay only.

Source: docs/protocol.md §4.1; docs/security.md, attack 81.
"""

from pathlib import Path
from typing import Final

from certrelay.e2e.origin import Origin
from certrelay.errors import ProtocolError, UsageError
from certrelay.wire.ids import AccessKey

_MAX_BYTES: Final = 1024
"""Bytes of a key's file: a real one has 65."""


def read_access_key(path: Path, relay: Origin) -> AccessKey:
    """Read a key and see that it may be shown to a relay.

    Args:
        path: A file with 64 hex digits, as ``certrelay-relay key`` writes it.
        relay: The relay that gets to see it: over https, or on this very computer.

    Raises:
        UsageError: ``bad_access_key`` or ``access_key_needs_https``, with ``path``.
    """
    if relay.scheme == "http" and not relay.is_loopback:
        raise UsageError("access_key_needs_https", path=str(path))
    try:
        with path.open("rb") as file:
            return AccessKey.from_hex(file.read(_MAX_BYTES).decode("ascii").strip())
    except (OSError, ValueError, ProtocolError):
        raise UsageError("bad_access_key", path=str(path)) from None
