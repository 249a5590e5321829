"""The files of the PC's page: by an explicit list, from memory.

An address is the file's path in the project, so that a module finds another one in a browser
as it does on disk: the page shares modules, look and texts with the phone's page.
"""

from importlib.resources import files
from typing import Final

from certrelay.texts import LANGUAGES
from client_pc.loopback.server import PageFile

HTML: Final = "text/html; charset=utf-8"
_SCRIPT: Final = "text/javascript; charset=utf-8"
_STYLE: Final = "text/css; charset=utf-8"

FILES: Final = {
    "client_pc/browser/page/page.css": _STYLE,
    **{
        f"client_pc/browser/page/{name}.js": _SCRIPT
        for name in ("app", "code", "main", "screens", "story", "talk")
    },
    **{
        f"web_phone/{path}.js": _SCRIPT
        for path in (
            *("core/bytes", "core/errors", "core/limits", "core/safe_text"),
            *("core/unicode_ranges", "pki/naming", "pki/validity", "vendor/crypto"),
            *("ui/components", "ui/dom", "ui/drawings", "ui/forms", "ui/layout", "ui/texts"),
        )
    },
    "web_phone/icon.svg": "image/svg+xml",
    "web_phone/style.css": _STYLE,
}
"""Every file but the page itself and the texts, by its path, with its type."""


def read_files() -> dict[str, PageFile]:
    """Read every file of the page, by its address."""
    found = {f"/{path}": PageFile(_read(path), media) for path, media in FILES.items()}
    for language in LANGUAGES:
        texts = _read(f"certrelay/texts/{language}.json")
        found[f"/texts/{language}.json"] = PageFile(texts, "application/json")
    found["/"] = PageFile(_read("client_pc/browser/page/index.html"), HTML)
    return found


def _read(path: str) -> bytes:
    package, *names = path.split("/")
    return files(package).joinpath(*names).read_bytes()
