"""`--browser`: a copy in this terminal, and beside it on a page of the centre; either may answer.

The copy runs here, with all options that were given, and what this command says of it is what
it has seen itself.  The centre, which is started if none runs, gets the same events and sends
back what the person at the page answers.  It outlives the copy.

Source: docs/architecture.md; `client_pc.centre.visits` is the centre's end.
"""

import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal, TextIO, cast

from certrelay.client.terminal.interrupts import Interrupts
from certrelay.client.terminal.json_report import JsonReport
from certrelay.client.terminal.lines import Lines
from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, ExitStatus, Interrupted, UsageError
from certrelay.limits import PASSWORD_TRIES
from certrelay.texts import Texts
from client_pc.centre import children
from client_pc.centre.both_reports import BothReports
from client_pc.centre.instance import Busy, Hosted, visit_first
from client_pc.centre.visits import PageState
from client_pc.folders import data_folder
from client_pc.loopback.opening import open_page

FIRST_S: Final = 15.0
"""Seconds for which a centre that was started is waited for."""

_TRY_S: Final = 0.1

PageNews = PageState | Literal["opening", "failed", "busy", "no_centre"]
"""Also: a page is opened; no browser could; another copy runs there; there is no centre."""


def accompany(
    command: Literal["import", "export"],
    report: Report,
    run: Callable[[Report, Lines | None], CertRelayError | None],
) -> CertRelayError | None:
    """Run a copy with a page beside the terminal.

    Args:
        command: What the person does.
        report: The terminal's.
        run: The copy; it tells and asks by what it gets, the terminal alone without lines.

    Returns:
        What the copy returns.
    """
    hosted = _host(command, report.texts)
    if not isinstance(hosted, Hosted):
        _tell(report, hosted)
        return run(report, None)
    page = CentrePage(hosted.connection, report.texts)
    both = BothReports(report, page.report)
    page.tell = lambda state: _tell(report, state)
    _tell(report, "opening")
    lines = BothLines(sys.stdin, Interrupts(), report, page, both)
    try:
        page.listen(lines)
        open_page(hosted.address, lambda: page.note("failed"))
        error = run(both, lines)
    except CertRelayError as raised:
        page.end(raised)
        raise
    except KeyboardInterrupt:
        page.end(Interrupted("interrupted"))
        raise
    else:
        page.end(error)
        return error
    finally:
        page.leave()
        lines.close()


def _tell(report: Report, state: PageNews) -> None:
    report.event("browser", report.texts.say(f"pc.browser.{state}"), state=state)


def _host(command: str, texts: Texts) -> "Hosted | Literal['busy', 'no_centre']":
    """Find the centre, or start it."""
    end = time.monotonic() + FIRST_S
    is_started = False
    try:
        folder = data_folder()
        while time.monotonic() < end:
            match visit_first(folder, command):
                case Hosted() as hosted:
                    return hosted
                case Busy():
                    return "busy"
            if not is_started:
                children.start_centre(texts.language)
                is_started = True
            time.sleep(_TRY_S)
    except (CertRelayError, OSError):
        pass
    return "no_centre"


class CentrePage:
    """The page, as this end of the connection knows it.

    Args:
        connection: The other end is the centre.
        texts: For the sentences in the events.
    """

    def __init__(self, connection: socket.socket, texts: Texts) -> None:
        connection.settimeout(None)
        self._connection: Final = connection
        self._heard: Final = connection.makefile("rb")
        self.report: Final = JsonReport(texts, cast("TextIO", _Out(connection)), interactive=True)
        self._lock: Final = threading.Lock()
        self._answers: Final[deque[tuple[int, str]]] = deque()
        self._news: Final[deque[PageNews]] = deque()
        self._state: PageNews = "opening"
        self._wants_code = False
        self._lines: BothLines | None = None
        self.tell: Callable[[PageNews], None] = lambda _state: None

    def listen(self, lines: "BothLines") -> None:
        """Hear the centre from now on, in a thread; ``lines`` is woken by what it says."""
        self._lines = lines
        threading.Thread(target=self._listen, daemon=True, name="page").start()

    def _listen(self) -> None:
        while line := self._hear():
            word, _, rest = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
            if word == "page":
                self.note(cast("PageNews", rest))
            elif self._lines is not None:
                self._take(word, rest, self._lines)
        self.note("closed")

    def _hear(self) -> bytes:
        try:
            return self._heard.readline()
        except (OSError, ValueError):
            return b""

    def _take(self, word: str, rest: str, lines: "BothLines") -> None:
        if word == "stop":
            lines.interrupts.ask()
            return
        with self._lock:
            if word == "code":
                self._wants_code = True
            elif word.isdecimal():
                self._answers.append((int(word), rest))
        lines.wake()

    def note(self, state: PageNews) -> None:
        """Note what has become of the page; from any thread."""
        with self._lock:
            is_news = state != self._state and not (state == "failed" and self._state == "open")
            if is_news:
                self._state = state
                if state != "open":
                    self._news.append(state)
        if self._lines is not None:
            self._lines.wake()

    @property
    def may_answer(self) -> bool:
        """Whether an answer may still come from the page."""
        return self._state in ("opening", "open")

    def tell_news(self) -> None:
        """Say in the terminal what has become of the page."""
        while self._news:
            self.tell(self._news.popleft())

    def take_answer(self) -> str | None:
        """Give the answer to the open question, if the page has given one."""
        while self._answers:
            question, answer = self._answers.popleft()
            if question == self.report.question:
                return answer
        return None

    def take_code_wish(self) -> bool:
        """Tell whether the person at the page wants a code to type, once."""
        with self._lock:
            wanted, self._wants_code = self._wants_code, False
        return wanted

    def end(self, error: CertRelayError | None) -> None:
        """Tell the page how it ended."""
        if error is not None:
            self.report.error(error)
        status = ExitStatus.OK if error is None else error.exit_status
        with suppress(OSError):
            self._connection.sendall(f"end {int(status)}\n".encode())

    def leave(self) -> None:
        """Hang up; without an end that was told, the page says that it is not known."""
        self._lines = None
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


class _Out:
    """Events on their way to the centre; one that is gone gets none."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection: Final = connection
        self._written: list[str] = []

    def write(self, text: str) -> int:
        self._written.append(text)
        return len(text)

    def flush(self) -> None:
        written, self._written = "".join(self._written), []
        with suppress(OSError):
            self._connection.sendall(written.encode())


class BothLines(Lines):
    """Lines of a stream, and the page's answers among them.

    Args:
        stream: Standard input.
        interrupts: Whether to stop.
        terminal: Knows which question is open, where a program answers for a person.
        page: The page.
        report: Told when the page has answered.
    """

    def __init__(
        self,
        stream: TextIO,
        interrupts: Interrupts,
        terminal: Report,
        page: CentrePage,
        report: BothReports,
    ) -> None:
        super().__init__(stream, interrupts, lambda: terminal.question)
        self._page: Final = page
        self._report: Final = report

    @property
    def password_tries(self) -> int:
        """A person answers, on the page or in the terminal."""
        return PASSWORD_TRIES

    def drain(self) -> None:
        """Take back the wake-up; say what has become of the page, here in the loop's thread."""
        super().drain()
        self._page.tell_news()

    def find(self, words: frozenset[str]) -> bool:
        """Take a wish, from either; the page knows one only, that for a code to type."""
        found = super().find(words)
        return self._page.take_code_wish() or found

    def take(self) -> str | None:
        """Give the next answer, if one is there.

        Raises:
            UsageError: ``input_ended``, if neither terminal nor page will give one.
        """
        self.drain()
        answer = self._page.take_answer()
        if answer is not None:
            self._report.answer_comes_from_page()
            return answer
        try:
            return super().take()
        except UsageError:
            # Whoever started this from an icon has no terminal, and does not need one.
            if self._page.may_answer:
                return None
            raise
