"""The one sanitiser: makes a text that a stranger chose safe to print.

A name, a CN, a word from a peer can hold escape sequences that clear a screen, set a
clipboard or turn the reading direction round.  Every such text passes through
:func:`printable` before it reaches a terminal or a line of JSON.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from certrelay.limits import MAX_SHOWN_CELLS

_INVISIBLE = frozenset(
    [0x061C, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
"""Marks that turn or hide text: bidi controls, zero-width characters, the BOM."""


def is_hidden(character: str) -> bool:
    """Tell whether a character may act on a terminal or hide from a reader.

    True for C0, DEL, C1, bidi controls, zero-width characters, line and paragraph
    separators, lone surrogates, and the tag characters of plane 14.
    """
    point = ord(character)
    return (
        point < 0x20
        or 0x7F <= point <= 0x9F
        or point in _INVISIBLE
        or point in (0x2028, 0x2029)
        or 0xD800 <= point <= 0xDFFF
        or 0xE0000 <= point <= 0xE007F
    )


_ON_ANOTHER: Final = ("Mn", "Me", "Cf")
"""Categories of characters that take no cell of their own."""


def cell_width(text: str) -> int:
    """Count the terminal cells that a text takes: Korean letters take two.

    Marks that stand on the letter before them take none, nor do the vowels and finals of
    Korean letters that are written in parts.  Ambiguous signs (``·``, ``→``) count as one.
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(character) in _ON_ANOTHER or "\u1160" <= character <= "\u11ff"
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def printable(text: str, max_cells: int | None = MAX_SHOWN_CELLS) -> str:
    """Make a stranger's text safe to show.

    Args:
        text: Anything.
        max_cells: Terminal cells of the result at most (an ellipsis marks the cut);
            ``None`` for a text that must stay whole, such as a path.

    Returns:
        The text without hidden characters (each becomes ``�``), in NFC.
    """
    shown = "".join("\N{REPLACEMENT CHARACTER}" if is_hidden(c) else c for c in text)
    shown = unicodedata.normalize("NFC", shown)
    if max_cells is None or cell_width(shown) <= max_cells:
        return shown
    kept, used = [], 1
    for character in shown:
        used += cell_width(character)
        if used > max_cells:
            break
        kept.append(character)
    return "".join(kept) + "…"


def pad(text: str, cells: int) -> str:
    """Fill a text with blanks up to ``cells`` terminal cells, for columns that align."""
    return text + " " * max(0, cells - cell_width(text))


def wrap(text: str, cells: int | None) -> str:
    """Break lines at blanks so that none is wider than ``cells``.

    A line that goes on is indented as it began, behind a ``1.``, ``[good]``, ``-`` or ``→`` too.
    A word that is wider than a line (a path)
    stays whole: the terminal folds it, and it can still be selected.

    Args:
        text: Lines.
        cells: Width of the screen; ``None`` leaves the text as it is.
    """
    if cells is None:
        return text
    return "\n".join(part for line in text.split("\n") for part in _broken(line, cells))


_MARK: Final = re.compile(r" *(?:(?:\d{1,3}\.|\[[^\]\s]+\]|[-→]) )?")
"""How a line begins under which it goes on."""


def _broken(line: str, cells: int) -> Iterable[str]:
    if cell_width(line) <= cells:
        yield line
        return
    mark = _MARK.match(line)
    start = mark[0] if mark else ""
    words = line[len(start) :].split() or [""]
    indent = " " * cell_width(start)
    if indent and cell_width(indent) + max(map(cell_width, words)) > cells:
        indent = " " * (len(line) - len(line.lstrip(" ")))
    current = start + words[0]
    for word in words[1:]:
        if cell_width(current) + 1 + cell_width(word) > cells:
            yield current
            current = indent + word
        else:
            current += f" {word}"
    yield current
