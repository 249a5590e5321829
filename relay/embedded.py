"""A relay inside another program: the PC that shows the QR code relays by itself.

It runs in a thread with an event loop of its own, installs no signal handlers and configures
no logging.  Importing this module is cheap; the web server is imported by `Bound.serve`, so
that the QR code can be on the screen by then: connections wait until the server takes them.
"""

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from certrelay.frozen import replace
from relay.address import bind, edges_of, url_of
from relay.settings import AdmissionLimits, Settings

if TYPE_CHECKING:
    import asyncio
    import ssl

    from starlette.routing import BaseRoute

    from relay.server import Server

    _Handles = tuple[asyncio.AbstractEventLoop, Server]

EMBEDDED = Settings(
    admission=AdmissionLimits(
        connections=400,
        connections_per_address=150,
        sockets_per_address=100,
        rooms=50,
        rooms_per_address=20,
        half_rooms=20,
        half_rooms_per_address=10,
        asks_per_address=200,
        asks_per_address_per_s=5.0,
    ),
    max_dead_rooms=1000,
    stop_s=0.3,
)
"""Enough for one PC and the phones around it; its end is awaited by a person."""

Tls = tuple[Path, Path]
"""A certificate chain and its key, PEM files."""


@dataclass(slots=True)
class Running:
    """A relay that answers."""

    url: str
    """Its origin, ending in "/"."""

    port: int
    _loop: "asyncio.AbstractEventLoop" = field(repr=False)
    _server: "Server" = field(repr=False)
    _thread: threading.Thread = field(repr=False)

    def stop(self) -> None:
        """Close every socket (1012) and wait until the relay is gone.  Twice does no harm."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._server.stop)
            self._thread.join()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass(slots=True)
class Bound:
    """An address that is reserved: whoever connects waits for `serve`."""

    listener: socket.socket = field(repr=False)
    tls: Tls | None = None

    @property
    def port(self) -> int:
        """The port, also where 0 was asked for."""
        port: int = self.listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The relay's origin, ending in "/"."""
        return url_of(self.listener, self.tls is not None)

    def close(self) -> None:
        """Give the address back unused."""
        self.listener.close()

    def serve(self, settings: Settings = EMBEDDED, pages: "Sequence[BaseRoute]" = ()) -> Running:
        """Start the relay; return once it answers.

        Raises:
            UsageError: ``bad_tls_files``.
        """
        from relay.server import tls_context

        tls = None if self.tls is None else tls_context(*self.tls)
        edges = settings.edges
        if edges.hosts is None:
            edges = edges_of(self.listener, tls is not None, edges)
        settings = replace(settings, edges=edges)
        url, port = self.url, self.port
        answering: Future[_Handles] = Future()
        arguments = (self.listener, settings, tls, pages, answering)
        thread = threading.Thread(target=_run, args=arguments, name="relay", daemon=True)
        thread.start()
        loop, server = answering.result()
        return Running(url, port, loop, server, thread)


def _run(
    listener: socket.socket,
    settings: Settings,
    tls: "ssl.SSLContext | None",
    pages: "Sequence[BaseRoute]",
    answering: "Future[_Handles]",
) -> None:
    """Be the relay's thread."""
    import asyncio

    from relay.server import Server, loop_factory

    async def serve() -> None:
        server = Server(settings, tls, pages)
        loop = asyncio.get_running_loop()
        await server.run(listener, lambda: answering.set_result((loop, server)))

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve())
    except BaseException as error:
        if answering.done():
            raise
        answering.set_exception(error)


def reserve(host: str, port: int = 0, tls: Tls | None = None) -> Bound:
    """Reserve an address for a relay.

    Args:
        host: An IP address or a name of this machine.
        port: 0 picks a free one.
        tls: For https.

    Raises:
        RelayUnreachable: ``port_taken``.
        UsageError: ``bad_host``.
    """
    return Bound(bind(host, port), tls)


def start(
    host: str,
    port: int = 0,
    tls: Tls | None = None,
    settings: Settings = EMBEDDED,
    *,
    page: bool = False,
    pages: "Sequence[BaseRoute]" = (),
) -> Running:
    """Reserve an address and serve on it; return once the relay answers.

    With ``page`` it serves the phone's page too; ``pages`` are further ones.

    Raises:
        RelayUnreachable: ``port_taken``.
        UsageError: ``bad_host`` or ``bad_tls_files``.
    """
    bound = reserve(host, port, tls)
    try:
        return bound.serve(settings, (*pages, *(_page_routes() if page else ())))
    except BaseException:
        bound.close()
        raise


def _page_routes() -> "Sequence[BaseRoute]":
    from relay.page import page_routes

    return page_routes()
