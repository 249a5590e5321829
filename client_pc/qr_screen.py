"""The QR code on the PC's screen: modules, half blocks for a terminal, a PNG picture.

The URL holds the secret of the session: nothing here logs it or names it in an error.

Source: docs/protocol.md §2.
"""

from collections.abc import Mapping
from enum import Enum
from io import BytesIO
from typing import Final

from certrelay.frozen import frozen
from certrelay.import_stub import stub_import

QUIET_ZONE_TERMINAL: Final = 2
"""Light modules around the code in a terminal: 4 would not fit 80×24, and phones read 2."""

QUIET_ZONE_PNG: Final = 4
"""Light modules around the code in a picture, as ISO/IEC 18004 asks."""

MODULE_PIXELS: Final = 10
"""Pixels of a module's side in the PNG: a version 5 code is 450 pixels, 12 cm on a screen."""

_MASK: Final = 3
"""The mask is fixed: choosing the best of eight takes 8 of 9.5 ms, and since the payload is
random no mask makes large plain areas.  bench/camera.py reads both kinds equally well."""

_ROBUST_VERSION: Final = 6
"""The largest version that a terminal of 80×24 holds: 45 columns, 23 rows."""

_DIGIT_RUN: Final = 8
"""Digits in a row from which qrcode writes them as a number: the payload, never a port."""


class Look(Enum):
    """How half blocks are coloured."""

    CUBE = "cube"
    """Black on white of the 256-colour cube, which no theme changes."""

    BASIC = "basic"
    """Black on bright white of the 16 colours."""

    ON_DARK = "on dark"
    """No escape sequences, for a dark terminal: the glyphs are the light modules."""

    ON_LIGHT = "on light"
    """No escape sequences, for a light terminal: the glyphs are the dark modules."""


_COLOURS: Final = {Look.CUBE: "\x1b[0;38;5;16;48;5;231m", Look.BASIC: "\x1b[0;30;107m"}


@frozen(repr=False)
class QrDrawing:
    """A QR code: square rows of modules, true where dark, without a quiet zone."""

    modules: tuple[tuple[bool, ...], ...]

    @property
    def version(self) -> int:
        """The version of ISO/IEC 18004, 1 to 40: how large the code is."""
        return (len(self.modules) - 17) // 4

    @property
    def columns(self) -> int:
        """Terminal columns that `terminal_lines` takes."""
        return len(self.modules) + 2 * QUIET_ZONE_TERMINAL

    @property
    def rows(self) -> int:
        """Terminal rows that `terminal_lines` takes."""
        return (self.columns + 1) // 2

    def __repr__(self) -> str:
        return f"Code(version {self.version})"  # the modules are the secret itself


def draw(url: str) -> QrDrawing:
    """Draw the QR code of a session's URL.

    The error correction is M where the code then stays within version 6, else L: with a
    longer origin size matters more than dirt on a screen.
    """
    # qrcode loads Pillow for styles that we never use, and can do without it: 44 ms.
    with stub_import("PIL"):
        from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
        from qrcode.main import QRCode

    for level in (ERROR_CORRECT_M, ERROR_CORRECT_L):
        code = QRCode(error_correction=level, border=0, mask_pattern=_MASK)
        code.add_data(url, optimize=_DIGIT_RUN)
        if code.best_fit() <= _ROBUST_VERSION:
            break
    code.make(fit=False)  # `best_fit` has chosen
    return QrDrawing(tuple(tuple(bool(module) for module in row) for row in code.modules))


def choose_look(environment: Mapping[str, str]) -> Look:
    """Pick how to colour a terminal that understands escape sequences unless it says no.

    Args:
        environment: TERM=dumb forbids escape sequences; COLORFGBG then tells
            a light terminal, as far as terminals set it; TERM and COLORTERM tell colours.
    """
    term = environment.get("TERM", "")
    # NO_COLOR is about decoration.  A code is data: the wrong way round strict readers fail.
    if term == "dumb":
        background = environment.get("COLORFGBG", "").rpartition(";")[2]
        return Look.ON_LIGHT if background in ("7", "15") else Look.ON_DARK
    rich = "256" in term or environment.get("COLORTERM") or environment.get("WT_SESSION")
    return Look.CUBE if rich else Look.BASIC


def terminal_lines(code: QrDrawing, look: Look) -> list[str]:
    """Draw the code with half blocks, one line of text for two rows of modules.

    Each line begins and ends in the terminal's own colours.
    """
    rows = _with_quiet_zone(code, QUIET_ZONE_TERMINAL)
    if len(rows) % 2:  # an odd last row gets a light one below it
        rows.append((False,) * len(rows[0]))
    glyphs = " ▄▀█" if look is not Look.ON_DARK else "█▀▄ "
    lines = [
        "".join(glyphs[2 * upper + lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    colours = _COLOURS.get(look)
    return lines if colours is None else [f"{colours}{line}\x1b[0m" for line in lines]


def png(code: QrDrawing) -> bytes:
    """Draw the code as a PNG picture, black on white, one bit a pixel."""
    from PIL import Image

    rows = _with_quiet_zone(code, QUIET_ZONE_PNG)
    side = len(rows)
    light = bytes(0 if dark else 255 for row in rows for dark in row)
    small = Image.frombytes("L", (side, side), light)
    pixels = side * MODULE_PIXELS
    picture = small.resize((pixels, pixels), Image.Resampling.NEAREST).convert("1")
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _with_quiet_zone(code: QrDrawing, width: int) -> list[tuple[bool, ...]]:
    side = (False,) * width
    empty = (False,) * (len(code.modules) + 2 * width)
    return [empty] * width + [side + row + side for row in code.modules] + [empty] * width
