"""The life of one socket: from the handshake to the close.

A reader takes what the device sends, a writer sends what the room has for it; the hub stands
between them.  A text message is talk with the relay, a binary message is talk with the other
end and is passed on unread.

Source: docs/protocol.md §4.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from certrelay.errors import ProtocolError
from certrelay.wire.close import CloseCode
from certrelay.wire.messages import SUBPROTOCOL, Leave, Refused, Resume, decode_from_device
from relay.admission import Admission
from relay.hub import Hub, Line, Seat
from relay.outbox import Outbox
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
        self._lines: Final[set[Line]] = set()
        self.draining = False
        """Whether newcomers are sent elsewhere."""

    def __len__(self) -> int:
        """Count the sockets that are open."""
        return len(self._lines)

    async def drain(self, stays: Callable[[Line], bool] = lambda _: False) -> None:
        """Tell the devices that this relay stops; each resumes elsewhere.

        Args:
            stays: Which of them may finish what they are at.
        """
        self.draining = True
        for line in list(self._lines):
            if not stays(line):
                await self._hub.lost(line)
                line.close(CloseCode.RESTART)

    async def serve(self, socket: WebSocket, address: str) -> None:
        """Run one socket to its end; the upgrade is still to be answered.

        Args:
            socket: A WebSocket whose Origin was found good.
            address: Its allowance, from `relay.admission.allowance_key`.
        """
        line = Line(Outbox(self._limits, socket.scope["state"]["cut_off"]), address)
        self._lines.add(line)
        self._shorten(line, socket)
        fits = self._admission.enter(address)
        writer = asyncio.create_task(_write(socket, line))
        try:
            speaks = SUBPROTOCOL in socket.scope["subprotocols"]
            await socket.accept(SUBPROTOCOL if speaks else None)
            if not speaks:
                line.refuse(Refused("unsupported_protocol"))
            elif not fits:
                line.refuse(Refused("rate_limited"))
            else:
                await self._read(socket, line)
        except (WebSocketDisconnect, OSError):
            line.outbox.discard()
        finally:
            await self._hub.lost(line)
            await _finish(writer, line)
            self._admission.leave(address)
            self._lines.discard(line)

    def _shorten(self, line: Line, socket: WebSocket) -> None:
        """Let sealed messages take the shortest way, where server and hub have one."""
        door = socket.scope["state"].get("door")
        carry = getattr(self._hub, "carry_at_once", None)
        if door is not None and carry is not None:
            line.outbox.door = door
            door.carry_at_once = lambda sealed: line.is_listening and carry(line, sealed)

    async def _read(self, socket: WebSocket, line: Line) -> None:
        """Take what a device sends, until a close waits for it.

        Raises:
            WebSocketDisconnect: If it is gone.
        """
        try:
            while not line.outbox.ending:
                message = await self._message(socket, line)
                if message is None:
                    line.close(CloseCode.TIMEOUT)
                else:
                    await self._take(line, message)
        except ProtocolError:
            line.refuse(Refused("bad_message"))

    async def _message(self, socket: WebSocket, line: Line) -> str | bytes | None:
        """Wait for a message; ``None`` if the device says nothing for too long."""
        # A device in a room may be silent; one that has reached none yet may not.
        patience_s = None if line.seat else self._limits.first_message_s
        line.is_listening = line.seat is not None
        try:
            async with asyncio.timeout(patience_s):
                message = await socket.receive()
        except TimeoutError:
            return None
        finally:
            line.is_listening = False
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1006)
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    async def _take(self, line: Line, message: str | bytes) -> None:
        """Act on one message.

        Raises:
            ProtocolError: ``bad_message``, if it is none or has no place here.
        """
        if isinstance(message, bytes):
            if line.seat is None:
                raise ProtocolError("bad_message")
            await self._hub.carry(line, message)
            return
        match decode_from_device(message):
            case Leave():
                if line.seat is None:
                    raise ProtocolError("bad_message")
                await self._hub.leave(line)
            case request:
                if line.seat not in (None, Seat.of(request)):
                    raise ProtocolError("bad_message")
                if self.draining and not isinstance(request, Resume):
                    await self._hub.lost(line)
                    line.close(CloseCode.RESTART)
                    return
                retry_in_ms = self._admission.retry_after_ms(line.address)
                if retry_in_ms:
                    line.refuse(Refused("rate_limited", retry_in_ms=retry_in_ms))
                else:
                    await self._hub.ask(line, request)


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
