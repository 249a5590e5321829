"""A file that only its owner may read, put in place in one step."""

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: bytes) -> os.stat_result:
    """Write ``content`` beside ``path`` and move it there; give what the system says of it.

    Who reads the path sees the old file or the new one, never a part.

    Raises:
        OSError: It cannot be written; nothing is left beside it then.
        ValueError: The path has a NUL or an empty name.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            status = os.fstat(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return status
