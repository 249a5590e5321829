"""The icon in the forms that desktops want, drawn from the page's own icon.

Source: web_phone/icon.svg; a test compares the drawing with what a browser makes of that file.
"""

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

ICON_SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
"""Pixels of a side, as the icon theme specification and the usual desktops have them."""

_GRID: Final = 32
"""The side of the drawing, in its own units."""

_BLUE: Final = "#14508c"
_CORNER: Final = 7.0
_ARROWS: Final = (
    ((7.0, 12.0), (19.0, 12.0), (15.0, 8.0)),
    ((25.0, 20.0), (13.0, 20.0), (17.0, 24.0)),
)
_LINE: Final = 3.0
_FINER: Final = 8
"""How much larger it is drawn than it is shown: Pillow draws without smoothing."""


def svg() -> bytes:
    """The drawing itself."""
    return files("web_phone").joinpath("icon.svg").read_bytes()


@cache
def png(size: int) -> bytes:
    """A picture of ``size`` times ``size`` pixels."""
    return _saved(_drawn(size), "PNG", optimize=True)


def ico() -> bytes:
    """Windows' form: several sizes in one file."""
    sizes = [(size, size) for size in ICON_SIZES if size <= 256]
    return _saved(_drawn(256), "ICO", sizes=sizes)


def icns() -> bytes:
    """The form of macOS."""
    return _saved(_drawn(512), "ICNS")


def _saved(image: "Image", form: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@cache
def _drawn(size: int) -> "Image":
    from PIL import Image, ImageDraw

    side = size * _FINER
    scale = side / _GRID
    large = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(large)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), _CORNER * scale, fill=_BLUE)
    half = _LINE * scale / 2
    for arrow in _ARROWS:
        points = [(x * scale, y * scale) for x, y in arrow]
        draw.line(points, fill="white", width=round(2 * half))
        for x, y in points:  # round ends and corners
            draw.ellipse((x - half, y - half, x + half, y + half), fill="white")
    return large.resize((size, size), Image.Resampling.BOX)
