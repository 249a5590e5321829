"""The files of the centre's page: by an explicit list, from memory.

An address is the file's path in the project, so that a module finds another one in a browser
as it does on disk.
"""

from importlib.resources import files
from typing import Final

from certrelay.texts import LANGUAGES
from client_pc.loopback.server import PageFile

_SCRIPT: Final = "text/javascript; charset=utf-8"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": _SCRIPT,
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}
_OWN: Final = "client_pc/centre/page"
SHARED: Final = (
    *(
        f"web_phone/{path}.js"
        for path in (
            *("core/bytes", "core/errors", "core/limits", "core/safe_text"),
            *(
                "core/inflate",
                "core/unicode_ranges",
                "core/unzip",
                "core/zip",
                "pki/naming",
                "pki/validity",
                "vendor/crypto",
            ),
            *("ui/components", "ui/dom", "ui/drawings", "ui/forms", "ui/layout", "ui/texts"),
        )
    ),
    "web_phone/icon.svg",
    "web_phone/style.css",
)
"""What the page shares with the phone's."""


def read_files() -> dict[str, PageFile]:
    """Read every file of the page, by its address: its own folder, what it shares, the texts."""
    page = files("client_pc").joinpath("centre", "page")
    own = [f"{_OWN}/{each.name}" for each in page.iterdir() if each.is_file()]
    found = {
        f"/{path}": PageFile(_read(path), media)
        for path in (*own, *SHARED)
        if (media := _TYPES.get(f".{path.rpartition('.')[2]}")) is not None
    }
    for language in LANGUAGES:
        texts = _read(f"certrelay/texts/{language}.json")
        found[f"/texts/{language}.json"] = PageFile(texts, "application/json")
    found["/"] = found.pop(f"/{_OWN}/index.html")
    return found


def _read(path: str) -> bytes:
    package, *names = path.split("/")
    return files(package).joinpath(*names).read_bytes()
