"""Shows a fault to a person who sees no terminal: in a window of the system, or as a page."""

import html
import os
import secrets
import sys
import threading
import time
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

from certrelay.errors import CertRelayError
from client_pc.desktop import notice, tools

_PATIENCE_S: Final = 60.0
"""Seconds in which the browser fetches the page."""

_MACOS: Final = """on run words
display alert (item 1 of words) message (item 2 of words) as critical
end run"""

_STYLE: Final = """
:root { color-scheme: light dark }
body { font: 1.125rem/1.6 sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem }
"""


def show(title: str, text: str, platform: str = sys.platform) -> bool:
    """Show what went wrong until the person has had a chance to see it.

    Args:
        title: What happened.
        text: What to do; may be empty.
        platform: The system.

    Returns:
        Whether anything could be shown.
    """
    if platform == "win32":
        return _message_box(title, text)
    if platform == "darwin":
        return tools.run(("osascript", "-e", _MACOS, title, text)) is not None
    return _page(title, text) or _notice(title, text)


def _message_box(title: str, text: str) -> bool:
    import ctypes

    error, in_front = 0x10, 0x1_0000  # MB_ICONERROR, MB_SETFOREGROUND
    user32 = getattr(ctypes, "windll").user32  # noqa: B009 - Windows alone has it
    return bool(
        user32.MessageBoxW(None, f"{title}\n\n{text}".strip(), "certrelay", error | in_front)
    )


def _notice(title: str, text: str) -> bool:
    try:
        notice.show(title, text)
    except CertRelayError:
        return False
    return True


def _page(title: str, text: str) -> bool:
    """Serve one page once, on loopback, at an address that nobody can guess.

    No file: a browser in a sandbox may not read where we may write.
    """
    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")):
        return False
    content = _html(title, text)
    path = f"/{secrets.token_urlsafe(16)}"
    state = {"served": False, "failed": False}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != path or state["served"]:
                self.send_error(404)
                return
            state["served"] = True
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header(
                "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"
            )
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.timeout = 0.2
        ends = time.monotonic() + _PATIENCE_S
        address = f"http://127.0.0.1:{server.server_port}{path}"

        def browse() -> None:
            # In a thread: some ways wait for the browser. Not by client_pc.loopback, which
            # needs what may be broken.
            state["failed"] = not webbrowser.open(address)

        threading.Thread(target=browse, daemon=True).start()
        while not state["served"] and not state["failed"] and time.monotonic() < ends:
            server.handle_request()
    return state["served"]


def _html(title: str, text: str) -> bytes:
    lines = "<br>".join(html.escape(line) for line in text.splitlines())
    return (
        '<!doctype html><meta charset="utf-8"><title>certrelay</title>'
        '<link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1><p>{lines}</p>"
    ).encode()
