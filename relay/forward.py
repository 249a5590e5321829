"""Sealed messages by the shortest way: from one socket's bytes to the other's, past ASGI.

A message that comes whole, while nothing older is under way, is unmasked, counted by the same
rules and written to the other socket in one call.  Everything else (control messages, parts of
messages, a slow reader, another node) goes the way of `relay.transport`, which does the same:
the relay needs nothing of this module.  It leans on the internals of uvicorn and of
``websockets``; python -m bench.relays tells what it is worth.

Source: RFC 6455 §5.2 for the bytes.
"""

from collections.abc import Callable
from typing import Any, Final

from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the compiled part
    from websockets.utils import apply_mask

from certrelay.limits import MAX_MESSAGE_BYTES
from relay.transport import WebSocketDoor

_WHOLE_BINARY: Final = 0x82
"""The first byte of a frame that is a whole binary message."""

_MASKED: Final = 0x80
_MASK_BYTES: Final = 4


class ForwardingDoor(WebSocketDoor):
    """A WebSocket whose handler may take sealed messages as they come from the network."""

    carry_at_once: Callable[[bytes], bool] | None = None
    """Set by the handler: takes a sealed message, unless it must go the long way."""

    def handle_connect(self, event: Any) -> None:
        """Begin the handshake, and let the handler find this door."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["state"]["door"] = self

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        self.carry_at_once = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes: as many whole sealed messages as there are, then the rest."""
        if self.carry_at_once is not None and self._is_between_messages:
            data = self._carry_whole(data)
        if data:
            super().data_received(data)

    @property
    def _is_between_messages(self) -> bool:
        return (
            not self.read_paused
            and not self.conn.reader.buffer
            and not self.frames
            and self.queue.empty()
            and self.conn.state is State.OPEN
            and not self.close_sent
        )

    def _carry_whole(self, data: bytes) -> bytes:
        """Carry what can be; give back what is left."""
        at, end = 0, len(data)
        while end - at >= 2 + _MASK_BYTES and data[at] == _WHOLE_BINARY:
            size, head = data[at + 1] - _MASKED, 2
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4]), 4
            body = at + head + _MASK_BYTES
            if not 0 <= size <= MAX_MESSAGE_BYTES or size == 127 or body + size > end:
                break
            sealed = apply_mask(data[body : body + size], data[body - _MASK_BYTES : body])
            if self.carry_at_once is None or not self.carry_at_once(sealed):
                break
            at = body + size
        return data[at:] if at else data

    @property
    def is_writable(self) -> bool:
        """Whether a message can be written now, and none is being closed over."""
        return self.writable.is_set() and not self.close_sent and not self.disconnected

    def write_sealed(self, sealed: bytes) -> None:
        """Write a whole binary message of at most ``MAX_MESSAGE_BYTES``."""
        size = len(sealed)
        head = bytes((_WHOLE_BINARY, size)) if size < 126 else b"\x82\x7e" + size.to_bytes(2)
        self.transport.write(head + sealed)
