"""A way to a server that takes as long as a test says: every piece arrives later, in order."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Final

_CHUNK: Final = 65_536


class SlowLine:
    """Carries TCP connections to a port of this computer.

    Args:
        port: The server's.
    """

    def __init__(self, port: int) -> None:
        self.delay_s = 0.0
        """Seconds that a piece is on its way, in each direction; may be changed at any time."""

        self._server: Final = port
        self._listener: Final = socket.create_server(("127.0.0.1", 0))
        self.port: Final[int] = self._listener.getsockname()[1]
        self._open: Final[set[socket.socket]] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more, and cut off whoever is connected."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._server))
            except OSError:
                return
            self._open.update((near, far))
            self._carry(near, far)
            self._carry(far, near)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        """Pass on what one side says, each piece at its time; its end too."""
        pieces: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

        def read() -> None:
            data = b"more"
            while data:
                try:
                    data = source.recv(_CHUNK)
                except OSError:
                    data = b""
                pieces.put((time.monotonic() + self.delay_s, data))

        def write() -> None:
            while True:
                due, data = pieces.get()
                time.sleep(max(0.0, due - time.monotonic()))
                try:
                    if not data:
                        target.shutdown(socket.SHUT_WR)
                        return
                    target.sendall(data)
                except OSError:
                    return

        for work in (read, write):
            threading.Thread(target=work, daemon=True).start()


@contextmanager
def slow_line(port: int) -> Iterator[SlowLine]:
    """A line that is gone at the end."""
    line = SlowLine(port)
    try:
        yield line
    finally:
        line.close()
