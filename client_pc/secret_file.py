"""A file that holds the QR code's secret for a while: the PNG, the URL file.

It is 0600 from its first moment, is never half written, is exchanged as a whole at each
renewal, and is taken away when the QR code is burnt.
"""

import contextlib
import stat
from pathlib import Path

from certrelay.client.private_file import write_private
from certrelay.errors import StorageError


class SecretFile:
    """One place on disk, written and rewritten by us, and removed by us only.

    Args:
        path: Where it shall lie.  A regular file there is replaced; anything else (a
            link, a folder, a device) is left alone and refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ours: tuple[int, int] | None = None

    def write(self, content: bytes) -> None:
        """Put ``content`` in place, in one step for whoever reads the path.

        Raises:
            StorageError: ``output_file`` with ``path``; nothing is left then.
        """
        try:
            self._refuse_what_is_no_file()
            status = write_private(self._path, content)
        except (OSError, ValueError):  # a ValueError is a NUL or an empty name in the path
            raise StorageError("output_file", path=str(self._path)) from None
        self._ours = (status.st_dev, status.st_ino)

    def remove(self) -> None:
        """Take the file away if it still is the one we wrote; never fails."""
        ours, self._ours = self._ours, None
        with contextlib.suppress(OSError):
            status = self._path.lstat()
            if ours == (status.st_dev, status.st_ino):
                self._path.unlink()

    def _refuse_what_is_no_file(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISREG(self._path.lstat().st_mode):
                raise OSError("not a regular file")
