"""The QR code while it lives: on the screen, in a PNG, in a file; and then nowhere.

Beside it, on the person's wish and never by itself, a code of digits to type at the other device.

Source: docs/protocol.md §2 and §10.1; docs/security.md, attacks 8, 34 and 56.
"""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from certrelay.client.flow.session import CopySession, Handler, Wish
from certrelay.client.terminal.report import Beside
from certrelay.e2e import hpke
from certrelay.e2e.qr import QrCode
from certrelay.endpoint import events
from certrelay.errors import RoomEnded
from client_pc.code_files import CodeFiles
from client_pc.qr_screen import Look, QrDrawing, choose_look, draw, terminal_lines

if TYPE_CHECKING:
    from client_pc.code_screen import CodeScreen
    from client_pc.nearby import Announcement


CODE_WORDS: Final = frozenset({"c", "code", "ㅊ", "코드"})
"""What a person types to see a code; ``ㅊ`` is the c key of a Korean keyboard."""


class CodeWish:
    """Whether the person wants a code to type, from one QR code to the next.

    Args:
        is_asked: Whether the command line asks for one.
        reads: Whether a line on standard input may ask for one.
    """

    def __init__(self, *, is_asked: bool = False, reads: bool = False) -> None:
        self.is_asked = is_asked
        self.reads: Final = reads


class CodeWindow:
    """A part that shows the code when the room stands and takes it away when it is burnt.

    Args:
        qr: The code.
        make_handler: Makes the part that the PC plays otherwise; it hears everything too.  It is
            asked once the code is on the screen: what it needs is loaded while the person
            takes out the phone.
        purpose: ``import`` or ``export``, for the words below the code.
        files: Where the code is written as well.
        wish: Whether a code to type is wanted too.
        announcement: Tells the local network while a code to type is shown, if anybody does.
    """

    def __init__(
        self,
        qr: QrCode,
        make_handler: Callable[[], Handler],
        purpose: str,
        files: "CodeFiles",
        wish: CodeWish | None = None,
        *,
        announcement: "Announcement | None" = None,
    ) -> None:
        self._qr: Final = qr
        self._make_handler: Final = make_handler
        self._handler: Handler | None = None
        self._purpose: Final = purpose
        self._files: Final = files
        self._expires_at = 0.0
        self._code: QrDrawing | None = None
        self._is_drawn = False
        self._is_told = False
        self._how = purpose
        """Which sentences say how to scan it; where the relay has no page, in an app."""
        self._wish: Final = wish or CodeWish()
        self._announcement: Final = announcement
        self._typed_code: CodeScreen | None = None
        self._typed_codes = 0
        self._codes_used_up = False
        self.renews_for_code = False
        """Whether the person asked for a code that needs a fresh QR code first."""

    def on_event(self, event: events.Event, session: CopySession) -> None:
        """Take an event."""
        match event:
            case events.RoomOpened(expires_in_ms):
                self._show(expires_in_ms, session)
            case events.CodeShown(code):
                self._show_typed(code, session)
            case events.CodeWithdrawn(why):
                self._withdraw_typed(why, session)
            case events.CodeUnavailable(why):
                self._codes_used_up = why == "used_up"
                self._wish.is_asked = self._wish.is_asked and why == "none"
                session.say("code_unavailable", f"pc.code.unavailable.{why}", why=why)
            case events.DeviceJoined():
                session.listen(None)
                self._announce(is_shown=False)
            case events.PeerIntroduced() | events.ScannedTwice() | events.Ended():
                self.take_away(session)
        if self._handler is None:
            self._handler = self._make_handler()
            hpke.suite()
        self._handler.on_event(event, session)

    def _show(self, expires_in_ms: int, session: CopySession) -> None:
        url = self._qr.url
        if not session.relay_has_page:
            # Before the code, so that whoever sees it knows what to scan it with.
            self._how = f"app.{self._purpose}"
            session.report.event("apps_only", session.report.texts.say("pc.apps_only"))
        self._expires_at = session.now() + expires_in_ms / 1000
        self._code = draw(url)
        self._files.write(self._code, url, expires_in_ms / 1000)
        self._is_drawn = False
        self._draw_or_say_why(session)
        self._is_told = True
        session.report.event("waiting", url=url, expires_in_ms=expires_in_ms)
        session.ticking = lambda _now: self._tick(session)
        session.listen(Wish(CODE_WORDS, lambda: self._ask_code(session)), reads=self._wish.reads)
        if self._wish.is_asked:
            self._ask_code(session)

    # --- a code to type ---

    def _ask_code(self, session: CopySession) -> None:
        self._wish.is_asked = True
        if self._codes_used_up or not session.endpoint.show_code(session.now()):
            self.renews_for_code = True
            session.endpoint.cancel(session.now(), RoomEnded("expired"))
        elif self._typed_code is not None:  # what was typed has moved the screen
            self._draw_typed(session)

    def _show_typed(self, code: str, session: CopySession) -> None:
        from client_pc.code_screen import CodeScreen

        renewed = self._typed_codes > 0
        self._typed_codes += 1
        self._typed_code = CodeScreen(code, self._qr.origin, session.report.texts, renewed=renewed)
        words = "" if self._draw_typed(session) else self._typed_code.in_words()
        address = self._typed_code.address
        session.report.event("code", words, code=code, address=address, renewed=renewed)
        self._announce(is_shown=True)

    def _withdraw_typed(self, why: str, session: CopySession) -> None:
        self._announce(is_shown=False)
        self._typed_code, self._is_drawn = None, False
        session.report.erase_picture()
        self._draw_or_say_why(session)
        if why == "entered":
            session.say("code_withdrawn", "pc.code.entered", why=why)
        else:
            session.report.event("code_withdrawn", why=why)

    def _announce(self, *, is_shown: bool) -> None:
        if self._announcement is None:
            return
        if is_shown:
            self._announcement.begin()
        else:
            self._announcement.end()

    def _draw_typed(self, session: CopySession) -> bool:
        """Draw the code large, or smaller; tell whether there was room for it."""
        assert self._typed_code is not None
        report = session.report
        lines = self._typed_code.lines(report.can_draw)
        self._is_drawn = lines is not None
        if lines is None:
            report.erase_picture()
        else:
            report.picture(lines, self._caption(session))
        return self._is_drawn

    def _tick(self, session: CopySession) -> None:
        """Go on with the countdown; follow the person who makes the window larger."""
        if self._is_drawn:
            session.report.caption(self._caption(session))
        else:
            self._draw_or_say_why(session)

    def _draw_or_say_why(self, session: CopySession) -> None:
        """Draw where there is room; else a picture is written, and its place is told once."""
        assert self._code is not None
        report = session.report
        if self._typed_code is not None:
            self._draw_typed(session)
            return
        if report.can_draw(self._code.columns, self._code.rows):
            self._is_drawn = True
            lines = lines_of(self._code)
            steps = report.texts.say(f"pc.steps.{self._how}")
            if self._wish.reads:
                steps = f"{steps}\n\n{report.texts.say('pc.steps.code')}"
            report.picture(lines, self._caption(session), Beside(steps, self._code.columns))
        elif path := self._files.write_fallback(self._code):
            key = f"pc.scan_file.{self._how}"
            text = report.texts.say(key, path=str(path), left=self._left(session))
            if self._wish.reads:
                text = f"{text}\n  {report.texts.say('pc.steps.code')}"
            report.event("qr_file", text, path=path)

    def _left(self, session: CopySession) -> str:
        left = max(0, round(self._expires_at - session.now()))
        return f"{left // 60}:{left % 60:02}"

    def _caption(self, session: CopySession) -> str:
        left, texts = self._left(session), session.report.texts
        if self._typed_code is not None:
            return texts.say("pc.code.left", left=left)
        return texts.say(f"pc.scan.{self._how}", left=left)

    def take_away(self, session: CopySession) -> None:
        """Remove the code from everywhere."""
        session.ticking = None
        session.listen(None)
        self._announce(is_shown=False)
        self._typed_code = None
        self._files.remove()  # first: a screen may be gone, and say so
        session.report.erase_picture()
        if self._is_told:
            self._is_told = False
            session.report.event("burnt")


def lines_of(code: QrDrawing) -> list[str]:
    """A QR code as lines for standard error."""
    return terminal_lines(code, _look())


def _look() -> Look:
    """Escape sequences are for terminals: a file or a pipe gets plain blocks."""
    return choose_look(os.environ if sys.stderr.isatty() else {**os.environ, "TERM": "dumb"})
