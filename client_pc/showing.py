"""The QR code while it lives: on the screen, in a PNG, in a file; and then nowhere.

Source: docs/protocol.md §2; docs/security.md, attacks 8 and 34.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from certrelay.e2e.qr import QrCode
from certrelay.endpoint import notices
from certrelay.story.session import Part, Session
from client_pc.qr_screen import Look, choose_look, draw, png, terminal_lines
from client_pc.secret_file import SecretFile


class Showing:
    """A part that shows the code when the room stands and takes it away when it is burnt.

    Args:
        qr: The code.
        part: The part that the PC plays otherwise; it hears everything too.
        purpose: ``import`` or ``export``, for the words below the code.
        files: Where the code is written as well.
    """

    def __init__(self, qr: QrCode, part: Part, purpose: str, files: "CodeFiles") -> None:
        self._qr: Final = qr
        self._part: Final = part
        self._purpose: Final = purpose
        self._files: Final = files
        self._expires_at = 0.0

    def hear(self, notice: notices.Notice, session: Session) -> None:
        """Take a notice."""
        match notice:
            case notices.RoomOpened(expires_in_ms):
                self._show(expires_in_ms, session)
            case notices.PeerIntroduced() | notices.ScannedTwice() | notices.Ended():
                self.take_away(session)
        self._part.hear(notice, session)

    def _show(self, expires_in_ms: int, session: Session) -> None:
        url = self._qr.url
        code = draw(url)
        if self._files.png is not None:
            self._files.png.write(png(code))
        if self._files.url is not None:
            self._files.url.write(f"{url}\n".encode())
        self._expires_at = session.now() + expires_in_ms / 1000
        caption = self._caption(session)
        size = shutil.get_terminal_size()
        if size.columns < code.columns or size.lines < code.rows + 1:
            caption = session.report.texts.say("pc.window_too_small")
        session.report.picture(terminal_lines(code, _look()), caption)
        session.report.event("waiting", url=url, expires_in_ms=expires_in_ms)
        session.ticking = lambda _now: session.report.caption(self._caption(session))

    def _caption(self, session: Session) -> str:
        left = max(0, round(self._expires_at - session.now()))
        return session.report.texts.say(
            f"pc.scan.{self._purpose}", left=f"{left // 60}:{left % 60:02}"
        )

    def take_away(self, session: Session) -> None:
        """Remove the code from everywhere."""
        session.ticking = None
        session.report.erase_picture()
        self._files.remove()


def _look() -> Look:
    """Escape sequences are for terminals: a file or a pipe gets plain blocks."""
    return choose_look(os.environ if sys.stderr.isatty() else {**os.environ, "NO_COLOR": "1"})


class CodeFiles:
    """The files that hold the code on the person's wish; each renewal rewrites them."""

    def __init__(self, png_path: Path | None, url_path: Path | None) -> None:
        self.png: Final = None if png_path is None else SecretFile(png_path)
        self.url: Final = None if url_path is None else SecretFile(url_path)

    def remove(self) -> None:
        """Take them away."""
        for file in (self.png, self.url):
            if file is not None:
                file.remove()
