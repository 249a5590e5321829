"""QR codes as pictures and back, for tests: a small terminal, and a real decoder."""

import re
from io import BytesIO

import zxingcpp
from PIL import Image

CELL = 8
"""Pixels of a module's side; a terminal cell is one module wide and two high."""

_COLOUR = re.compile("\x1b\\[([0-9;]*)m")
_SGR = {
    "0;38;5;16;48;5;231": (0, 255),
    "0;30;107": (0, 255),
    "0": None,
}


def read(picture: Image.Image) -> list[str]:
    """The texts of all QR codes in a picture."""
    found = zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    return [each.text for each in found]


def read_png(png: bytes) -> list[str]:
    with Image.open(BytesIO(png)) as picture:
        return read(picture.convert("L"))


def show_in_terminal(
    lines: list[str], columns: int, rows: int, foreground: int, background: int
) -> Image.Image:
    """What a terminal of that size and those grey colours shows of ``lines``.

    A line that is too long or one line too many fails, as it would wrap or scroll.
    """
    assert len(lines) <= rows
    screen = Image.new("L", (columns * CELL, rows * 2 * CELL), background)
    for row, line in enumerate(lines):
        fore, back, column, at = foreground, background, 0, 0
        while at < len(line):
            if escape := _COLOUR.match(line, at):
                fore, back = _SGR[escape[1]] or (foreground, background)
                at = escape.end()
                continue
            assert column < columns
            upper = fore if line[at] in "▀█" else back
            lower = fore if line[at] in "▄█" else back
            assert line[at] in " ▀▄█"
            box = (column * CELL, row * 2 * CELL)
            screen.paste(upper, (*box, box[0] + CELL, box[1] + CELL))
            screen.paste(lower, (box[0], box[1] + CELL, box[0] + CELL, box[1] + 2 * CELL))
            column += 1
            at += 1
        assert (fore, back) == (foreground, background), "a line leaves its colours behind"
    return screen
