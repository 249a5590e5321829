"""A typed code on the screen: large digits, the address that goes with it, and the warning.

Where large digits have no room, or nobody sees them, the same stands in plain lines, digit by
digit for whoever has it read out.

Source: docs/protocol.md §10.1; docs/security.md, attacks 56 and 66.
"""

from collections.abc import Callable
from typing import Final

from certrelay.e2e.origin import Origin
from certrelay.errors import UsageError
from certrelay.safe_text import cell_width, wrap
from certrelay.texts import Texts

_BITS: Final = dict(
    zip(
        "0123456789.: ",
        (
            *(0o75557, 0o26227, 0o71747, 0o71717, 0o55711, 0o74717, 0o74757, 0o71111),
            *(0o75757, 0o75717, 0o00002, 0o02020, 0o00000),
        ),
        strict=True,
    )
)
"""Three by five dots for each character, row by row, an octal digit a row."""

_ROWS: Final = 5
_MARGIN: Final = 2
_LAYOUTS: Final = (76, 38)
"""Columns of the screens that are tried: with large digits, and in small windows."""


def large(text: str) -> list[str]:
    """Draw digits, points and colons three terminal rows high.

    Raises:
        KeyError: If there is anything else in it.
    """
    rows = [
        "".join(f"{_BITS[each] >> 3 * (_ROWS - 1 - row) & 7:03b}0" for each in text)
        for row in range(_ROWS)
    ]
    rows.append("0" * len(rows[0]))
    return [
        "".join(
            " ▄▀█"[2 * (upper == "1") + (lower == "1")] for upper, lower in zip(*pair, strict=True)
        )
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]


def address_of(origin: Origin) -> str:
    """Give the shortest spelling of a relay that leads back to it: ``192.168.0.10:8765``."""
    from client_pc.relay_address import complete  # with urllib, 10 ms

    short = origin.text.partition("://")[2].removesuffix("/")
    try:
        return short if complete(short) == origin.text else origin.text
    except UsageError:
        return origin.text


def spelled(code: str) -> str:
    """The code digit by digit, a pause after each group: ``4 8 2 1, 7 7 3 0, 1 9 4 6``."""
    return ", ".join(" ".join(group) for group in code.split())


class CodeScreen:
    """A code as it is shown.

    Args:
        code: In three groups: ``4821 7730 1946``.
        origin: The relay that both devices must use.
        texts: The person's language.
        renewed: Whether it stands in the place of one that was used up.
    """

    def __init__(self, code: str, origin: Origin, texts: Texts, *, renewed: bool) -> None:
        self.address: Final = address_of(origin)
        """What the other device must be set to."""

        self._code: Final = code
        self._texts: Final = texts
        self._title: Final = texts.say("pc.code.renewed" if renewed else "pc.code.title")
        self._words: Final = texts.say("pc.code.words", address=self.address, url=origin.text)

    def __repr__(self) -> str:
        return "CodeScreen(…)"

    def lines(self, can_draw: Callable[[int, int], bool]) -> list[str] | None:
        """The whole screen, with large digits where they fit; ``None`` where it has no room.

        Args:
            can_draw: Tells whether so many columns and rows are there.
        """
        for columns in _LAYOUTS:
            width = columns - 2 * _MARGIN
            lines = [
                *wrap(self._title, width).split("\n"),
                "",
                *_shown(self._code, width),
                "",
                *wrap(self._texts.say("pc.code.address"), width).split("\n"),
                "",
                *_shown(self.address, width),
                "",
                *wrap(self._words, width).split("\n"),
            ]
            if can_draw(columns, len(lines)):
                return [f"{' ' * _MARGIN}{line}".rstrip() for line in lines]
        return None

    def in_words(self) -> str:
        """The same as sentences, for a screen that is read aloud or has no room."""
        return "\n".join(
            [
                self._title,
                self._texts.say("pc.code.spelled", code=self._code, spelled=spelled(self._code)),
                f"{self._texts.say('pc.code.address')} {self.address}",
                self._words,
            ]
        )


def _shown(text: str, width: int) -> list[str]:
    try:
        drawn = large(text)
    except KeyError:
        return [text]
    return drawn if max(map(cell_width, drawn)) <= width else [text]
