"""The files that hold a QR code while it lives: a picture, an address.

Source: docs/protocol.md §2; docs/security.md, attacks 8 and 34.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from client_pc.qr_screen import QrDrawing, png
from client_pc.secret_file import SecretFile

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory


FILES_GRACE_S: Final = 3.0
"""Seconds after the end of a code's life at which its files go, whatever the program is doing:
later than the session takes them away (`certrelay.endpoint.Times.slack`)."""


class CodeFiles:
    """The files that hold the code on the person's wish; each renewal rewrites them.

    They go at the end of the code's life even if the program's loop is held up.
    """

    def __init__(self, png_path: Path | None, url_path: Path | None) -> None:
        self._png_path: Final = png_path
        self._png: Final = None if png_path is None else SecretFile(png_path)
        self._url: Final = None if url_path is None else SecretFile(url_path)
        self._folder: TemporaryDirectory[str] | None = None
        self._is_told = False
        self._lock: Final = threading.Lock()
        self._timer: threading.Timer | None = None

    def write(self, code: QrDrawing, url: str, life_s: float) -> None:
        """Write what the person asked for.

        Args:
            code: The QR code.
            url: What it says.
            life_s: Seconds for which it is good.

        Raises:
            StorageError: ``output_file``.
        """
        self.remove()
        with self._lock:
            self._is_told = False
            self._timer = threading.Timer(life_s + FILES_GRACE_S, self.remove)
            self._timer.daemon = True
            self._timer.start()
            if self._png is not None:
                self._png.write(png(code))
            if self._url is not None:
                self._url.write(f"{url}\n".encode())

    def write_fallback(self, code: QrDrawing) -> Path | None:
        """Name the picture to scan where the terminal cannot show the code, once for a code.

        Without ``--qr-png`` it is one of our own, in a folder that only the person may read.

        Raises:
            StorageError: ``output_file``.
        """
        with self._lock:
            if self._is_told:
                return None
            self._is_told = True
            if self._png_path is not None:
                return self._png_path
            from tempfile import TemporaryDirectory

            self._folder = TemporaryDirectory(prefix="certrelay-", ignore_cleanup_errors=True)
            path = Path(self._folder.name) / "qr.png"
            SecretFile(path).write(png(code))
            return path

    def remove(self) -> None:
        """Take them away; from any thread."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            for file in (self._png, self._url):
                if file is not None:
                    file.remove()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None
