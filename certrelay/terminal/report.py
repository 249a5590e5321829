"""What a program tells: sentences for a person, or one JSON event a line for a script.

Results go to standard output and words to standard error.  Every text that a stranger
chose is made printable before it gets here or inside the catalogue of texts.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TextIO

from certrelay.errors import CertRelayError
from certrelay.texts import Texts


class Report(Protocol):
    """Where a story tells what happens."""

    @property
    def texts(self) -> Texts:
        """The catalogue in the person's language."""

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Something happened.

        Args:
            name: The event's stable name, for scripts.
            text: What a person reads; empty if there is nothing to say.
            fields: What a script reads; plain JSON values.
        """

    def ask(self, text: str) -> None:
        """Put a question: its answer is the next line of standard input."""

    def answered_unseen(self) -> None:
        """A hidden answer was given: the terminal did not show its line's end either."""

    def result(self, text: str) -> None:
        """The command's result, for a person or the next program."""

    def picture(self, lines: Sequence[str], caption: str) -> None:
        """Show a QR code drawn in text, with a line below it."""

    def caption(self, caption: str) -> None:
        """Change the line below the picture: a countdown."""

    def erase_picture(self) -> None:
        """Take the picture off the screen: its secret is used up."""

    def error(self, error: CertRelayError) -> None:
        """Say what went wrong and what to do."""


class TextReport:
    """For people."""

    def __init__(self, texts: Texts, program: str, out: TextIO, err: TextIO) -> None:
        self.texts: Final = texts
        self._program: Final = program
        self._out: Final = out
        self._err: Final = err
        self._steers: Final = err.isatty() and os.environ.get("TERM") != "dumb"
        self._is_up = False
        self._held_back: list[str] = []

    def event(self, name: str, text: str = "", **_fields: Any) -> None:
        """Say the sentence, if there is one."""
        del name
        if text:
            self._say(text)

    def ask(self, text: str) -> None:
        """Write the question without a line's end."""
        self._err.write(f"{text} ")
        self._err.flush()

    def answered_unseen(self) -> None:
        """End the line."""
        if self._steers:
            self._err.write("\n")

    def result(self, text: str) -> None:
        """Write to standard output."""
        print(text, file=self._out, flush=True)

    def picture(self, lines: Sequence[str], caption: str) -> None:
        """Draw on standard error; on a terminal on its other screen, which keeps no trace."""
        if not self._steers:
            self._say("\n".join([*lines, caption]))
            return
        self.erase_picture()
        self._is_up = True
        self._err.write("\x1b[?1049h\x1b[2J\x1b[H" + "\n".join(lines) + "\n" + caption)
        self._err.flush()

    def caption(self, caption: str) -> None:
        """Rewrite the line below the picture, where there is one."""
        if self._is_up:
            self._err.write(f"\r{caption}\x1b[K")
            self._err.flush()

    def erase_picture(self) -> None:
        """Leave the other screen, and say what was to be said meanwhile."""
        if self._is_up:
            self._is_up = False
            self._err.write("\x1b[?1049l")
            said, self._held_back = self._held_back, []
            for text in said:
                self._say(text)

    def error(self, error: CertRelayError) -> None:
        """Two sentences: what happened, what to do."""
        self._say(f"{self._program}: {self.texts.error(error)}")
        if hint := self.texts.hint(error):
            self._say(f"  → {hint}")

    def _say(self, text: str) -> None:
        if self._is_up:
            self._held_back.append(text)
            self.caption(text.partition("\n")[0])
            return
        print(text, file=self._err, flush=True)


class JsonReport:
    """For scripts: one object a line on standard output, nothing else."""

    def __init__(self, texts: Texts, out: TextIO) -> None:
        self.texts: Final = texts
        self._out: Final = out

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Write the event."""
        del text
        self._write({"event": name, **fields})

    def ask(self, text: str) -> None:
        """Nothing: the event that goes with the question says it."""

    def answered_unseen(self) -> None:
        """Nothing."""

    def result(self, text: str) -> None:
        """Nothing: the events hold the results."""

    def picture(self, lines: Sequence[str], caption: str) -> None:
        """Nothing: `waiting` has the URL."""

    def caption(self, caption: str) -> None:
        """Nothing."""

    def erase_picture(self) -> None:
        """Nothing."""

    def error(self, error: CertRelayError) -> None:
        """The last event: ``code`` for the script, ``message`` and ``hint`` for its log."""
        self._write(
            {
                "event": "error",
                "code": error.code,
                "message": self.texts.error(error),
                "hint": self.texts.hint(error),
                **{name: value for name, value in error.details.items() if name != "what"},
            }
        )

    def _write(self, fields: Mapping[str, Any]) -> None:
        # ASCII only: a terminal that shows it cannot be steered by it, whatever its encoding.
        print(json.dumps(fields), file=self._out, flush=True)


def make_report(texts: Texts, program: str, *, as_json: bool) -> Report:
    """The report for the process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a letter shows a question mark and no traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if as_json:
        return JsonReport(texts, sys.stdout)
    return TextReport(texts, program, sys.stdout, sys.stderr)
