"""What a program tells a script: one JSON event a line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

from certrelay.client.terminal.report import Beside, details_of, plain
from certrelay.errors import CertRelayError
from certrelay.texts import Texts


class JsonReport:
    """For scripts: one object a line on standard output, nothing else.

    Args:
        texts: The catalogue.
        out: Where the events go.
        interactive: Whether another program shows a person what happens, and answers for him:
            each event has its sentence too, each question a number, and it is told when one is
            over.
    """

    def __init__(self, texts: Texts, out: TextIO, *, interactive: bool = False) -> None:
        self.texts: Final = texts
        self._out: Final = out
        self._interactive: Final = interactive
        self._questions = 0
        self._is_open = False
        self.columns: int | None = None

    @property
    def question(self) -> int | None:
        """See `Report.question`."""
        if not self._interactive:
            return None
        return self._questions if self._is_open else 0

    def can_draw(self, columns: int, rows: int) -> bool:
        """Nothing is drawn, so anything can be."""
        del columns, rows
        return True

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Write the event."""
        said = {"text": text} if self._interactive and text else {}
        self._write({"event": name, **fields, **said})

    def ask(self, text: str) -> None:
        """Number the question; to a script, the event that goes with it says it."""
        if self._interactive:
            self._questions += 1
            self._is_open = True
            self._write({"event": "ask", "question": self._questions, "text": text})

    def answered(self, *, seen: bool) -> None:
        """The question is over."""
        del seen
        self.withdraw()

    def withdraw(self) -> None:
        """The question is over."""
        if self._is_open:
            self._is_open = False
            self._write({"event": "answered", "question": self._questions})

    def result(self, text: str) -> None:
        """Nothing: the events hold the results."""

    def painted(self, text: str, style: str) -> str:
        """Nothing: colours are for people."""
        del style
        return text

    def picture(self, lines: Sequence[str], caption: str, beside: Beside | None = None) -> None:
        """Nothing: `waiting` has the URL."""

    def caption(self, caption: str) -> None:
        """Nothing."""

    def erase_picture(self) -> None:
        """Nothing."""

    def error(self, error: CertRelayError) -> None:
        """The last event: ``code`` and details for the script, ``text`` for its log.

        ``text`` is the only field of all events that holds sentences: what happened and, in the
        next line, what to do.
        """
        sentences = [self.texts.error(error), self.texts.hint(error)]
        text = "\n".join(filter(None, sentences))
        self._write({"event": "error", "code": error.code, **details_of(error), "text": text})

    def _write(self, fields: Mapping[str, Any]) -> None:
        # ASCII only: a terminal that shows it cannot be steered by it, whatever its encoding.
        print(json.dumps(fields, default=plain), file=self._out, flush=True)
