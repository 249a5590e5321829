"""Photographs of a screen, made from a clean picture: what a phone's camera would see.

Everything follows from the seed, so that a photograph that could not be read can be made
again.  The order is that of a real one: the code stands somewhere in the room, seen from
an angle; light falls on it; the lens and the hand blur it; the sensor adds noise; JPEG
takes away the rest.
"""

import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from random import Random
from types import MappingProxyType
from typing import Final

from PIL import Image, ImageChops, ImageFilter

from certrelay.frozen import frozen

Range = tuple[float, float]
Vector = tuple[float, float, float]

SIZE: Final = (1280, 960)
"""Pixels of a photograph: what a camera app's scanner looks at, not its full resolution."""

_FOCAL: Final = 1100.0
"""Focal length in pixels: a field of view of 60 degrees, as phones have."""


@frozen
class Conditions:
    """How a photograph is taken; each value is drawn evenly from its range."""

    share: Range
    """The picture's side as a part of the photograph's height."""

    roll: Range
    """Degrees by which the phone is turned about the line of sight."""

    tilt: Range
    """Degrees of yaw and of pitch, each: the angle to the screen."""

    blur: Range
    """Radius of the lens's blur, in pixels."""

    shake: Range
    """Length of the hand's movement, in pixels."""

    light: Range
    """Brightness, 1 for plenty."""

    glare: Range
    """Strength of a lamp's reflection, 0 to 1."""

    noise: Range
    """Amplitude of the sensor's noise, in grey levels of 255."""

    jpeg: Range
    """JPEG quality, 1 to 95."""


CLASSES: Final[Mapping[str, Conditions]] = MappingProxyType(
    {
        "easy": Conditions(
            share=(0.5, 0.8),
            roll=(-10, 10),
            tilt=(-8, 8),
            blur=(0, 0.8),
            shake=(0, 1),
            light=(0.8, 1),
            glare=(0, 0.1),
            noise=(0, 8),
            jpeg=(75, 92),
        ),
        "moderate": Conditions(
            share=(0.35, 0.7),
            roll=(-180, 180),
            tilt=(-25, 25),
            blur=(0.5, 1.5),
            shake=(0, 3),
            light=(0.35, 1),
            glare=(0, 0.5),
            noise=(4, 24),
            jpeg=(45, 85),
        ),
        "hard": Conditions(
            share=(0.25, 0.45),
            roll=(-180, 180),
            tilt=(-40, 40),
            blur=(1, 2.5),
            shake=(1, 6),
            light=(0.2, 0.6),
            glare=(0.3, 0.9),
            noise=(12, 40),
            jpeg=(20, 50),
        ),
    }
)
"""The classes that bench/camera.py reports: a careful, an ordinary and a careless hand."""


def photograph(picture: bytes, conditions: Conditions, seed: int) -> bytes:
    """Take a photograph of ``picture``.

    Args:
        picture: A clean PNG or JPEG, the QR code with its white border.
        conditions: How well it is taken, one of `CLASSES` or another.
        seed: The same seed gives the same photograph.

    Returns:
        A JPEG of `SIZE`.
    """
    chance = Random(seed)
    with Image.open(BytesIO(picture)) as opened:
        clean = opened.convert("L")
    seen = _see(clean, conditions, chance)
    lit = _light(seen, conditions, chance)
    soft = _blur(lit, conditions, chance)
    grainy = _add_noise(soft, chance.uniform(*conditions.noise), chance)
    file = BytesIO()
    grainy.save(file, "JPEG", quality=round(chance.uniform(*conditions.jpeg)))
    return file.getvalue()


def _see(clean: Image.Image, conditions: Conditions, chance: Random) -> Image.Image:
    """Look at the picture from an angle, through a pinhole, before a grey wall."""
    width, height = SIZE
    side = chance.uniform(*conditions.share) * height
    # Smaller first, by averaging: looking at it skips pixels where several fall on one.
    shrink = 1.5 * side / max(clean.size)
    if shrink < 1:
        smaller = tuple(round(span * shrink) for span in clean.size)
        clean = clean.resize((smaller[0], smaller[1]), Image.Resampling.BOX)
    distance = _FOCAL * max(clean.size) / side
    yaw, pitch = (math.radians(chance.uniform(*conditions.tilt)) for _ in range(2))
    right, down = _axes(yaw, pitch, math.radians(chance.uniform(*conditions.roll)))
    beside = [chance.uniform(-0.1, 0.1) * distance * span / _FOCAL for span in (width, height)]
    data = _projection(clean.size, (*beside, distance), right, down)
    how = (SIZE, Image.Transform.PERSPECTIVE, data, Image.Resampling.BICUBIC)
    wall = Image.new("L", SIZE, chance.randrange(60, 200))
    paper = Image.new("L", clean.size, 255)
    return Image.composite(clean.transform(*how), wall, paper.transform(*how))


def _projection(
    size: tuple[int, int], middle: Sequence[float], right: Vector, down: Vector
) -> list[float]:
    """Compute the eight numbers by which Pillow finds each photograph's pixel in the picture.

    A ray r through a pixel meets the plane of the picture (its middle m, its axes e, its
    normal n) at u = ((m·n)(r·e) - (m·e)(r·n)) / (r·n) from the middle, for either axis.
    """
    normal = _cross(right, down)
    depth = _dot(middle, normal)
    below = _by_pixel(normal)
    numbers: list[float] = []
    for span, axis in zip(size, (right, down), strict=True):
        aside = _dot(middle, axis)
        above = _by_pixel([depth * e - aside * n for e, n in zip(axis, normal, strict=True)])
        numbers += [a + span / 2 * b for a, b in zip(above, below, strict=True)]
    return [number / below[2] for number in (*numbers, *below[:2])]


def _by_pixel(form: Sequence[float]) -> Vector:
    """Turn a linear form of the ray (x - width/2, y - height/2, focal) into one of (x, y, 1)."""
    width, height = SIZE
    return form[0], form[1], form[2] * _FOCAL - form[0] * width / 2 - form[1] * height / 2


def _axes(yaw: float, pitch: float, roll: float) -> tuple[Vector, Vector]:
    """The picture's directions to the right and down, as the camera sees them."""
    sy, cy = math.sin(yaw), math.cos(yaw)
    sp, cp = math.sin(pitch), math.cos(pitch)
    sr, cr = math.sin(roll), math.cos(roll)
    right = (cy * cr + sy * sp * sr, cp * sr, -sy * cr + cy * sp * sr)
    down = (-cy * sr + sy * sp * cr, cp * cr, sy * sr + cy * sp * cr)
    return right, down


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _light(seen: Image.Image, conditions: Conditions, chance: Random) -> Image.Image:
    """Dim the picture and let a lamp shine on a part of it."""
    gain = chance.uniform(*conditions.light)
    dim = seen.point([round(level * gain) for level in range(256)])
    strength = chance.uniform(*conditions.glare)
    size = chance.randrange(SIZE[1] // 4, SIZE[1])
    # Pillow's gradient has reached 181 of 255 where its circle touches the square.
    levels = [round(max(0, 1 - level / 181) * 255 * strength) for level in range(256)]
    spot = Image.radial_gradient("L").point(levels).resize((size, size))
    glare = Image.new("L", SIZE, 0)
    left, top = (round(span * chance.uniform(0.3, 0.7) - size / 2) for span in SIZE)
    glare.paste(spot, (left, top))
    return ImageChops.screen(dim, glare)


def _blur(lit: Image.Image, conditions: Conditions, chance: Random) -> Image.Image:
    """Blur by the lens, then by the hand: the mean of the picture along a short way."""
    soft = lit.filter(ImageFilter.GaussianBlur(chance.uniform(*conditions.blur)))
    length, angle = chance.uniform(*conditions.shake), chance.uniform(0, math.tau)
    mean, steps = soft, 5
    for step in range(1, steps):
        way = length * step / (steps - 1)
        data = (1, 0, way * math.cos(angle), 0, 1, way * math.sin(angle))
        moved = soft.transform(
            SIZE, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR, fillcolor=0
        )
        mean = Image.blend(mean, moved, 1 / (step + 1))
    return mean


def _add_noise(picture: Image.Image, amplitude: float, chance: Random) -> Image.Image:
    """Add noise: the sum of two even distributions, each of half the amplitude."""
    levels = [round(level * amplitude / 255) for level in range(256)]
    for _ in range(2):
        grains = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1]))
        picture = ImageChops.add(picture, grains.point(levels), 1, -round(amplitude / 2))
    return picture
