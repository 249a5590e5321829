"""A report that tells a terminal and a page of the centre the same."""

from collections.abc import Sequence
from typing import Any, Final

from certrelay.client.terminal.report import Beside, Report
from certrelay.errors import CertRelayError
from certrelay.texts import Texts


class BothReports:
    """A report that tells the page what it tells the terminal.

    Args:
        terminal: The terminal's own.
        page: The page's: events go to the centre.
    """

    def __init__(self, terminal: Report, page: Report) -> None:
        self._terminal: Final = terminal
        self._page: Final = page
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
        """Tell both; where a picture of the code was written is the terminal's affair."""
        self._terminal.event(name, text, **fields)
        if name != "qr_file":
            self._page.event(name, text, **fields)

    def ask(self, text: str) -> None:
        """Ask both."""
        self._terminal.ask(text)
        self._page.ask(text)

    def answer_comes_from_page(self) -> None:
        """The next answer was not typed in the terminal, which has not shown it."""
        self._is_from_page = True

    def answered(self, *, seen: bool) -> None:
        """Both: the answer is there."""
        self._terminal.answered(seen=seen and not self._is_from_page)
        self._is_from_page = False
        self._page.answered(seen=seen)

    def withdraw(self) -> None:
        """Both: no answer is needed any more."""
        self._terminal.withdraw()
        self._page.withdraw()

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
        """Off the terminal, which also changes it for another; ``burnt`` takes it off the page."""
        self._terminal.erase_picture()

    def error(self, error: CertRelayError) -> None:
        """Something went wrong on the way."""
        self._terminal.error(error)
        self._page.error(error)
