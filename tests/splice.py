"""A TCP splice: what comes in at one address goes out to others, each connection to the next."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import cycle

Address = tuple[str, int]


class Splice:
    """Passes bytes on, as a load balancer without stickiness does; `close` ends everything."""

    def __init__(self) -> None:
        self._targets: Iterator[Address] = iter(())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self.delay_s = 0.0
        """Seconds by which whatever passes is late, what is on its way already included."""

    def begin(self, targets: Iterable[Address]) -> None:
        """Take connections, for those targets in turn."""
        self._targets = cycle(targets)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(next(self._targets))
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    kept = self.opened()
                    arguments = (source, sink, kept)
                    threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def opened(self) -> bytearray | None:
        """Give a place for one direction's bytes, if they are to be kept."""
        return None

    def _pass_on(self, source: socket.socket, sink: socket.socket, kept: bytearray | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if kept is not None:
                    kept += data
                came = time.monotonic()
                while time.monotonic() - came < self.delay_s:
                    time.sleep(0.01)
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End all connections."""
        for each in (self._listener, *self._sockets):
            each.close()
