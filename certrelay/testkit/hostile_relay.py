"""A relay that two real programs can be pointed at, and that does what a trick says.

    with HostileRelay(honest.url, Reorder(Role.S)) as relay:
        ...  # --relay relay.url for the PC; the phone learns it from the QR code

It stands in front of an honest relay, to which it passes the talk of both devices, and
carries their sealed messages itself, so that it can do to them whatever it likes.  It
serves one room at a time.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_to
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from certrelay.errors import ProtocolError
from certrelay.limits import MAX_MESSAGE_BYTES
from certrelay.testkit.tampering import Tampering
from certrelay.wire.ids import Role
from certrelay.wire.messages import (
    SOCKET_PATH,
    SUBPROTOCOL,
    Create,
    Enter,
    Join,
    Resume,
    decode_from_device,
)

_SUBPROTOCOLS: Final = [Subprotocol(SUBPROTOCOL)]


class HostileRelay:
    """A relay with a will of its own, on a port of loopback.

    Args:
        upstream: The honest relay's origin, ``http://host:port/``.
        tampering: The trick; may be exchanged while it runs.
    """

    def __init__(self, upstream: str, tampering: Tampering) -> None:
        self.tampering = tampering
        self._upstream: Final = f"ws{upstream.removeprefix('http')}{SOCKET_PATH}"
        self._devices: Final[dict[Role, ServerConnection]] = {}
        self._port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its origin, ending in "/"."""
        return f"http://127.0.0.1:{self._port}/"

    def __enter__(self) -> "HostileRelay":
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.result()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def cut(self, role: Role) -> None:
        """Cut one device's connection without a word; it comes back by itself."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._devices[role].transport.abort)

    def _run(self, started: "Future[None]") -> None:
        async def main() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            async with serve(
                self._serve,
                "127.0.0.1",
                0,
                subprotocols=_SUBPROTOCOLS,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                close_timeout=1,
            ) as server:
                self._port = next(iter(server.sockets)).getsockname()[1]
                started.set_result(None)
                await self._stop.wait()

        try:
            asyncio.run(main())
        except OSError as error:
            if not started.done():
                started.set_exception(error)

    async def _serve(self, device: ServerConnection) -> None:
        """Stand between one device and the honest relay."""
        async with connect_to(
            self._upstream, subprotocols=_SUBPROTOCOLS, compression=None, proxy=None
        ) as relay:
            first = await device.recv()
            role = _role_of(first)
            self._devices[role] = device
            back = asyncio.create_task(self._pass_back(role, device, relay))
            try:
                await self._hear(role, first, relay)
                async for message in device:
                    await self._hear(role, message, relay)
            except ConnectionClosed:
                pass
            finally:
                if self._devices.get(role) is device:
                    del self._devices[role]
                await relay.close()
                await back

    async def _hear(self, role: Role, message: str | bytes, relay: ClientConnection) -> None:
        if isinstance(message, str):
            for text in list(self.tampering.asked(role, message)):
                await relay.send(text)
            return
        for to, sealed in list(self.tampering.sealed(role, message)):
            await self._send(to, (sealed,))

    async def _pass_back(
        self, role: Role, device: ServerConnection, relay: ClientConnection
    ) -> None:
        """Pass the relay's words on, and its close."""
        with contextlib.suppress(ConnectionClosed):
            async for message in relay:
                if isinstance(message, str):
                    await self._send(role, self.tampering.told(role, message))
        code = relay.close_code or 1011
        await device.close(code if code not in (1005, 1006) else 1011)

    async def _send(self, to: Role, messages: Iterable[str | bytes]) -> None:
        device = self._devices.get(to)
        if device is not None:
            with contextlib.suppress(ConnectionClosed):
                for message in list(messages):
                    await device.send(message)


def _role_of(first: str | bytes) -> Role:
    try:
        match decode_from_device(first if isinstance(first, str) else ""):
            case Join() | Enter():
                return Role.S
            case Resume(_, role):
                return role
            case Create():
                return Role.G
            case _:
                return Role.G
    except ProtocolError:
        return Role.G
