"""The sockets of a process: each is accepted, runs a session, and is counted out.

Source: docs/protocol.md §4.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from certrelay.wire.close import CloseCode
from certrelay.wire.messages import SUBPROTOCOL, Refused
from relay.admission import Admission
from relay.hub import Hub, Line
from relay.outbox import Outbox
from relay.session import Session
from relay.settings import SocketLimits


class Sockets:
    """All the sockets of one process.

    Args:
        hub: The home of the rooms.
        admission: Counts requests by address.
        limits: What one socket may cost.
    """

    def __init__(self, hub: Hub, admission: Admission, limits: SocketLimits) -> None:
        self._hub: Final = hub
        self._admission: Final = admission
        self._limits: Final = limits
        self._sessions: Final[set[Session]] = set()
        self.draining = False
        """Whether newcomers are sent elsewhere."""

        self._is_draining: Final = lambda: self.draining

    def __len__(self) -> int:
        """Count the sockets that are open."""
        return len(self._sessions)

    async def drain(self, stays: Callable[[Line], bool] = lambda _: False) -> None:
        """Tell the devices that this relay stops; each resumes elsewhere.

        Args:
            stays: Which of them may finish what they are at.
        """
        self.draining = True
        for line in [session.line for session in self._sessions]:
            if not stays(line):
                await self._hub.lost(line)
                line.close(CloseCode.RESTART)

    async def serve(self, socket: WebSocket, address: str) -> None:
        """Run one socket; the upgrade is still to be answered.

        It runs to its end, unless the server has a door that a session can be handed to: then
        only up to there, and nothing of ASGI is left while the socket stands.

        Args:
            socket: A WebSocket whose Origin was found good.
            address: Its allowance, from `relay.admission.allowance_key`.
        """
        state = socket.scope["state"]
        line = Line(Outbox(self._limits, state["cut_off"]), address)
        patience_s = self._limits.first_message_s
        session = Session(self._hub, self._admission, line, patience_s, self._is_draining)
        self._sessions.add(session)
        fits = self._admission.enter(address)
        try:
            speaks = SUBPROTOCOL in socket.scope["subprotocols"]
            await socket.accept(SUBPROTOCOL if speaks else None)
        except (WebSocketDisconnect, OSError):
            self._leave(session)
            return
        if "door" in state:
            session.open(state["door"], self._leave)
        if not speaks:
            line.refuse(Refused("unsupported_protocol"))
        elif not fits:
            line.refuse(Refused("rate_limited"))
        if "door" not in state:
            await _serve_here(socket, session)
            self._leave(session)

    def _leave(self, session: Session) -> None:
        """Note that a socket is gone."""
        self._admission.leave(session.line.address)
        self._sessions.discard(session)


async def _serve_here(socket: WebSocket, session: Session) -> None:
    """Run a socket by plain ASGI: a reader and a writer."""
    line = session.line
    writer = asyncio.create_task(_write(socket, line))
    try:
        session.be_patient()
        while not line.outbox.ending:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code") or 1006)
            text: str | None = message.get("text")
            await session.take(message["bytes"] if text is None else text)
    except (WebSocketDisconnect, OSError):
        line.outbox.discard()
    finally:
        await session.end()
        await _finish(writer, line)


async def _write(socket: WebSocket, line: Line) -> None:
    """Send what the outbox has, up to a close."""
    with contextlib.suppress(WebSocketDisconnect, OSError):
        while True:
            match await line.outbox.next():
                case CloseCode() as code:
                    await socket.close(code)
                    return
                case str() as text:
                    await socket.send_text(text)
                case bytes() as sealed:
                    await socket.send_bytes(sealed)


async def _finish(writer: asyncio.Task[None], line: Line) -> None:
    """Let the writer send what is left, up to the close; the outbox watches the time."""
    if line.outbox.dropped:
        writer.cancel()
    await asyncio.wait([writer])
    if not writer.cancelled():
        writer.result()
