"""``certrelay-relay key``: a key for PCs that may open rooms, and the line for the policy."""

import os
from pathlib import Path

from certrelay.errors import StorageError
from certrelay.wire.ids import AccessKey


def make_access_key(path: Path) -> AccessKey:
    """Write a new key into a new file that only its owner may read, and give it.

    Raises:
        StorageError: ``output_file`` with ``path``: also where something lies there already.
    """
    key = AccessKey(os.urandom(AccessKey.SIZE))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(f"{key.hex}\n")
    except (OSError, ValueError):
        raise StorageError("output_file", path=str(path)) from None
    return key
