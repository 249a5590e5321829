"""Whose program is at the other end of a connection inside this computer.

The page's address goes to the browser as an argument, and on Linux every user of a computer
may read every program's arguments.  So there the kernel is asked whose connection it is.
"""

from pathlib import Path
from typing import Final

_TCP: Final = Path("/proc/net/tcp")
_ROOT: Final = 0
"""May read our memory anyway; on WSL it carries the connections of Windows' browsers."""

_ESTABLISHED: Final = "01"
_NONE: Final = "0"
"""The inode of a connection that no process holds any more."""

_LOOKS: Final = 5
"""How often a connection is looked for that is not in the list."""

HostPort = tuple[str, int]
"""An IPv4 address and a port."""


def is_ours(client: HostPort, server: HostPort, own: int, table: Path = _TCP) -> bool:
    """Tell whether the client of a connection runs under our own user id, or is root.

    Only an established connection counts that a process still holds: one that was closed
    before it is looked at is listed as root's, with no inode, whoever closed it.

    Args:
        client: The client's end.
        server: Our end.
        own: Our user id.
        table: Where the kernel lists TCP connections.

    Returns:
        True also where the system has no such list: Windows and macOS show no other
        user's arguments, or get the address by another way.
    """
    wanted = f"{_spelled(client)} {_spelled(server)}"
    # Where much is connected and closed, the list leaves out what lies between two of its parts.
    for _ in range(_LOOKS):
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except (OSError, ValueError):
            return True
        rows = [row for row in map(str.split, lines) if f"{row[1]} {row[2]}" == wanted]
        if rows:
            return all(_is_held(row, own) for row in rows)
    return False


def _is_held(row: list[str], own: int) -> bool:
    _, _, _, state, _, _, _, user, _, inode, *_ = row
    return state == _ESTABLISHED and inode != _NONE and int(user) in (own, _ROOT)


def _spelled(address: HostPort) -> str:
    """As the kernel writes it: the four bytes backwards, in hex, and the port."""
    host, port = address
    return "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{port:04X}"
