"""Words and tables laid out for a screen, counted in cells: Korean letters take two.

Nothing is ever cut: what is too wide goes on in the next line.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from certrelay.safe_text import cell_width, pad, wrap

GAP: Final = "  "
"""What stands between two columns."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], cells: int | None) -> list[str]:
    """Lay out rows in columns that align, or as blocks where the screen is too narrow.

    Args:
        head: The columns' names; not shown over blocks.
        rows: As many texts each as the head has; an empty one is passed over in a block.
        cells: Width of the screen; ``None`` for no limit.
    """
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(cell_width, column)) for column in columns]
    if cells is None or sum(widths) + len(GAP) * (len(widths) - 1) <= cells:
        return [_aligned(row, widths) for row in [head, *rows]]
    return [line for row in rows for line in _block(row, widths[0], cells)]


def pairs(rows: Sequence[tuple[str, str]], cells: int | None) -> list[str]:
    """Lay out names and their values, a value below its name where it does not fit beside it."""
    width = max(cell_width(name) for name, _ in rows)
    lines: list[str] = []
    for name, value in rows:
        if cells is None or width + len(GAP) + cell_width(value) <= cells:
            lines.append(_aligned((name, value), [width, 0]))
        else:
            fits = any(
                cell_width(GAP + word) <= cells for word in [max(value.split(), key=cell_width)]
            )
            lines += [name, *wrap(f"{GAP}{value}" if fits else value, cells).split("\n")]
    return lines


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (pad(text, width) for text, width in zip(row, widths, strict=True))
    return GAP.join(padded).rstrip()


def _block(row: Sequence[str], first: int, cells: int) -> Iterable[str]:
    start = pad(row[0], first)
    indent = " " * first
    current = start
    for text in filter(None, row[1:]):
        if current not in (start, indent) and cell_width(current + GAP + text) > cells:
            yield current
            current = indent
        current += GAP + text
    yield current.rstrip()
