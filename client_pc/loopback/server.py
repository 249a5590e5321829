"""Answers a page on loopback: its files to anybody, all else to whoever has the token.

It is reached by programs of this computer, and by any web site that this computer's browser
has open.  So it answers to its own name only (a site that rebinds its name gets 421), refuses
what another site's page sends, and does something only for a request that shows the token in a
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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from certrelay.frozen import frozen
from certrelay.strict_json import NotStrict, parse_object
from client_pc.loopback.peer_uid import is_ours

HOST: Final = "127.0.0.1"
MAX_BODY: Final = 8 * 1024
"""Bytes of a request's body: an answer is a line."""

LISTEN_S: Final = 20.0
"""Seconds for which a request for news is held at most."""

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


@frozen
class PageFile:
    """One file, ready to be sent."""

    content: bytes
    media_type: str


class LoopbackServer(ThreadingHTTPServer):
    """A server on loopback; a connection of another user's program is dropped.

    Args:
        handler: What answers, made for each connection.
        files: The page's files, by their addresses.
        port: Where it listens; 0 for any.
    """

    block_on_close = False
    request_queue_size = 64

    def __init__(
        self, handler: "type[LoopbackHandler]", files: Mapping[str, PageFile], port: int = 0
    ) -> None:
        super().__init__((HOST, port), handler)
        self.files: Final = files
        self.name: Final = f"{HOST}:{self.server_port}"

    def admits(self, token: str) -> bool:
        """Tell whether a request with this token comes from our page."""
        raise NotImplementedError

    def server_bind(self) -> None:
        """Take the address; unlike HTTPServer, ask the name service for no name of it."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_port = int(self.server_address[1])

    def verify_request(self, _request: Any, client_address: Any) -> bool:
        """Tell whether the program at the other end runs under our own user id."""
        if sys.platform == "win32":
            return True
        return is_ours(client_address, (HOST, self.server_port), os.getuid())

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Nothing: a browser that goes away in the middle is no news."""

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve for a while, in threads beside; gives the page's origin, ending in "/"."""
        thread = threading.Thread(
            target=self.serve_forever, args=(POLL_S,), daemon=True, name="page"
        )
        thread.start()
        try:
            yield f"http://{self.name}/"
        finally:
            self.shutdown()
            self.server_close()
            thread.join()


class LoopbackHandler(BaseHTTPRequestHandler):
    """Refuses who is not the page; ``get``, ``post`` and ``put`` are for those who are."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    max_body = MAX_BODY
    server: LoopbackServer

    def get(self, path: str, query: str) -> None:
        """Answer a request for something that is no file; the token is not looked at yet."""
        del path, query
        self.send(HTTPStatus.NOT_FOUND)

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Do something; the token is not looked at yet."""
        del path, body
        self.send(HTTPStatus.NOT_FOUND)

    def put(self, path: str, length: int) -> None:
        """Take ``length`` bytes of a body that is not read yet; the token is not looked at yet."""
        del path, length
        self.refuse_body(HTTPStatus.NOT_FOUND)

    def do_GET(self) -> None:
        """A file of the page, or something of the program's."""
        path, _, query = self.path.partition("?")
        if not self._is_from_the_page():
            return
        if (file := self.server.files.get(path)) is not None:
            self.send(HTTPStatus.OK, file.content, file.media_type)
        else:
            self.get(path, query)

    def do_POST(self) -> None:
        """Something to do, said in JSON."""
        body = self._body()
        if body is not None and self._is_from_the_page():
            self.post(self.path, body)

    def do_PUT(self) -> None:
        """A file."""
        length = self._length(sys.maxsize)
        if length is not None and self._is_from_the_page():
            self.put(self.path, length)

    # --- who asks ---

    def _is_from_the_page(self) -> bool:
        """Tell whether a request is for us and of our own page; else it is refused."""
        own = self.server.name
        if self.headers.get_all("host") != [own]:
            self.refuse_body(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        # Old browsers send neither; a foreign page that could leave them out has no token.
        site = self.headers.get("sec-fetch-site", "none")
        origin = self.headers.get("origin", f"http://{own}")
        if origin == f"http://{own}" and site in ("same-origin", "none"):
            return True
        if self.headers.get("sec-fetch-mode") == "navigate" and self.path == "/":
            return True  # a link, or a browser's start page: it shows a page without a story
        self.refuse_body(HTTPStatus.FORBIDDEN)
        return False

    @property
    def token(self) -> str:
        """What the request shows; empty if nothing."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind == "Bearer" else ""

    def has_token(self) -> bool:
        """Tell whether a request shows our page's token."""
        return self.token != "" and self.server.admits(self.token)

    # --- what is asked ---

    def _length(self, most: int) -> int | None:
        """Give the size of the body; else the request is refused and the connection ends."""
        length = self.headers.get("content-length", "")
        is_number = length.isascii() and length.isdigit() and len(length) <= len(str(most))
        if not is_number or int(length) > most:
            self.refuse_body(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        return int(length)

    def _body(self) -> dict[str, Any] | None:
        """Read the body; else the request is refused."""
        length = self._length(self.max_body)
        if length is None:
            return None
        try:
            return parse_object(self.rfile.read(length))
        except NotStrict:
            self.send(HTTPStatus.BAD_REQUEST)
            return None

    def number_after(self, query: str) -> int | None:
        """Read ``after=N``; else the request is refused."""
        digits = query.removeprefix("after=")
        if digits.isascii() and digits.isdigit() and len(digits) < 10:
            return int(digits)
        self.send(HTTPStatus.BAD_REQUEST)
        return None

    def is_gone(self) -> bool:
        """Whether the browser has hung up while it was waiting."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    # --- answers ---

    def send_json(self, value: dict[str, Any]) -> None:
        """Answer with an object."""
        self.send(HTTPStatus.OK, json.dumps(value).encode(), "application/json")

    def refuse_body(self, status: HTTPStatus) -> None:
        """Refuse a request whose body may not have been read: the connection ends."""
        self.close_connection = True
        self.send(status)

    def send(self, status: HTTPStatus, content: bytes = b"", media_type: str = "") -> None:
        """Answer."""
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
        self.send(HTTPStatus(code))

    def log_message(self, *_: object) -> None:
        """Nothing: what is asked here is nobody else's business."""
