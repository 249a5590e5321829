"""A cable between devices and a relay that a test can pull, for the browser alone."""

import contextlib
import socket
import threading
from typing import Self

_Pair = tuple[bytes, socket.socket, socket.socket]
"""A connection's first bytes, and its two ends."""


class Cable:
    """Forwards TCP from a port of its own, or a listener that is given, to another port."""

    def __init__(self, listener: socket.socket | None = None) -> None:
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._target = 0
        self._pairs: list[_Pair] = []
        self._is_pulled = False
        self.heard = bytearray()
        """Every byte that a device sent."""
        self._lock = threading.Lock()

    def plug_into(self, port: int) -> None:
        """Begin to forward."""
        self._target = port
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        """Cut every connection of a browser, and let none through until `mend`."""
        with self._lock:
            self._is_pulled = True
            cut = [pair for pair in self._pairs if b"Mozilla" in pair[0]]
            self._pairs = [pair for pair in self._pairs if pair not in cut]
        _close_all(cut)

    def mend(self) -> None:
        """Let browsers through again."""
        with self._lock:
            self._is_pulled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._listener)
        _close_all(self._pairs)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            first = near.recv(65_536)
            with socket.create_connection(("127.0.0.1", self._target)) as far:
                self.heard += first
                far.sendall(first)
                with self._lock:
                    if self._is_pulled and b"Mozilla" in first:
                        return
                    self._pairs.append((first, near, far))
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far, self.heard)
                back.join()


def _pump(source: socket.socket, target: socket.socket, heard: bytearray | None = None) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            if heard is not None:
                heard += data
            target.sendall(data)
    _close(source)
    _close(target)


def _close_all(pairs: list[_Pair]) -> None:
    for _, near, far in pairs:
        _close(near)
        _close(far)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
