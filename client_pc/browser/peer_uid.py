"""Whose program is at the other end of a connection inside this computer.

The page's address goes to the browser as an argument, and on Linux every user of a computer
may read every program's arguments.  So there the kernel is asked whose connection it is.
"""

from pathlib import Path
from typing import Final

_TCP: Final = Path("/proc/net/tcp")
_ROOT: Final = 0
"""May read our memory anyway; on WSL it carries the connections of Windows' browsers."""

Address = tuple[str, int]
"""An IPv4 address and a port."""


def is_ours(client: Address, server: Address, own: int, table: Path = _TCP) -> bool:
    """Tell whether the client of a connection runs under our own user id, or is root.

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
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except (OSError, ValueError):
        return True
    rows = (line.split() for line in lines)
    owners = [int(row[7]) for row in rows if f"{row[1]} {row[2]}" == wanted]
    return bool(owners) and owners[0] in (own, _ROOT)


def _spelled(address: Address) -> str:
    """As the kernel writes it: the four bytes backwards, in hex, and the port."""
    host, port = address
    return "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{port:04X}"
