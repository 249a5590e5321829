"""A socket to a relay for the hostile phone and PC: say, send, hear, one after the other.

with BlockingSocket(origin) as carrier:
    carrier.say(phone.join())
    ...
"""

import select
import time
from typing import Final

from certrelay.client.link import ConnectionLostError, connect
from certrelay.errors import RelayUnreachable

REPLY_S: Final = 20.0
"""Seconds to wait for a message before giving up."""


class BlockingSocket:
    """One blocking WebSocket.

    Args:
        origin: ``http[s]://host[:port]/[path/]``, as the QR code has it.
        patience_s: Seconds to wait for each message.

    Raises:
        RelayUnreachable: If there is no relay.
    """

    def __init__(self, origin: str, patience_s: float = REPLY_S) -> None:
        self._patience_s: Final = patience_s
        self._link: Final = connect(origin, time.monotonic())
        self._waiting: list[str | bytes] = []

    def __enter__(self) -> "BlockingSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()

    def say(self, text: str) -> None:
        """Say something to the relay."""
        self._link.send_text(text)

    def send(self, *sealed: bytes) -> None:
        """Send sealed messages to the other end."""
        for message in sealed:
            self._link.send_binary(message)

    def hear(self, kind: bytes | None = None, patience_s: float | None = None) -> str | bytes:
        """Wait for a message.

        Args:
            kind: The first byte of a sealed message; others are passed over until it comes.
            patience_s: Seconds to wait in place of the socket's own.

        Raises:
            RelayUnreachable: ``connection_lost``, if the relay hangs up or says nothing.
        """
        end = time.monotonic() + (self._patience_s if patience_s is None else patience_s)
        while True:
            while self._waiting:
                message = self._waiting.pop(0)
                if kind is None or (isinstance(message, bytes) and message[:1] == kind):
                    return message
            left = max(0.0, end - time.monotonic())
            if not (self._link.has_to_read or select.select([self._link], [], [], left)[0]):
                raise RelayUnreachable("connection_lost")
            try:
                self._waiting += self._link.receive(time.monotonic())
            except ConnectionLostError:
                raise RelayUnreachable("connection_lost") from None

    def hear_sealed(self, kind: int) -> bytes:
        """Wait for a sealed message of one kind: 1, 2, 3, 0x10 or 0x11."""
        heard = self.hear(bytes([kind]))
        assert isinstance(heard, bytes)
        return heard
