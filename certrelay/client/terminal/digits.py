"""Digits that are seen from across a room, and heard one by one."""

from typing import Final

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


def large(text: str) -> list[str]:
    """Draw digits, points and colons three terminal rows high.

    Raises:
        KeyError: If there is anything else in it.
    """
    rows = _rows(text)
    rows.append("0" * len(rows[0]))
    return [
        "".join(
            " ▄▀█"[2 * (upper == "1") + (lower == "1")] for upper, lower in zip(*pair, strict=True)
        )
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]


def huge(text: str) -> list[str]:
    """Draw the same five rows high and twice as wide.

    Raises:
        KeyError: If there is anything else in it.
    """
    return ["".join("██" if bit == "1" else "  " for bit in row) for row in _rows(text)]


def _rows(text: str) -> list[str]:
    """The dots of each row, as digits 0 and 1."""
    return [
        "".join(f"{_BITS[each] >> 3 * (_ROWS - 1 - row) & 7:03b}0" for each in text)
        for row in range(_ROWS)
    ]


def spelled(code: str) -> str:
    """The code digit by digit, a pause after each group: ``4 8 2 1, 7 7 3 0, 1 9 4 6``."""
    return ", ".join(" ".join(group) for group in code.split())
