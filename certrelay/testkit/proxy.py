"""A bad network between real programs and a real relay: it cuts, silences, stalls and slows.

Long because each fault needs the same view of a connection's frames.

    with FaultProxy("127.0.0.1", relay.port) as proxy:
        ...  # --relay proxy.url for the PC; the phone learns it from the QR code
        proxy.cut(Role.S)

Bytes pass unchanged.  The proxy reads just enough of them to know where one WebSocket
message ends and the next begins, and which end of a room a connection belongs to, so that
something can happen between any two messages.
"""

import contextlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from certrelay.wire.ids import Role

_CHUNK: Final = 65_536
_BINARY: Final = 2
_OPCODES: Final = (0, 1, _BINARY)
"""Continuation, text, binary: what a message is made of."""

Watch = Callable[[int, Role, bool], None]
"""Called before a message passes: its number, whose connection, whether it is a sealed one."""


class Frames:
    """Finds the ends of WebSocket messages in a stream that begins with an HTTP head."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._in_head = True

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Cut a stream into pieces.

        Yields:
            The bytes of the head or of one frame, and whether a message ends with them.
        """
        self._bytes += data
        while (size := self._size()) is not None and size <= len(self._bytes):
            piece = bytes(self._bytes[:size])
            del self._bytes[:size]
            ends = not self._in_head and bool(piece[0] & 0x80) and piece[0] & 0x0F in _OPCODES
            self._in_head = False
            yield piece, ends

    def _size(self) -> int | None:
        """Bytes of the head or frame that comes next, if that much is known."""
        have = self._bytes
        if self._in_head:
            end = have.find(b"\r\n\r\n")
            return None if end < 0 else end + 4
        if len(have) < 2:
            return None
        size, at = have[1] & 0x7F, 2
        if size == 126:
            size, at = int.from_bytes(have[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(have[2:10], "big"), 10
        return at + 4 * (have[1] >> 7) + size if len(have) >= at else None


def text_of(frame: bytes) -> str | None:
    """The text of a short frame that a client sent; ``None`` if it is none."""
    if frame[0] != 0x81 or not frame[1] & 0x80:
        return None
    at = 4 if frame[1] & 0x7F == 126 else 2
    mask, masked = frame[at : at + 4], frame[at + 4 :]
    return bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked)).decode()


class _Connection:
    """A client's connection and the one to the relay that belongs to it."""

    def __init__(self, client: socket.socket, relay: socket.socket) -> None:
        self.client: Final = client
        self.relay: Final = relay
        self.role: Role | None = None
        """Known from the first message."""

        self.silent = threading.Event()
        """Set when nothing passes any more, though nobody is told."""

    def break_off(self) -> None:
        """Reset both sides."""
        for stream in (self.client, self.relay):
            _reset(stream)

    def abandon(self) -> None:
        """Reset the client's side, and let the relay wait for a client that never comes back."""
        self.silent.set()
        _reset(self.client)


def _reset(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.shutdown(socket.SHUT_RDWR)
    stream.close()


class FaultProxy:
    """A TCP proxy in threads of its own, for one relay and the devices around it.

    Args:
        host: The relay's address.
        port: The relay's port; nobody need listen there all the time.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target: Final = (host, port)
        self._listener: Final = socket.create_server(("127.0.0.1", 0))
        self._connections: Final[set[_Connection]] = set()
        self._lock: Final = threading.Lock()
        self._passing: Final = threading.Lock()
        self._thread: Final = threading.Thread(target=self._accept, daemon=True)
        self._threads: set[threading.Thread] = set()
        self._count = 0
        self._away: set[Role | None] = set()
        self._stalled_until = 0.0
        self._addresses = 1
        self.watch: Watch | None = None
        """Sees every message before it passes; while it runs, no other message passes."""

        self.latency_s = 0.0
        """Seconds that each message is held back."""

        self.bytes_per_s: float | None = None
        """How much passes on each connection, each way."""

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Its origin, ending in "/"."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def count(self) -> int:
        """Messages that have passed, in both directions."""
        return self._count

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # where it is known, this ends the wait
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)
        while carriers := self._carriers():
            self.cut()
            for carrier in carriers:
                carrier.join(timeout=0.1)

    def _carriers(self) -> list[threading.Thread]:
        with self._lock:
            self._threads = {thread for thread in self._threads if thread.is_alive()}
            return list(self._threads)

    # --- faults ---

    def cut(self, role: Role | None = None) -> None:
        """Reset the connections of one end, or all; a new one may be made at once."""
        for connection in self._of(role):
            connection.break_off()

    def close_with(self, code: int, role: Role | None = None) -> None:
        """Close the connections of one end, or all, as a relay would; the relay sees a loss.

        Args:
            code: The close code, below 2^16.
            role: Which end; without, both.
        """
        for connection in self._of(role):
            with contextlib.suppress(OSError):
                connection.client.sendall(bytes([0x88, 2]) + code.to_bytes(2, "big"))
            connection.silent.set()
            _reset(connection.relay)

    def take_away(self, role: Role | None = None, *, silently: bool = False) -> None:
        """Cut one end off, or both, and let nobody connect in its place until `bring_back`.

        Args:
            role: Which end; without, both.
            silently: Whether the relay is not told; as in `move`, a new address comes back.
        """
        with self._lock:
            self._away.add(role)
        if silently:
            self.move(role)
        else:
            self.cut(role)

    def bring_back(self) -> None:
        """Let everybody connect again."""
        with self._lock:
            self._away.clear()

    def silence(self, role: Role | None = None) -> None:
        """Let nothing pass on the connections that stand, and tell nobody: half-open."""
        for connection in self._of(role):
            connection.silent.set()

    def move(self, role: Role | None = None) -> None:
        """Go from one network to another: the relay is not told, and sees a new address.

        From now on every connection comes from another address of the loopback network, where
        the system has them (Linux); elsewhere from the one there is.
        """
        self._addresses += 1
        for connection in self._of(role):
            connection.abandon()

    def stall(self, seconds: float) -> None:
        """Hold everything back for so long; nothing is lost."""
        self._stalled_until = time.monotonic() + seconds

    def calm_down(self) -> None:
        """Let everything pass again, as fast as it goes; connections stand as they are."""
        self.watch = None
        self.latency_s, self.bytes_per_s, self._stalled_until = 0.0, None, 0.0
        self.bring_back()

    def _of(self, role: Role | None) -> list[_Connection]:
        with self._lock:
            return [each for each in self._connections if role in (None, each.role)]

    # --- carrying ---

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                carrier = threading.Thread(target=self._carry, args=(client,), daemon=True)
                with self._lock:
                    self._threads.add(carrier)
                carrier.start()

    def _carry(self, client: socket.socket) -> None:
        if None in self._away:
            client.close()
            return
        try:
            relay = self._dial()
        except OSError:
            client.close()
            return
        relay.settimeout(None)
        for stream in (client, relay):
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(client, relay)
        with self._lock:
            self._connections.add(connection)
        back = threading.Thread(target=self._pump, args=(connection, False), daemon=True)
        back.start()
        self._pump(connection, True)
        back.join()
        for stream in (client, relay):
            stream.close()
        with self._lock:
            self._connections.discard(connection)

    def _dial(self) -> socket.socket:
        if self._addresses > 1 and sys.platform == "linux":
            address = f"127.0.0.{self._addresses}"
            return socket.create_connection(self._target, 5, source_address=(address, 0))
        return socket.create_connection(self._target, 5)

    def _pump(self, connection: _Connection, from_client: bool) -> None:
        source, target = connection.client, connection.relay
        if not from_client:
            source, target = target, source
        frames = Frames()
        try:
            while data := source.recv(_CHUNK):
                for piece, ends in frames.feed(data):
                    self._pass(connection, piece, ends, from_client)
                    if connection.silent.is_set():
                        continue
                    target.sendall(piece)
            if not connection.silent.is_set():
                target.shutdown(socket.SHUT_WR)
        except OSError:
            if not connection.silent.is_set():
                connection.break_off()

    def _pass(self, connection: _Connection, piece: bytes, ends: bool, from_client: bool) -> None:
        if not ends:
            return
        if connection.role is None and from_client:
            connection.role = _role_in(piece)
            if connection.role in self._away:
                raise ConnectionResetError
        self._wait(len(piece))
        with self._passing:
            self._count += 1
            if self.watch is not None:
                self.watch(self._count, connection.role or Role.G, piece[0] & 0x0F == _BINARY)

    def _wait(self, size: int) -> None:
        wait_s = max(self.latency_s, self._stalled_until - time.monotonic())
        if self.bytes_per_s is not None:
            wait_s += size / self.bytes_per_s
        if wait_s > 0:
            time.sleep(wait_s)


def _role_in(frame: bytes) -> Role | None:
    text = text_of(frame)
    if text is None:
        return None
    greeting = json.loads(text)
    if greeting["type"] == "resume":
        return Role(greeting["role"])
    return {"create": Role.G, "join": Role.S}.get(greeting["type"])
