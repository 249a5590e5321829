"""Whether a QR code can be shown here and read again."""

import sys
from typing import TextIO

from certrelay.client.terminal.screen import BLOCKS, has_letters, open_screen
from client_pc.doctor.finding import CheckResult
from client_pc.qr_screen import Look, QrDrawing, draw, png, terminal_lines

_SAMPLE_URL = f"http://192.168.100.100:47800/#{'0123456789' * 15}01234567"
"""A URL as long as a real one; its payload is none."""

_CELL = 8
"""Pixels of a module's side, when a terminal is imitated."""


def terminal(stream: TextIO | None = None, *, plain: bool = False) -> CheckResult:
    """See whether the terminal shows a QR code whole."""
    stream = sys.stderr if stream is None else stream
    code = draw(_SAMPLE_URL)
    screen = open_screen(stream, plain=plain)
    encoding = stream.encoding or "ascii"
    needed = {"needed": f"{code.columns}×{code.rows + 1}", "encoding": encoding}
    if plain:
        return CheckResult("terminal", "note", "plain")
    if not has_letters(stream, BLOCKS):
        return CheckResult("terminal", "bad", "encoding", needed)
    if screen.size is None:
        return CheckResult("terminal", "note", "none")
    found = {**needed, "found": f"{screen.size[0]}×{screen.size[1]}"}
    if not screen.can_draw(code.columns, code.rows):
        return CheckResult("terminal", "bad", "small", found)
    return CheckResult("terminal", "good", values=found)


def qr_code() -> CheckResult:
    """Draw a QR code as `import` does, as a picture and for the terminal, and read both."""
    code = draw(_SAMPLE_URL)
    try:
        readable = _reads(png(code)) and _reads(_imitated(code))
    except ImportError as error:
        return CheckResult("qr", "note", "unread", {"package": error.name or "?"})
    if not readable:
        return CheckResult("qr", "bad")
    return CheckResult("qr", "good", values={"version": code.version})


def _reads(picture: bytes) -> bool:
    from io import BytesIO

    import zxingcpp
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        found = zxingcpp.read_barcodes(image.convert("L"))
    return [each.text for each in found] == [_SAMPLE_URL]


def _imitated(code: QrDrawing) -> bytes:
    """What a light terminal shows: two modules a letter, one above the other."""
    from io import BytesIO

    from PIL import Image

    rows: list[bytes] = []
    for line in terminal_lines(code, Look.ON_LIGHT):
        rows += [
            bytes(0 if letter in "█▀" else 255 for letter in line),
            bytes(0 if letter in "█▄" else 255 for letter in line),
        ]
    image = Image.frombytes("L", (len(rows[0]), len(rows)), b"".join(rows))
    size = (image.width * _CELL, image.height * _CELL)
    file = BytesIO()
    image.resize(size, Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()
