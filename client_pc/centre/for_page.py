"""Events of ``--json``, made fit for a page: no text in them acts or hides, or is endless.

A certificate's names are a stranger's text, and so is a path.  The page puts them on the screen as
text; here they lose what would move, hide or reverse what stands beside them.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Final

from certrelay.client.path_text import path_of
from certrelay.limits import MAX_SHOWN_CELLS
from certrelay.safe_text import printable
from client_pc.qr_screen import draw

_OURS: Final = ("text", "pattern")
"""Our sentences, and parts of the rule for passwords."""
_PATHS: Final = ("path", "place", "same_as", "to")
_PATH_LISTS: Final = ("paths", "stores")
_MAX_SENTENCE: Final = 4096
"""Characters: a sentence of ours with a stranger's names in it is below 1 KiB."""


def fit(event: dict[str, Any]) -> dict[str, Any]:
    """Make an event fit for the page; `waiting` gets the QR code's modules in place of its URL."""
    if event.get("event") == "waiting":
        url = str(event["url"])
        rows = ["".join("01"[dark] for dark in row) for row in draw(url).modules]
        local = url.startswith("http:")
        return {"event": "waiting", "rows": rows, "is_local": local}
    made: dict[str, Any] = _fit(event)
    return made


def _fit(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, dict):
        path = value.get("path")
        named = {"file": PurePath(path_of(path)).name} if isinstance(path, str) else {}
        return {key: _fit(each, key) for key, each in (named | value).items()}
    if isinstance(value, list):
        return [_fit(each, name) for each in value]
    return value


def _text(value: str, name: str) -> str:
    if name in _OURS:  # safe already, and it has lines
        return value[:_MAX_SENTENCE]
    is_path = name in _PATHS or name in _PATH_LISTS
    return shown(value, None if is_path else 2 * MAX_SHOWN_CELLS)


@lru_cache(maxsize=4096)
def shown(text: str, cells: int | None = None) -> str:
    """As `printable`: what a thousand certificates have in common is judged once."""
    return printable(text, cells)


def paths_of(value: Any) -> Iterator[str]:
    """Give every path that an event names."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in _PATHS and isinstance(each, str):
                yield each
            elif name in _PATH_LISTS and isinstance(each, list):
                yield from (path for path in each if isinstance(path, str))
            else:
                yield from paths_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from paths_of(each)
