"""A typed code on the screen: large digits, the address that goes with it, and the warning.

Where large digits have no room, or nobody sees them, the same stands in plain lines, digit by
digit for whoever has it read out.

Source: docs/protocol.md §10.1; docs/security.md, attacks 56 and 66.
"""

from collections.abc import Callable
from typing import Final

from certrelay.client.terminal.digits import large, spelled
from certrelay.e2e.origin import Origin
from certrelay.errors import UsageError
from certrelay.safe_text import cell_width, wrap
from certrelay.texts import Texts

_MARGIN: Final = 2
_LAYOUTS: Final = (76, 38)
"""Columns of the screens that are tried: with large digits, and in small windows."""


def address_of(origin: Origin) -> str:
    """Give the shortest spelling of a relay that leads back to it: ``192.168.0.10:8765``."""
    from client_pc.relay_address import complete  # with urllib, 10 ms

    short = origin.text.partition("://")[2].removesuffix("/")
    try:
        return short if complete(short) == origin.text else origin.text
    except UsageError:
        return origin.text


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
