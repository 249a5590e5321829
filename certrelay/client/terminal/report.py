"""What a program tells: `text_report` a person, `json_report` a script.

Results go to standard output and words to standard error.  Every text that a stranger
chose is made printable before it gets here or inside the catalogue of texts.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from certrelay.client.path_text import path_text
from certrelay.errors import CertRelayError
from certrelay.frozen import frozen
from certrelay.texts import Texts


class Report(Protocol):
    """Where a story tells what happens."""

    @property
    def texts(self) -> Texts:
        """The catalogue in the person's language."""

    @property
    def columns(self) -> int | None:
        """Width of the screen that shows the results; ``None`` if no screen shows them."""

    @property
    def question(self) -> int | None:
        """The number of the question that is open, 0 without one, where an answer has to name
        it; ``None`` where it is just the next line."""

    def can_draw(self, columns: int, rows: int) -> bool:
        """Tell whether a picture of that size can be shown, with a line below it."""

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Something happened.

        Args:
            name: The event's stable name, for scripts.
            text: What a person reads; empty if there is nothing to say.
            fields: What a script reads: JSON values, paths, errors' details.  No sentence, and a
                stranger's text as it is.
        """

    def ask(self, text: str) -> None:
        """Put a question: its answer is the next line of standard input."""

    def answered(self, *, seen: bool) -> None:
        """The answer is there.

        Args:
            seen: Whether the terminal showed it, and so its line's end too.
        """

    def withdraw(self) -> None:
        """The question needs no answer any more; nothing happens where there is none."""

    def result(self, text: str) -> None:
        """The command's result, for a person or the next program."""

    def painted(self, text: str, style: str) -> str:
        """A result in the colour of SGR numbers, where a screen with colours shows results."""

    def picture(self, lines: Sequence[str], caption: str, beside: "Beside | None" = None) -> None:
        """Show a QR code drawn in text, with a line below it, and words beside it if they fit."""

    def caption(self, caption: str) -> None:
        """Change the line below the picture: a countdown."""

    def erase_picture(self) -> None:
        """Take the picture off the screen: its secret is used up."""

    def error(self, error: CertRelayError) -> None:
        """Say what went wrong and what to do."""


@frozen
class Beside:
    """Words for the right of a picture."""

    text: str
    columns: int
    """Width of the picture in cells."""


def details_of(error: CertRelayError) -> dict[str, Any]:
    """An error's details for a script; a fault of ours keeps its own to itself."""
    return {name: value for name, value in error.details.items() if name != "what"}


def plain(value: object) -> Any:
    """Write a value that JSON does not know: a path so that it can be given back."""
    if isinstance(value, Path):
        return path_text(value)
    raise TypeError(type(value).__name__)
