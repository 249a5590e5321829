"""A network of its own for browsers, PCs and the relay's cable: loopback, and one private
address, which browsers do not trust without https (an insecure context).

Nothing outside is reached from there.  It is a network namespace of Linux; making one needs
root, as CI has it.
"""

import ctypes
import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.component import missing, program
from tests.patience import PATIENCE_S

PRIVATE = "192.168.77.10"
LOOPBACK = "127.0.0.1"
_CLONE_NEWNET = 0x40000000


class Network:
    """One namespace, from `__init__` to `close`."""

    def __init__(self) -> None:
        program("ip")
        if os.geteuid() != 0:
            missing("the right to make a network namespace (root)")
        self._name = f"certrelay-{secrets.token_hex(4)}"
        _ip("netns", "add", self._name)
        inside = ("-n", self._name)
        _ip(*inside, "address", "add", f"{PRIVATE}/24", "dev", "lo")
        _ip(*inside, "link", "set", "lo", "up")

    def command(self, *words: str | Path) -> list[str]:
        """The command line that runs another one inside."""
        return ["ip", "netns", "exec", self._name, *map(str, words)]

    def connect(self, port: int) -> socket.socket:
        """Connect to a port of the inner loopback, from outside."""
        return self._inside(lambda: socket.create_connection((LOOPBACK, port), timeout=PATIENCE_S))

    def listen(self, host: str) -> socket.socket:
        """Listen on an inner address, from outside."""
        return self._inside(lambda: socket.create_server((host, 0)))

    def close(self) -> None:
        """Take it away; what still runs inside keeps it until it ends."""
        _ip("netns", "delete", self._name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _inside(self, make: Callable[[], socket.socket]) -> socket.socket:
        """Make a socket in a thread that has entered the namespace: it stays there."""
        made: list[socket.socket] = []
        failed: list[BaseException] = []

        def enter() -> None:
            try:
                with Path(f"/run/netns/{self._name}").open("rb") as place:
                    if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), _CLONE_NEWNET) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
                made.append(make())
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return made[0]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
