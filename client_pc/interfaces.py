"""This computer's addresses in networks, by interface, and what kind of interface it is."""

import contextlib
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError
from certrelay.frozen import frozen

InterfaceKind = Literal["network", "tunnel", "virtual", "unknown"]
"""A real network; a VPN; a network inside this computer (containers, virtual machines)."""

_TUNNELS: Final = ("tun", "tap", "wg", "utun", "ppp", "ipsec", "tailscale", "zt", "nordlynx")
_VIRTUAL: Final = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "podman", "cni", "lxc")

_SIOCGIFADDR: Final = 0x8915
"""Linux: the IPv4 address of an interface."""

_LINK_LOCAL: Final = "20"
"""Linux: the scope of an address that works on its own cable only."""


@frozen
class Address:
    """An address of this computer."""

    address: str
    interface: str
    """Empty where the system does not tell."""

    @property
    def kind(self) -> InterfaceKind:
        """What kind of interface it is, by the names that systems give them."""
        name = self.interface.lower()
        if not name:
            return "unknown"
        if name.startswith(_TUNNELS):
            return "tunnel"
        return "virtual" if name.startswith(_VIRTUAL) else "network"


def addresses() -> tuple[Address, ...]:
    """Every address at which another device of the local network could reach this computer."""
    found = _of_linux() if sys.platform == "linux" else _of_any()
    return tuple(each for each in found if _is_local(each.address))


def _is_local(address: str) -> bool:
    try:
        place = Origin.of("http", address, 1)
    except CertRelayError:
        return False
    return place.is_local and not place.is_loopback


def _of_any() -> Iterator[Address]:
    """As the name service knows them; it does not tell the interfaces."""
    with contextlib.suppress(OSError):
        _, _, found = socket.gethostbyname_ex(socket.gethostname())
        yield from (Address(each, "") for each in found)


def _of_linux(proc: Path = Path("/proc")) -> Iterator[Address]:
    if sys.platform != "linux":
        return
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            with contextlib.suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(probe, _SIOCGIFADDR, request)
                yield Address(socket.inet_ntoa(answer[20:24]), name)
    with contextlib.suppress(OSError):
        for line in (proc / "net" / "if_inet6").read_text("ascii").splitlines():
            digits, *_, scope, _, name = line.split()
            if scope != _LINK_LOCAL:  # which would need its interface written behind it
                yield Address(socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits)), name)
