"""A socket without a library's good manners: it reads and answers only when told to."""

import socket
from types import TracebackType
from typing import Final, Self

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from certrelay.wire.messages import SUBPROTOCOL, FromDevice, encode
from relay.embedded import Running
from tests.relay.device import PATIENCE_S


class RawSocket:
    """A WebSocket whose bytes are written by hand."""

    def __init__(self, relay: Running, *, receive_bytes: int | None = None) -> None:
        self.tcp: Final = socket.socket()
        if receive_bytes is not None:
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.tcp.settimeout(PATIENCE_S)
        self.tcp.connect(("127.0.0.1", relay.port))
        uri = parse_uri(f"ws://127.0.0.1:{relay.port}/v1/ws")
        protocol = ClientProtocol(uri, subprotocols=[SUBPROTOCOL])  # type: ignore[list-item]
        protocol.send_request(protocol.connect())
        self.tcp.sendall(b"".join(protocol.data_to_send()))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.tcp.recv(1)
        assert b" 101 " in head

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.tcp.close()

    def send(self, opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> None:
        """Write one frame; raises ``OSError`` once the relay has cut the connection."""
        self.tcp.sendall(frame(opcode, data, fin=fin))

    def say(self, message: FromDevice) -> None:
        """Write a control message."""
        self.send(Opcode.TEXT, encode(message).encode())

    def read_some(self) -> bytes:
        """Read what is there, or wait for it; empty if the relay has closed."""
        return self.tcp.recv(65_536)

    def wait_for_end(self) -> None:
        """Read until the relay has closed or cut the connection."""
        try:
            while self.read_some():
                pass
        except ConnectionError:
            pass


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """Write a masked frame as a client must."""
    return Frame(opcode, data, fin).serialize(mask=True)
