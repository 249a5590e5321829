"""A terminal's screen as an SVG picture, for the documentation: made of what was really shown."""

import re
from html import escape

from certrelay.safe_text import cell_width
from tests.screens.tmux import Shot

CELL_WIDTH = 9
CELL_HEIGHT = 18

_SGR = re.compile("\x1b\\[([0-9;]*)m")
_COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341"}


def svg(shot: Shot) -> str:
    """Draw the screen; QR codes become rectangles, letters stay text."""
    lines = shot.coloured.split("\n")
    width = shot.columns * CELL_WIDTH + 24
    height = len(lines) * CELL_HEIGHT + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img">',
        f'<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>',
        '<g font-family="monospace" font-size="15" fill="#e6edf3" xml:space="preserve">',
    ]
    style: set[str] = set()
    for row, line in enumerate(lines):
        drawn, style = _line(line, 12, 12 + row * CELL_HEIGHT, style)
        parts += drawn
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _line(line: str, left: int, top: int, style: set[str]) -> tuple[list[str], set[str]]:
    """Draw a line; a colour lasts until the next one, over lines too."""
    parts: list[str] = []
    column, at = 0, 0
    while at < len(line):
        if escaped := _SGR.match(line, at):
            numbers = escaped[1]
            ends = not {"", "0", "39", "49"}.isdisjoint(numbers.split(";"))
            style = set() if ends else style | {numbers}
            at = escaped.end()
            continue
        end = next((m.start() for m in [_SGR.search(line, at)] if m), len(line))
        text = line[at:end]
        x = left + column * CELL_WIDTH
        is_code = any("48;5;231" in each or "107" in each for each in style)
        parts += _blocks(text, x, top) if is_code else _words(text, x, top, style)
        column += cell_width(text)
        at = end
    return parts, style


def _words(text: str, x: int, top: int, style: set[str]) -> list[str]:
    """Each run between two blanks stands at its own column, whatever the font's widths are."""
    parts = []
    for run in re.finditer(r"\S+(?: \S+)*", text):
        start = x + cell_width(text[: run.start()]) * CELL_WIDTH
        length = cell_width(run[0]) * CELL_WIDTH
        numbers = ";".join(style).split(";")
        colour = next((_COLOURS[each] for each in numbers if each in _COLOURS), "")
        fill = f' fill="{colour}"' if colour else ""
        weight = ' font-weight="bold"' if "1" in numbers else ""
        parts.append(
            f'<text x="{start}" y="{top + 14}" textLength="{length}"'
            f' lengthAdjust="spacingAndGlyphs"{fill}{weight}>{escape(run[0])}</text>'
        )
    return parts


def _blocks(text: str, x: int, top: int) -> list[str]:
    """A line of a QR code: white, with black half blocks."""
    half = CELL_HEIGHT // 2
    white = len(text) * CELL_WIDTH
    parts = [f'<rect x="{x}" y="{top}" width="{white}" height="{CELL_HEIGHT}" fill="#fff"/>']
    path = []
    for at, letter in enumerate(text):
        left = x + at * CELL_WIDTH
        if letter in "▀█":
            path.append(f"M{left} {top}h{CELL_WIDTH}v{half}h-{CELL_WIDTH}z")
        if letter in "▄█":
            path.append(f"M{left} {top + half}h{CELL_WIDTH}v{half}h-{CELL_WIDTH}z")
    if path:
        parts.append(f'<path d="{"".join(path)}" fill="#000" shape-rendering="crispEdges"/>')
    return parts
