"""Two computers on one cable, each in a network namespace of its own, and nobody else there.

Making one needs root, as CI has it.
"""

import os
import secrets
import subprocess
from typing import Self

from tests.component import missing, program

OLD, NEW = "192.168.77.10", "192.168.77.11"
"""Their addresses."""


class Cable:
    """Two namespaces, from `__init__` to `close`; `at` runs a program on one of the computers."""

    def __init__(self) -> None:
        program("ip")
        if os.geteuid() != 0:
            missing("the right to make a network namespace (root)")
        made = secrets.token_hex(3)
        self._names = {place: f"certrelay-{made}-{place[-2:]}" for place in (OLD, NEW)}
        old, new = self._names.values()
        for name in (old, new):
            _ip("netns", "add", name)
        ends = ("eth0", "netns", old, "type", "veth", "peer", "name", "eth0", "netns", new)
        _ip("link", "add", *ends)
        for place, name in self._names.items():
            _ip("-n", name, "address", "add", f"{place}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                _ip("-n", name, "link", "set", link, "up")

    def at(self, place: str) -> tuple[str, ...]:
        """The beginning of the command line of a program that runs there."""
        return ("ip", "netns", "exec", self._names[place])

    def close(self) -> None:
        """Take both away; what still runs inside keeps its own until it ends."""
        for name in self._names.values():
            _ip("netns", "delete", name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
