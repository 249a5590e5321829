"""Standard streams for a program that was started without them.

A shell can close them (``<&-``, ``2>&-``); Windows gives none to a program without a console
(pythonw, a shortcut).  Python then has ``None`` in their place, and the next file or socket that
is opened gets their number: what was meant for a screen would be written into it.
"""

import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w"))


def ensure() -> None:
    """Put the system's nothing in the place of each standard stream that is not there."""
    for name, number, mode in _STREAMS:
        if getattr(sys, name) is None:
            setattr(sys, name, open(_nothing(number), mode, encoding="utf-8"))  # noqa: SIM115


def _nothing(number: int) -> int:
    """Open the system's nothing, under that number unless somebody else has it already."""
    opened = os.open(os.devnull, os.O_RDWR)
    if opened == number or _is_open(number):
        return opened
    os.dup2(opened, number)
    os.close(opened)
    return number


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
