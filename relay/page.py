"""The phone's page as ``web_phone/built`` has it: by an explicit list, from memory.

The relay serves it only when it is told to.  Whoever serves the page could change it, so a
public relay that does must be trusted for more than relaying (docs/security.md); the PC in
its own network serves it to its own phone.

Source: docs/protocol.md §2 (the page's place is the relay's origin).
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certrelay.frozen import frozen

_SCRIPT: Final = "text/javascript; charset=utf-8"
FILES: Final = {
    "index.html": ("built/index.html", "text/html; charset=utf-8"),
    "page.js": ("built/page.js", _SCRIPT),
    "page.js.map": ("built/page.js.map", "application/json"),
    "style.css": ("style.css", "text/css; charset=utf-8"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
    "LICENSES.txt": ("vendor/LICENSES.txt", "text/plain; charset=utf-8"),
}
"""Every file of the page by its path: where it lies in ``web_phone``, and its type.  Nothing
else is ever served."""

_INLINE: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_HOST: Final = re.compile(r"[a-z0-9.-]+(?::[0-9]{1,5})?\Z")
"""What a policy can name: its grammar has no IPv6 addresses, and browsers complain of them."""

_SMALLEST_TO_PACK: Final = 512
"""Bytes below which gzip does not pay."""

HEADERS: Final = {
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""The headers of every file; the page itself has its policy besides."""


@frozen(repr=False)
class StaticFile:
    """One file, ready to be sent."""

    content: bytes
    packed: bytes | None
    """The same under gzip, where that is shorter."""
    media_type: str
    tag: str
    """The ETag: a hash of the content."""


def page_routes(prefix: str = "/") -> list[Route]:
    """Make the routes of the page, for `relay.app.build_app`.

    Args:
        prefix: The path of the relay's origin, ending in "/".
    """

    def route(path: str, file: StaticFile) -> Route:
        async def answer(request: Request) -> Response:
            return _answer(request, file)

        return Route(f"{prefix}{path}", answer)

    found = page_files()
    return [
        route("", found["index.html"]),
        *(route(path, file) for path, file in found.items() if path != "index.html"),
    ]


def single_page(path: str, content: bytes, asked: Callable[[str], None]) -> Route:
    """Make the route of one page on which nothing runs.

    Args:
        path: Where it is.
        content: HTML.
        asked: Called with the address of each device that asks for it.
    """

    async def answer(request: Request) -> Response:
        if request.client is not None:
            asked(request.client.host)
        policy = "default-src 'none'; img-src data:; frame-ancestors 'none'"
        headers = HEADERS | {"cache-control": "no-store", "content-security-policy": policy}
        return Response(content, media_type="text/html; charset=utf-8", headers=headers)

    return Route(path, answer, methods=["GET"])


@cache
def page_files() -> dict[str, StaticFile]:
    """Read every file of the page, by its path below the page's place."""
    home = files("web_phone")
    return {
        path: _ready(home.joinpath(*place.split("/")).read_bytes(), media)
        for path, (place, media) in FILES.items()
    }


def policy(host: str = "", scheme: str = "https") -> str:
    """Write the page's Content-Security-Policy.

    Args:
        host: The request's Host.  Older Safari does not count a WebSocket of the same
            origin as ``'self'``, so it is named too where it is well formed.
        scheme: The request's scheme.
    """
    match = _INLINE.search(page_files()["index.html"].content)
    assert match is not None
    digest = base64.b64encode(hashlib.sha256(match[1]).digest()).decode()
    sockets = ""
    if _HOST.match(host):
        sockets = f" wss://{host}" if scheme == "https" else f" wss://{host} ws://{host}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self'{sockets}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def export(folder: Path) -> None:
    """Write the page into a folder, to be served from an origin of its own.

    That origin must send `HEADERS` and the policy, and pass ``v1/ws`` on to the relay;
    ``headers.txt`` says them.
    """
    for path, file in page_files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    headers = HEADERS | {"content-security-policy": policy()}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    (folder / "headers.txt").write_text("\n".join(lines) + "\n", "utf-8")


def _answer(request: Request, file: StaticFile) -> Response:
    headers = HEADERS | {"etag": file.tag, "vary": "accept-encoding"}
    if file.media_type.startswith("text/html"):
        host = request.headers.get("host", "").lower()
        headers["content-security-policy"] = policy(host, request.url.scheme)
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = file.content
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["content-encoding"] = file.packed, "gzip"
    return Response(content, media_type=file.media_type, headers=headers)


def _ready(content: bytes, media_type: str) -> StaticFile:
    packed = None
    if len(content) >= _SMALLEST_TO_PACK:
        packed = gzip.compress(content, 9, mtime=0)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return StaticFile(content, packed, media_type, tag)
