"""Between the story and the terminal: what is told goes to both, an answer comes from either."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.lines import Lines
from certrelay.client.terminal.report import Beside, Report
from certrelay.errors import CertRelayError, UsageError
from certrelay.limits import MAX_SHOWN_CELLS, PASSWORD_TRIES
from certrelay.safe_text import printable
from certrelay.texts import Texts
from client_pc.browser.page_session import PageSession, PageState, described
from client_pc.qr_screen import draw


class PageReport:
    """A report that tells the page what it tells the terminal.

    Args:
        terminal: The terminal's own.
        page_session: The page's.
    """

    def __init__(self, terminal: Report, page_session: PageSession) -> None:
        self._terminal: Final = terminal
        self._page_session: Final = page_session
        self._is_from_page = False

    @property
    def texts(self) -> Texts:
        """The terminal's language; the page has both."""
        return self._terminal.texts

    @property
    def columns(self) -> int | None:
        """The terminal's."""
        return self._terminal.columns

    @property
    def question(self) -> int | None:
        """The terminal's: the page's own answers name theirs elsewhere."""
        return self._terminal.question

    def can_draw(self, columns: int, rows: int) -> bool:
        """The terminal's answer: it must do without the page at any moment."""
        return self._terminal.can_draw(columns, rows)

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Tell both; the page gets the QR code's modules in place of its URL."""
        self._terminal.event(name, text, **fields)
        if name == "waiting":
            url: str = fields["url"]
            rows = ["".join("01"[dark] for dark in row) for row in draw(url).modules]
            is_local, expires = url.startswith("http:"), fields["expires_in_ms"]
            self._page_session.show_code(rows, is_local=is_local, expires_in_ms=expires)
        elif name == "code_withdrawn":
            self._page_session.withdraw_typed_code()
            self._page_session.tell(name, **fields, text=text)
        elif name not in ("burnt", "qr_file"):  # told already, and the terminal's affair
            self._page_session.tell(name, **_for_page(fields), text=text)

    def browser(self, state: PageState) -> None:
        """Say in the terminal how the page is."""
        text = self._terminal.texts.say(f"pc.browser.{state}")
        self._terminal.event("browser", text, state=state)

    def ask(self, text: str) -> None:
        """Ask both."""
        self._terminal.ask(text)
        self._page_session.ask()

    def answer_comes_from_page(self) -> None:
        """The next answer was not typed in the terminal, which has not shown it."""
        self._is_from_page = True

    def answered(self, *, seen: bool) -> None:
        """Both: the answer is there."""
        self._terminal.answered(seen=seen and not self._is_from_page)
        self._is_from_page = False
        self._page_session.settle()

    def withdraw(self) -> None:
        """Both: no answer is needed any more."""
        self._terminal.withdraw()
        self._page_session.settle()

    def result(self, text: str) -> None:
        """For the terminal; the page has the events."""
        self._terminal.result(text)

    def painted(self, text: str, style: str) -> str:
        """The terminal's colours."""
        return self._terminal.painted(text, style)

    def picture(self, lines: Sequence[str], caption: str, beside: Beside | None = None) -> None:
        """For the terminal."""
        self._terminal.picture(lines, caption, beside)

    def caption(self, caption: str) -> None:
        """For the terminal; the page counts by itself."""
        self._terminal.caption(caption)

    def erase_picture(self) -> None:
        """Off both."""
        self._terminal.erase_picture()
        self._page_session.burn_code()

    def error(self, error: CertRelayError) -> None:
        """Something went wrong on the way; how it ends is told by itself."""
        self._terminal.error(error)
        self._page_session.tell("problem", **described(error))


def _for_page(value: Any) -> Any:
    """Make what a script reads fit for a page: no text in it acts or hides, or is endless."""
    if isinstance(value, Path):
        return printable(str(value), None)
    if isinstance(value, str):
        return printable(value, MAX_SHOWN_CELLS)
    if isinstance(value, dict):
        path = value.get("path")
        named = {"file": path.name} if isinstance(path, Path) else {}
        return {name: _for_page(each) for name, each in (named | value).items()}
    return [_for_page(each) for each in value] if isinstance(value, list | tuple) else value


class Answers(Lines):
    """Lines of a stream, and the page's answers among them.

    Args:
        stream: Standard input.
        interrupts: Whether to stop.
        page_session: The page's.
        report: Told when the page has answered, and what has become of the page.
    """

    def __init__(
        self, stream: TextIO, interrupts: Interrupts, page_session: PageSession, report: PageReport
    ) -> None:
        super().__init__(stream, interrupts)
        self._page_session: Final = page_session
        self._report: Final = report
        page_session.wake = self.wake

    @property
    def password_tries(self) -> int:
        """A person answers, on the page or in the terminal."""
        return PASSWORD_TRIES

    def drain(self) -> None:
        """Take back the wake-up; say what has become of the page, here in the loop's thread."""
        super().drain()
        for state in self._page_session.take_news():
            self._report.browser(state)

    def find(self, words: frozenset[str]) -> bool:
        """Take a wish, from either; the page knows one only, that for a code to type."""
        found = super().find(words)
        return self._page_session.take_code_wish() or found

    def take(self) -> str | None:
        """Give the next answer, if one is there.

        Raises:
            UsageError: ``input_ended``, if neither terminal nor page will give one.
        """
        self.drain()
        answer = self._page_session.take_answer()
        if answer is not None:
            self._report.answer_comes_from_page()
            return answer
        try:
            return super().take()
        except UsageError:
            # Whoever started this from an icon has no terminal, and does not need one.
            if self._page_session.may_answer:
                return None
            raise
