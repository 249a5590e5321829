"""What a program tells a person: sentences on a screen, a large number, a picture.

Long because sentence, number, picture and caption share one screen and its cursor.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TextIO

from certrelay.client.terminal.digits import huge, large, spelled
from certrelay.client.terminal.report import Beside
from certrelay.client.terminal.screen import Screen, has_letters, open_screen
from certrelay.errors import CertRelayError
from certrelay.safe_text import cell_width, printable, wrap
from certrelay.texts import Texts

_TALK: Final = frozenset(
    {
        "changed",
        "checking",
        "connection_back",
        "connection_lost",
        "deleted",
        "demo",
        "done",
        "empty",
        "note",
        "number_matched",
        "paired",
        "peer_back",
        "peer_lost",
        "peer_step",
        "receipt",
        "renewed_since",
        "saved",
        "scanned",
        "verified",
    }
)
"""Events that ``--quiet`` leaves out: what nobody has to know in order to go on."""


_BESIDE_NUMBER: Final = frozenset(
    {
        "connection_back",
        "connection_lost",
        "number",
        "paired",
        "peer_back",
        "peer_lost",
        "peer_step",
        "route",
        "second_scan",
    }
)
"""Events at which a large number stays on the screen."""


_NUMBER_MARGIN: Final = 4


_STYLES: Final = {"number": "1", "done": "32", "error": "31", "second_scan": "33", "leaving": "33"}
"""How the first sentence of an event is painted: bold, green, red, yellow."""


_BAR_CELLS: Final = 24


_PANEL_GAP: Final = 2
"""Columns between a picture and the words beside it."""


_PANEL_CELLS: Final = 28
"""Columns below which words beside a picture would be a stack of single words."""


_NEWS_CAPTIONS: Final = 6
"""Captions, which come about once a second, for which news stand in their place."""


class TextReport:
    """For people.

    Args:
        texts: The catalogue.
        program: Whose errors these are.
        out: For results.
        screen: For words.
        quiet: Say only what a person must know to answer or to act.
    """

    def __init__(
        self, texts: Texts, program: str, out: TextIO, screen: Screen, *, quiet: bool = False
    ) -> None:
        self.texts: Final = texts
        self.question: Final = None
        self._program: Final = program
        self._out: Final = out
        self._screen: Final = screen
        self._err: Final = screen.stream
        self._quiet: Final = quiet
        self._is_up = False
        self._is_number_up = False
        self._peer = ""
        self._is_moving = False
        self._is_at_step = False
        self._question = ""
        self._held_back: list[str] = []
        self._news: list[str] | None = None
        self._news_left = 0

    @property
    def columns(self) -> int | None:
        """The width of standard output."""
        return Screen(self._out, steers=False, colours=False, plain=False).columns

    def can_draw(self, columns: int, rows: int) -> bool:
        """See `certrelay.client.terminal.screen.Screen.can_draw`."""
        return self._screen.can_draw(columns, rows)

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Say the sentence, if there is one."""
        if name not in _BESIDE_NUMBER:
            self._take_number_away()
        if name == "paired":
            self._peer = text
        if name == "number":
            if self._draw_number(fields["number"], text):
                return
            text = self._read_aloud(text, fields["number"])
        if name == "peer_step" and self._is_number_up:
            self._tell_below(text)
        elif name == "progress":
            self._move(text, fields["done"], fields["total"])
        elif name == "peer_step" and self._shows_steps and not self._quiet:
            self._step(text)
        elif text and not (self._quiet and name in _TALK):
            self._say(text, _STYLES.get(name, ""))

    def ask(self, text: str) -> None:
        """Write the question without a line's end."""
        self._take_number_away()
        self._end_moving()
        self._question = text
        self._err.write(f"{wrap(text, self._screen.columns)} ")
        self._err.flush()

    def answered(self, *, seen: bool) -> None:
        """End the line where the person's Enter did not."""
        if seen:
            self._question = ""
        self.withdraw()

    def withdraw(self) -> None:
        """End the question's line."""
        if self._question:
            self._question = ""
            self._err.write("\n")
            self._err.flush()

    def painted(self, text: str, style: str) -> str:
        """Give a result its colour on a terminal."""
        if not self._out.isatty():
            return text
        return open_screen(self._out, plain=self._screen.plain).paint(text, style)

    def result(self, text: str) -> None:
        """Write to standard output."""
        self._end_moving()
        print(text, file=self._out, flush=True)

    def picture(self, lines: Sequence[str], caption: str, beside: Beside | None = None) -> None:
        """Draw on standard error; on a terminal on its other screen, which keeps no trace."""
        if not self._screen.steers:
            self._say("\n".join([*lines, caption]))
            return
        news, self._news = self._news, None
        self.erase_picture()
        self._is_up = True
        self._err.write("\x1b[?1049h\x1b[2J\x1b[H" + "\n".join(lines) + "\n")
        if beside is not None:
            self._err.write("".join(self._panel(beside, len(lines))))
        self.caption(caption)
        if news:
            self._tell_below(news[-1])

    def _panel(self, beside: Beside, rows: int) -> Iterator[str]:
        """Words beside the picture, or nothing where they would not stand whole."""
        left = beside.columns + _PANEL_GAP
        width = (self._screen.columns or 0) - left - 1
        if width < _PANEL_CELLS:
            return
        words = wrap(beside.text, width).split("\n")
        if len(words) <= rows - 2 and max(map(cell_width, words)) <= width:
            yield from (f"\x1b[{row};{left + 1}H{line}" for row, line in enumerate(words, 2))
            yield f"\x1b[{rows + 1};1H"

    def caption(self, caption: str) -> None:
        """Rewrite the line below the picture, where there is one; a line too long is cut.

        What happened meanwhile stays there for some seconds first.
        """
        if self._news_left:
            self._news_left -= 1
        elif self._is_up:
            # In the last column a terminal would go to the next line, and lose the first.
            columns = (self._screen.columns or 80) - 1
            self._err.write(f"\r{printable(caption, columns)}\x1b[K")
            self._err.flush()

    def erase_picture(self) -> None:
        """Leave the other screen, and say what was to be said meanwhile."""
        self._news_left = 0
        if self._is_up:
            self._is_up = False
            self._err.write("\x1b[?1049l")
            said, self._held_back = self._held_back, []
            for text in said:
                self._say(text)
            self._news = []

    def error(self, error: CertRelayError) -> None:
        """Two sentences: what happened, what to do."""
        self._take_number_away()
        self.withdraw()
        self._say(f"{self._program}: {self.texts.error(error)}", _STYLES["error"])
        if hint := self.texts.hint(error):
            self._say(f"  {self._arrow} {hint}")

    def _draw_number(self, number: str, text: str) -> bool:
        """Show the number large and alone, with whose device it is for, if there is room.

        It stands on the terminal's other screen: what was told before is out of sight, and
        comes back with the next step.
        """
        if not self._screen.steers:
            return False
        words = "\n\n".join(filter(None, [text.strip("\n"), self._peer]))
        below = ["", *wrap(words, self._screen.columns).split("\n"), ""]
        for draw in (huge, large):
            digits = draw(f"{number[:3]} {number[3:]}")
            rows = ["", *(" " * _NUMBER_MARGIN + line for line in digits)]
            if self.can_draw(max(map(cell_width, rows)), len(rows) + len(below)):
                self._news = None
                painted = [self._screen.paint(row, _STYLES["number"]) for row in rows]
                self.picture([*painted, *below], "")
                self._is_number_up = True
                return True
        return False

    def _read_aloud(self, text: str, number: str) -> str:
        """Where the screen is read aloud, digit by digit: no six hundred and thirty-seven."""
        shown = f"{number[:3]} {number[3:]}"
        return text.replace(shown, spelled(shown)) if self._screen.plain else text

    def _take_number_away(self) -> None:
        if self._is_number_up:
            self._is_number_up = False
            self.erase_picture()

    @property
    def _arrow(self) -> str:
        return "→" if has_letters(self._err, "→") and not self._screen.plain else "-"

    def _move(self, text: str, done: int, total: int) -> None:
        """Show progress in a line that is rewritten; elsewhere only its end is said."""
        if self._quiet:
            return
        if not self._screen.steers:
            if done >= total:
                self._say(text)
            return
        filled = _BAR_CELLS * done // max(1, total)
        bar = "█" * filled + "░" * (_BAR_CELLS - filled) if has_letters(self._err, "█░") else ""
        self._err.write(f"\r  {bar}{text}\x1b[K")
        self._err.flush()
        self._is_moving, self._is_at_step = True, False

    @property
    def _shows_steps(self) -> bool:
        return self._screen.steers and not self._is_up and not self._question

    def _step(self, text: str) -> None:
        """Show the other person's step in a line that the next sentence takes away."""
        self._end_moving()
        columns = (self._screen.columns or 80) - 1
        self._err.write(f"\r{printable(text, columns)}\x1b[K")
        self._err.flush()
        self._is_at_step = True

    def _end_moving(self) -> None:
        if self._is_at_step:
            self._is_at_step = False
            self._err.write("\r\x1b[K")
        if self._is_moving:
            self._is_moving = False
            self._err.write("\n")

    def _say(self, text: str, style: str = "") -> None:
        if self._is_up:
            self._held_back.append(text)
            self._tell_below(text)
            return
        self._end_moving()
        question = self._question
        self.withdraw()
        if self._news is not None:
            self._news.append(text)
        lines = text.split("\n")
        headline = next((line for line in lines if line), "")
        for line in lines:
            wrapped = wrap(line, self._screen.columns).split("\n")
            look = style if line is headline else ""
            print("\n".join(self._screen.paint(each, look) for each in wrapped), file=self._err)
        self._err.flush()
        if question:  # it is still to be answered
            self.ask(question)

    def _tell_below(self, text: str) -> None:
        """Put a sentence in the caption's place for as many captions as there are seconds."""
        self._news_left = 0
        self.caption(text.partition("\n")[0])
        self._news_left = _NEWS_CAPTIONS
