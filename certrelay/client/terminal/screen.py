"""What the terminal at the other end can do: size, colours, escape sequences, letters.

NO_COLOR forbids colours, TERM=dumb and ``--plain`` every escape sequence; a stream that is
no terminal gets none.  A Windows console understands them once it is told to.
"""

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

from certrelay.frozen import frozen

BLOCKS: Final = "▀▄█"
"""What a QR code is drawn with."""

_VT_OUTPUT: Final = 4
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING of a Windows console."""

_STD_ERROR_HANDLE: Final = -12


@frozen
class Screen:
    """A stream as a screen."""

    stream: TextIO
    steers: bool
    """Whether escape sequences are understood: lines can be rewritten."""

    colours: bool
    plain: bool
    """Whether it is read aloud: no picture, nothing rewritten, no signs for decoration."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Columns and rows; ``None`` if this is no terminal."""
        if not self.stream.isatty():
            return None
        with contextlib.suppress(OSError, ValueError):
            size = os.get_terminal_size(self.stream.fileno())
            if size.columns and size.lines:
                return size.columns, size.lines
        import shutil  # 2 ms, for the compressors that it knows

        fallback = shutil.get_terminal_size()
        return fallback.columns, fallback.lines

    @property
    def columns(self) -> int | None:
        """The width in cells; ``None`` for no limit."""
        return None if self.size is None else self.size[0]

    def can_draw(self, columns: int, rows: int) -> bool:
        """Tell whether a picture of half blocks shows whole, with a line below it."""
        if self.plain or not has_letters(self.stream, BLOCKS):
            return False
        size = self.size
        return size is None or (size[0] >= columns and size[1] > rows)

    def paint(self, text: str, style: str) -> str:
        """Give a text a style of SGR numbers, where colours are wanted."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colours and style else text


def has_letters(stream: TextIO, letters: str) -> bool:
    """Tell whether the stream's encoding has these letters."""
    try:
        letters.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def open_screen(
    stream: TextIO, *, plain: bool = False, environment: Mapping[str, str] | None = None
) -> Screen:
    """See what a stream can do.

    Args:
        stream: Standard output or standard error.
        plain: Whether the person wants a plain screen.
        environment: TERM and NO_COLOR count.
    """
    environment = os.environ if environment is None else environment
    steers = not plain and stream.isatty() and environment.get("TERM") != "dumb"
    if steers and sys.platform == "win32":
        steers = tell_windows(_kernel32())
    return Screen(stream, steers, steers and not environment.get("NO_COLOR"), plain)


def tell_windows(kernel: Any) -> bool:
    """Tell a Windows console to obey escape sequences; ``False`` if it is too old for them.

    Args:
        kernel: ``kernel32`` as ctypes loads it.
    """
    import ctypes

    handle = kernel.GetStdHandle(_STD_ERROR_HANDLE)
    mode = ctypes.c_ulong()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(handle, mode.value | _VT_OUTPUT))


def _kernel32() -> Any:
    import ctypes

    return ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
