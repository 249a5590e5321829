"""What only the operator reaches: metrics and health, on an address of their own."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterable
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from relay.address import bind

REQUEST_S: Final = 5.0
"""Seconds for a request; there is nobody to be patient with."""

MAX_CONNECTIONS: Final = 16
"""Connections at once: one that is idle here must not cost a device its file."""

MAX_HEAD_BYTES: Final = 8192
"""Bytes of a request's head."""

Page = Callable[[], tuple[HTTPStatus, str, bytes]]
"""Gives a page's status, media type and content."""


class OperatorPages:
    """A handful of pages by plain HTTP/1.0: one request, one answer, the connection closes.

    Args:
        pages: What is answered, by path.
        names: The host names under which they are asked for, lower case, beside those that no
            page of the web can have: numbers, and names without a dot.
    """

    def __init__(self, pages: dict[str, Page], names: Iterable[str] = ()) -> None:
        self._pages: Final = pages
        self._names: Final = frozenset(names)
        self._open = 0

    async def serve(self, listener: socket.socket) -> asyncio.Server:
        """Answer on a bound socket until the server is closed."""
        return await asyncio.start_server(self._answer, sock=listener, limit=MAX_HEAD_BYTES)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        try:
            async with asyncio.timeout(REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked is gone, or was no HTTP client
        finally:
            self._open -= 1
            writer.close()

    def _response(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        asked = words[0] if len(words) == 3 else ""
        path = words[1].partition("?")[0] if asked in ("GET", "HEAD") else ""
        page = self._pages.get(path)
        status, media, content = HTTPStatus.NOT_FOUND, "text/plain", b"not found\n"
        if not self._is_own(_hosts(head)):
            status, content = HTTPStatus.MISDIRECTED_REQUEST, b"not this host\n"
        elif page is not None:
            status, media, content = page()
        lines = (
            f"HTTP/1.0 {status.value} {status.phrase}",
            f"Content-Type: {media}",
            f"Content-Length: {len(content)}",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
            "Referrer-Policy: no-referrer",
            "Connection: close",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if asked == "HEAD" else content)

    def _is_own(self, hosts: list[str]) -> bool:
        """Whether a request is for this host: a page that rebinds its own name sends that one."""
        if len(hosts) > 1:
            return False
        if not hosts:  # HTTP/1.0; a browser always sends one
            return True
        name = re.sub(r":[0-9]+\Z", "", hosts[0]).rstrip(".")
        if "." not in name or name in self._names:
            return True
        try:
            return bool(ip_address(name.strip("[]")))
        except ValueError:
            return False


def _hosts(head: bytes) -> list[str]:
    """The values of ``Host`` in a request's head, lower case."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    fields = (line.partition(":") for line in lines)
    return [value.strip().lower() for name, _, value in fields if name.strip().lower() == "host"]


def bind_operator(text: str) -> socket.socket | None:
    """Reserve the operator's address, ``HOST:PORT``; ``None`` if it is none.

    Raises:
        RelayUnreachable: ``port_taken``.
        UsageError: ``bad_host``.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        return None
    return bind(host.strip("[]"), int(port))


def word(why_not: Callable[[], str]) -> Page:
    """A page that says ``ok`` with status 200, or with status 503 why not."""

    def page() -> tuple[HTTPStatus, str, bytes]:
        why = why_not()
        status = HTTPStatus.SERVICE_UNAVAILABLE if why else HTTPStatus.OK
        text = why or "ok"
        return status, "text/plain; charset=utf-8", f"{text}\n".encode()

    return page
