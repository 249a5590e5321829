"""Paths as text for another program: given back, they name the same file.

Most paths are Unicode and stay as they are, letter for letter.  One that is none (an old disk's
CP949 names) becomes a ``file:`` URI with its bytes in per cent, which every command takes too.
"""

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from certrelay.client.home import expanded

_SCHEME: Final = "file://"


def path_text(path: Path) -> str:
    """Write a path so that `path_of` and every program that reads JSON get the same one back."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SCHEME + quote_from_bytes(os.fsencode(path.absolute()))
    return text


def path_of(text: str) -> Path:
    """The path that a person or a program names; ``~`` is the home folder."""
    if text.startswith(_SCHEME):
        return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_SCHEME))))
    return expanded(Path(text))
