"""Two relays without any rules, to compare with: run as ``python -m bench.bare KIND PORT``.

``websockets``: pairs the two sockets whose first message is the same text, tells both, and
forwards every message; no limits, no roles, no time, no resume.  ``splice``: the same on plain
TCP over uvloop, 32 bytes for a first message; it forwards bytes, and knows no messages.
"""

import asyncio
import sys
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from certrelay.limits import MAX_MESSAGE_BYTES
from certrelay.wire.messages import SUBPROTOCOL


async def websockets_relay(port: int) -> None:
    waiting: dict[str | bytes, asyncio.Future[ServerConnection]] = {}

    async def handle(socket: ServerConnection) -> None:
        room = await socket.recv()
        first = waiting.pop(room, None)
        if first is None:
            found = waiting[room] = asyncio.get_running_loop().create_future()
            found.socket = socket  # type: ignore[attr-defined]
            peer = await found
        else:
            peer = first.socket  # type: ignore[attr-defined]
            first.set_result(socket)
        await socket.send("paired")
        try:
            async for message in socket:
                await peer.send(message)
        except ConnectionClosed:
            pass
        await peer.close()

    async with serve(
        handle,
        "127.0.0.1",
        port,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        backlog=4096,
    ) as server:
        print("ready", flush=True)
        await server.serve_forever()


class Splice(asyncio.Protocol):
    waiting: "dict[bytes, Splice]" = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.peer: Splice | None = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.peer is not None:
            self.peer.transport.write(data)
            return
        self.peer = self.waiting.pop(data, None)
        if self.peer is None:
            self.waiting[data] = self
            return
        self.peer.peer = self
        for each in (self, self.peer):
            each.transport.write(b"paired")

    def connection_lost(self, _error: Exception | None) -> None:
        if self.peer is not None:
            self.peer.transport.close()
            self.peer = None


async def splice_relay(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Splice, "127.0.0.1", port, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


def main() -> None:
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "splice":
        import uvloop

        uvloop.run(splice_relay(port))
    else:
        asyncio.run(websockets_relay(port))


if __name__ == "__main__":
    main()
