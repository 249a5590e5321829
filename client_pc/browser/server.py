"""Answers the page on loopback: its files to anybody, the story to whoever has the token.

It is reached by programs of this computer, and by any web site that this computer's browser
has open.  So it answers to its own name only (a site that rebinds its name gets 421), refuses
what another site's page sends, and tells the story to a request that shows the token in a
header, which no other page can make.  No cookie and nothing stored: nothing goes along by
itself.

Source: docs/security.md, attacks 39, 40 and 51.
"""

import json
import os
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from certrelay.client.terminal.lines import MAX_LINE
from certrelay.strict_json import NotStrict, parse_object
from client_pc.browser.files import read_files
from client_pc.browser.page_session import PageSession
from client_pc.browser.peer_uid import is_ours

HOST: Final = "127.0.0.1"
MAX_BODY: Final = 8 * 1024
"""Bytes of a request's body: an answer is a line."""

LISTEN_S: Final = 20.0
"""Seconds for which a request for events is held at most."""

IDLE_S: Final = 30.0
"""Seconds that a connection may be silent."""

POLL_S: Final = 0.25

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@contextmanager
def serving(page_session: PageSession, stop: Callable[[], None]) -> Iterator[str]:
    """Serve the page for a while.

    Args:
        page_session: What it shows and answers.
        stop: Called when the person stops the copy on the page.

    Yields:
        The page's origin, ending in "/".
    """
    server = _Server(page_session, stop)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True, name="page")
    thread.start()
    try:
        yield f"http://{server.name}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    block_on_close = False
    request_queue_size = 64

    def __init__(self, page_session: PageSession, stop: Callable[[], None]) -> None:
        super().__init__((HOST, 0), _Handler)
        self.page_session: Final = page_session
        self.stop: Final = stop
        self.files: Final = read_files()
        self.name: Final = f"{HOST}:{self.server_port}"

    def server_bind(self) -> None:
        # Not HTTPServer's: it asks the name service for this computer's name.
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_port = int(self.server_address[1])

    def verify_request(self, _request: Any, client_address: Any) -> bool:
        if sys.platform == "win32":
            return True
        return is_ours(client_address, (HOST, self.server_port), os.getuid())

    def service_actions(self) -> None:
        self.page_session.watch()

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Nothing: a browser that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    server: _Server

    def do_GET(self) -> None:
        """A file of the page, or the story's events."""
        path, _, query = self.path.partition("?")
        if not self._is_from_the_page():
            return
        if path == "/v1/events":
            self._tell_events(query)
        elif (file := self.server.files.get(path)) is not None:
            self._send(HTTPStatus.OK, file.content, file.media_type)
        else:
            self._send(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """The ticket, an answer, the wish for a code, or to stop."""
        body = self._body()
        if body is None or not self._is_from_the_page():
            return
        match self.path:
            case "/v1/session":
                self._begin(body)
            case "/v1/answer" if self._has_token():
                self._take_answer(body)
            case "/v1/code" if self._has_token():
                self.server.page_session.want_code()
                self._send(HTTPStatus.NO_CONTENT)
            case "/v1/stop" if self._has_token():
                self.server.stop()
                self._send(HTTPStatus.NO_CONTENT)
            case "/v1/answer" | "/v1/code" | "/v1/stop":
                self._send(HTTPStatus.FORBIDDEN)
            case _:
                self._send(HTTPStatus.NOT_FOUND)

    # --- who asks ---

    def _is_from_the_page(self) -> bool:
        """Tell whether a request is for us and of our own page; else it is refused."""
        own = self.server.name
        if self.headers.get_all("host") != [own]:
            self._send(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        # Old browsers send neither; a foreign page that could leave them out has no token.
        site = self.headers.get("sec-fetch-site", "none")
        origin = self.headers.get("origin", f"http://{own}")
        if origin == f"http://{own}" and site in ("same-origin", "none"):
            return True
        if self.headers.get("sec-fetch-mode") == "navigate" and self.path == "/":
            return True  # a link, or a browser's start page: it shows a page without a story
        self._send(HTTPStatus.FORBIDDEN)
        return False

    def _has_token(self) -> bool:
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and self.server.page_session.admits(token)

    # --- what is asked ---

    def _begin(self, body: dict[str, Any]) -> None:
        ticket = body.get("ticket")
        found = self.server.page_session.redeem(ticket) if isinstance(ticket, str) else None
        if found is None:
            self._send(HTTPStatus.FORBIDDEN)
        else:
            self._send_json({"token": found.token, "reload_ticket": found.reload_ticket})

    def _tell_events(self, query: str) -> None:
        if not self._has_token():
            self._send(HTTPStatus.FORBIDDEN)
            return
        digits = query.removeprefix("after=")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            self._send(HTTPStatus.BAD_REQUEST)
            return
        after = int(digits)
        events = self.server.page_session.events_after(after, LISTEN_S, self._is_gone)
        self._send_json({"events": events})
        self.server.page_session.was_told(after + len(events))

    def _take_answer(self, body: dict[str, Any]) -> None:
        question, line = body.get("question"), body.get("line")
        if not isinstance(question, int) or not isinstance(line, str) or not _is_line(line):
            self._send(HTTPStatus.BAD_REQUEST)
        elif self.server.page_session.answer(question, line):
            self._send(HTTPStatus.NO_CONTENT)
        else:
            self._send(HTTPStatus.CONFLICT)

    def _body(self) -> dict[str, Any] | None:
        """Read the body; else the request is refused and the connection ends."""
        length = self.headers.get("content-length", "")
        is_number = length.isascii() and length.isdigit() and len(length) <= len(str(MAX_BODY))
        if not is_number or int(length) > MAX_BODY:
            self.close_connection = True
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        try:
            return parse_object(self.rfile.read(int(length)))
        except NotStrict:
            self._send(HTTPStatus.BAD_REQUEST)
            return None

    def _is_gone(self) -> bool:
        """Whether the browser has hung up while it was waiting."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    # --- answers ---

    def _send_json(self, value: dict[str, Any]) -> None:
        self._send(HTTPStatus.OK, json.dumps(value).encode(), "application/json")

    def _send(self, status: HTTPStatus, content: bytes = b"", media_type: str = "") -> None:
        self.send_response_only(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if media_type:
            self.send_header("content-type", media_type)
        if status is not HTTPStatus.NO_CONTENT:
            self.send_header("content-length", str(len(content)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def send_error(
        self, code: int, _message: str | None = None, _explain: str | None = None
    ) -> None:
        """Refuse what is no request, without repeating any of it."""
        self.close_connection = True
        self._send(HTTPStatus(code))

    def log_message(self, *_: object) -> None:
        """Nothing: what is asked here is nobody else's business."""


def _is_line(text: str) -> bool:
    return len(text) <= MAX_LINE and not any(mark in text for mark in "\r\n\0")
