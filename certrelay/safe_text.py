"""The one sanitiser: makes a text that a stranger chose safe to print.

A name, a CN, a word from a peer can hold escape sequences that clear a screen, set a
clipboard or turn the reading direction round, characters that nobody sees, and marks that pile
up over the lines above.  Every such text passes through :func:`printable` before it reaches a
terminal or a line of JSON.

web_phone/core/safe_text.js does the same; tests/vectors/safe-text.json holds both to it.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from certrelay.limits import MAX_SHOWN_CELLS, MAX_STACKED_MARKS
from certrelay.unicode_ranges import HIDDEN, MARKS, WIDE

_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


def _is_in(table: tuple[int, ...], character: str) -> bool:
    return bool(bisect_right(table, ord(character)) % 2)


def is_hidden(character: str) -> bool:
    """Tell whether a character may act on a terminal or hide from a reader.

    By the properties of the Unicode standard: controls, format and default-ignorable
    characters (bidi controls, zero-width characters, variation selectors, Hangul fillers, tags),
    line and paragraph separators, lone surrogates, noncharacters.
    """
    return _is_in(HIDDEN, character)


def cell_width(text: str) -> int:
    """Count the terminal cells that a text takes: Korean letters take two.

    Marks that stand on the letter before them take none, nor do the vowels and finals of
    Korean letters that are written in parts.  Ambiguous signs (``·``, ``→``) count as one.
    """
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if _is_in(MARKS, character) or is_hidden(character):
        return 0
    return 2 if _is_in(WIDE, character) else 1


def printable(text: str, max_cells: int | None = MAX_SHOWN_CELLS) -> str:
    """Make a stranger's text safe to show.

    Args:
        text: Anything.
        max_cells: Terminal cells of the result at most (an ellipsis marks the cut);
            ``None`` for a text that must stay whole, such as a path.

    Returns:
        The text in NFC, without hidden characters (each becomes ``�``), and with at most
        `MAX_STACKED_MARKS` marks on a character (the rest become one ``�``).
    """
    shown = text
    if not (text.isascii() and text.isprintable()):
        # Before NFC, which takes minutes to order sixty thousand marks, and after it, since some
        # marks come apart.
        shown = unicodedata.normalize("NFC", "".join(_seen(text)))
        shown = "".join(_seen(shown))
    if max_cells is None or cell_width(shown) <= max_cells:
        return shown
    kept, used = [], 1
    for character in shown:
        used += _width(character)
        if used > max_cells:
            break
        kept.append(character)
    return "".join(kept) + "…"


@lru_cache(maxsize=4096)
def _part(character: str) -> str:
    """What a character is in a text; a thousand names are made of the same few."""
    if is_hidden(character):
        return "hidden"
    return "mark" if _is_in(MARKS, character) else "plain"


def _seen(text: str) -> Iterable[str]:
    """Give the characters that are seen; what stands on nothing is not."""
    marks = MAX_STACKED_MARKS
    for character in text:
        part = _part(character)
        if part == "hidden":
            marks = 0
            yield _REPLACED
        elif part == "mark":
            marks += 1
            if marks <= MAX_STACKED_MARKS:
                yield character
            elif marks == MAX_STACKED_MARKS + 1:
                yield _REPLACED
        else:
            marks = 0
            yield character


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
