"""The relay on a listening socket: uvicorn's protocols, our own start and end.

Long because start and end of one process are read together.

uvicorn's `Server` would install signal handlers, poll for its end ten times a second and log
the path of each socket; what is left of it here is what reads and writes HTTP.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import uvicorn
from starlette.routing import BaseRoute
from uvicorn.server import ServerState

from certrelay.errors import UsageError
from certrelay.wire.messages import NO_PAGE, Refused
from certrelay.wire.release import ReleasePolicy
from certrelay.wire.room import Room
from certrelay.wire.service import ServicePolicy
from relay import journal
from relay.address import BACKLOG
from relay.admission import AddressLimiter, ConnectionLimiter
from relay.app import HEADERS, address_of, build_app, upgrade_refusal
from relay.clock import Clock, wall
from relay.http_connection import Gate, HttpConnection
from relay.hub import Home
from relay.hub_memory import MemoryHub
from relay.ledger import Ledger
from relay.open_files import connections_possible
from relay.settings import Settings
from relay.socket import Sockets
from relay.turns import Turns
from relay.websocket import WebSocketConnection

_HOURS_EVERY_S: Final = 1.0
"""Seconds between two looks at the clock where there are hours of use."""

_LOOK_S: Final = 0.05
"""Seconds between two looks whether all have finished."""


class Server:
    """One relay in one event loop.

    Args:
        settings: See `relay.settings`.
        tls: For https; `tls_context` makes one.
        pages: Further routes, such as the phone's page.
        wall: For the hours of use.
    """

    def __init__(
        self,
        settings: Settings,
        tls: ssl.SSLContext | None,
        pages: Sequence[BaseRoute] = (),
        wall: Clock = wall,
    ) -> None:
        self.hub: Final = make_home(settings)
        self.hub.closed = settings.service.refusal(wall())
        self._service = settings.service
        self._wall: Final = wall
        self._policy_changed: Final = asyncio.Event()
        self.is_held = False
        """Whether newcomers are refused because the operator said so, whatever the policy says."""

        self.sockets: Final = Sockets(
            self.hub,
            AddressLimiter(settings.admission),
            Ledger(settings.admission),
            settings.socket,
        )
        self.sockets.service = settings.service
        self._settings: Final = settings
        self._tls: Final = tls
        self._stopping: Final = asyncio.Event()
        self._listening: asyncio.Server | None = None
        self._state: Final = ServerState()
        edges = settings.edges
        self._gate: Final = Gate(
            ConnectionLimiter(
                settings.admission,
                connections_possible(settings.admission.connections),
                edges.trusted_proxies,
            ),
            settings.socket,
            self.sockets,
            lambda connection: upgrade_refusal(connection, edges),
            lambda connection: address_of(connection, edges),
            HEADERS,
            Turns(),
            () if pages or settings.front.page_elsewhere else (NO_PAGE,),
        )
        self._config: Final = uvicorn.Config(
            build_app(edges, settings.front, pages, self.unready),
            http=HttpConnection,
            # What it does at an upgrade is `HttpConnection`'s: this only lets it ask.
            ws=WebSocketConnection,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            access_log=False,
            log_config=None,
            # At INFO it logs each path, and above that it has lines for every stranger who sends
            # it nonsense.  Our own faults are written by `relay.journal`.
            log_level="critical",
        )
        self._config.load()

    def unready(self) -> str:
        """Why newcomers should not be sent here, in one word; empty if they should.

        A relay out of its hours is ready all the same: it has an answer for whoever comes.
        """
        return "draining" if self.sockets.draining else self.hub.unready

    @property
    def is_suspended(self) -> bool:
        """Whether the operator takes nobody new at this time."""
        return self.hub.closed is not None

    def suspend(self, *, by_hand: bool) -> bool:
        """Take nobody new until it is taken back, or take it back; whether that is a change."""
        changed = self.is_held is not by_hand
        self.is_held = by_hand
        self.hub.closed = self._refusal()
        self._policy_changed.set()
        return changed

    def _refusal(self) -> Refused | None:
        """What newcomers are refused with at this time."""
        return Refused("suspended") if self.is_held else self._service.refusal(self._wall())

    def rooms(self) -> dict[str, int]:
        """Count the rooms: ``waiting`` for a scan, ``paired``, or with an end ``away``."""
        counted = Counter(map(_state, self.hub.rooms()))
        return {name: counted[name] for name in ("waiting", "paired", "away")}

    @property
    def rooms_limit(self) -> int:
        """How many rooms this node may have."""
        return self._settings.admission.rooms

    @property
    def limiter(self) -> ConnectionLimiter:
        """Counts the connections."""
        return self._gate.limiter

    def use_policy(self, releases: ReleasePolicy, service: ServicePolicy) -> None:
        """Judge newcomers by another policy from now on."""
        self.hub.policy = releases
        self._service = self.sockets.service = service
        self._policy_changed.set()

    def use_store(self, url: str) -> None:
        """Go to the store by another address, or another password, from now on.

        Raises:
            UsageError: ``bad_redis_url``.
        """
        try:
            self.hub.use_store(url)
        except ValueError:
            raise UsageError("bad_redis_url") from None

    async def run(self, listener: socket.socket, listening: Callable[[], None]) -> None:
        """Serve until `stop`, then tell every device and close.

        Args:
            listener: A bound socket, from `bind`; closed at the end.
            listening: Called once the relay answers.
        """
        # Who comes earlier waits in the system's queue: what is asked before a node hears the
        # others is answered `try_later`.
        await self.hub.start()
        server = self._listening = await asyncio.get_running_loop().create_server(
            self._connection,
            sock=listener,
            ssl=self._tls,
            ssl_handshake_timeout=self._settings.socket.request_s if self._tls else None,
            backlog=BACKLOG,
        )
        keeping_hours = asyncio.create_task(self._keep_hours())
        try:
            listening()
            await self._stopping.wait()
        finally:
            keeping_hours.cancel()
            server.close()
            await self._end()
            await self.hub.stop()

    async def _keep_hours(self) -> None:
        """Close and open by the policy's clock; while closed no room waits for a scan."""
        was_closed = self.is_suspended
        while True:
            self.hub.closed = self._refusal()
            if was_closed is not self.is_suspended:
                was_closed = self.is_suspended
                journal.write_warning("use_suspended" if was_closed else "use_resumed")
            if self.hub.closed is not None:
                await self.hub.end_waiting()
            every_s = None if self._service.is_always_open else _HOURS_EVERY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._policy_changed.wait()
            self._policy_changed.clear()

    async def drain(self) -> None:
        """End `run` once the paired devices have finished, or their time is up.

        All others are sent elsewhere at once, and so is whoever comes.  One of several nodes
        takes no connection any more: what stands in front goes to the next one at once, and does
        not come here again and again until a person gives up.
        """
        if self._listening is not None and self.hub.store_figures is not None:
            self._listening.close()
        self.sockets.drain(self.hub.is_paired)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.drain_s
        while len(self.sockets) and loop.time() < deadline:
            await asyncio.sleep(_LOOK_S)
        self.stop()

    def stop(self) -> None:
        """End `run`; from another thread by ``loop.call_soon_threadsafe``."""
        self._stopping.set()

    def _connection(self) -> asyncio.Protocol:
        return HttpConnection(self._config, self._state, {"gate": self._gate})

    async def _end(self) -> None:
        """Close every socket with 1012 and wait a moment for the answers."""
        self.sockets.drain()
        for connection in list(self._state.connections):
            if not isinstance(connection, WebSocketConnection):
                connection.shutdown()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.stop_s
        while self._state.connections and loop.time() < deadline:
            await asyncio.sleep(0.01)
        for connection in list(self._state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def _state(room: Room) -> str:
    if not room.claimed:
        return "waiting" if room.here else "away"
    return "paired" if len(room.here) == 2 else "away"


def make_home(settings: Settings) -> Home:
    """Make the home of the rooms that the settings ask for.

    Raises:
        UsageError: ``no_redis``, if the client library is not installed; ``bad_redis_url``.
    """
    if settings.redis_url is None:
        return MemoryHub(settings)
    try:
        from relay.hub_redis import RedisHub
    except ImportError:
        raise UsageError("no_redis") from None
    try:
        return RedisHub(settings, settings.redis_url)
    except ValueError:
        raise UsageError("bad_redis_url") from None


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Read a certificate chain and its key, both PEM, for TLS 1.2 and up.

    Raises:
        UsageError: ``bad_tls_files`` with ``where``, the file or the pair.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (certificate, key):
        if not path.is_file():
            raise UsageError("bad_tls_files", where=str(path))
    try:
        # A key with a password would be asked for on the terminal: it is refused instead.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError):
        raise UsageError("bad_tls_files", where=f"{certificate}, {key}") from None
    return context


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Choose the event loop: uvloop, where the system has it, halves the cost of a message."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
