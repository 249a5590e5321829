"""A socket without a library's good manners: it reads and answers only when told to."""

import socket
import ssl
from types import TracebackType
from typing import Final, Self

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.typing import Origin, Subprotocol
from websockets.uri import parse_uri

from certrelay.wire.messages import (
    SUBPROTOCOL,
    FromDevice,
    FromRelay,
    decode_from_relay,
    encode,
)
from tests.patience import PATIENCE_S


class RawSocket:
    """A WebSocket whose bytes are written by hand, in one thread.

    Over TLS it is the only sound one here: the `websockets` client for threads reads and writes
    one `ssl.SSLSocket` from two of them, and now and then loses what comes first.
    """

    def __init__(
        self,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        origin: str | None = None,
        receive_bytes: int | None = None,
    ) -> None:
        tcp = socket.socket()
        if receive_bytes is not None:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        tcp.settimeout(PATIENCE_S)
        tcp.connect(("127.0.0.1", port))
        self.tcp: Final = tcp if tls is None else tls.wrap_socket(tcp, server_hostname="127.0.0.1")
        uri = parse_uri(f"{'ws' if tls is None else 'wss'}://127.0.0.1:{port}/v1/ws")
        protocol = ClientProtocol(
            uri,
            origin=None if origin is None else Origin(origin),
            subprotocols=[Subprotocol(SUBPROTOCOL)],
        )
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

    def ask(self, message: FromDevice) -> FromRelay:
        """Write a control message and read the short one that comes next."""
        self.say(message)
        head, size = self.tcp.recv(1), self.tcp.recv(1)[0]
        assert (head, size < 126) == (b"\x81", True), "a short text in one frame"
        text = b""
        while len(text) < size:
            text += self.tcp.recv(size - len(text))
        return decode_from_relay(text.decode())

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
