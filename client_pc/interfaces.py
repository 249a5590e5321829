"""This computer's addresses in networks, by interface, and what kind of interface it is.

Linux tells names by which its interfaces are known (``wlan0``, ``tun0``); macOS too, and Windows
what the maker says of an adapter ("TAP-Windows Adapter V9"), both by ``ifaddr``.  On Linux that
library would run the linker's tools to find the C library, 40 of the 70 ms until the QR code, so
there the kernel is asked.
"""

import contextlib
import ipaddress
import platform
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError
from certrelay.frozen import frozen, replace

AdapterKind = Literal["network", "unknown", "virtual", "tunnel"]
"""A real network; one that the system does not name; a network inside this computer (containers,
virtual machines); a VPN.  The order is that in which they are taken."""

_KINDS: Final[tuple[AdapterKind, ...]] = ("network", "unknown", "virtual", "tunnel")

_TUNNELS: Final = (
    *("tun", "tap", "wg", "utun", "ppp", "ipsec", "tailscale", "zt", "nordlynx", "feth"),
    *("gpd", "cscotun", "vti", "proton", "cloudflarewarp", "hamachi"),
)
_VIRTUAL: Final = (
    *("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "podman", "cni", "lxc", "lxdbr"),
    *("bridge1", "vmenet", "awdl", "llw", "anpi", "flannel", "cali", "vnet"),
)
"""How the names of interfaces begin."""

_TUNNEL_WORDS: Final = (
    *("vpn", "tunnel", "tap-windows", "wintun", "wireguard", "anyconnect", "fortinet", "fortissl"),
    *("pangp", "globalprotect", "juniper", "pulse secure", "zerotier", "tailscale", "hamachi"),
    *("nordlynx", "wan miniport", "check point", "axgate", "secuway"),
)
_VIRTUAL_WORDS: Final = (
    *("hyper-v", "wsl", "vmware", "virtualbox", "docker", "npcap", "loopback", "bluetooth"),
    *("wi-fi direct", "virtual"),
)
"""What Windows and the makers of adapters call them."""

_WSL_NETWORK: Final = ipaddress.ip_network("172.16.0.0/12")
"""Where Windows puts a Linux of its own (WSL), which no phone reaches."""

_SIOCGIFADDR: Final = 0x8915
"""Linux: the IPv4 address of an interface."""

_LINK_LOCAL: Final = "20"
"""Linux: the scope of an address that works on its own cable only."""


@frozen
class Address:
    """An address of this computer."""

    address: str
    interface: str
    """As people know it; empty where the system does not tell."""

    adapter: str = ""
    """What the maker says of it, on Windows."""

    is_inside: bool = False
    """Whether it is known to be inside this computer, whatever it is called."""

    @property
    def kind(self) -> AdapterKind:
        """What kind of interface it is, by the names that systems and makers give them."""
        name, words = self.interface.lower(), f"{self.interface} {self.adapter}".lower()
        if not name:
            return "unknown"
        if name.startswith(_TUNNELS) or any(word in words for word in _TUNNEL_WORDS):
            return "tunnel"
        is_virtual = name.startswith(_VIRTUAL) or any(word in words for word in _VIRTUAL_WORDS)
        return "virtual" if is_virtual or self.is_inside else "network"

    @property
    def is_ipv4(self) -> bool:
        """Whether every phone of the network can use it."""
        return ":" not in self.address


def addresses() -> tuple[Address, ...]:
    """Every address at which another device of the local network could reach this computer."""
    if sys.platform == "linux":
        found = _in_wsl(_of_linux()) if "microsoft" in platform.release().lower() else _of_linux()
    else:
        found = _of_any()
    return tuple(each for each in found if _is_local(each.address))


def best(known: Iterable[Address], routed: str | None) -> Address | None:
    """Choose where a phone is likeliest to find this computer.

    Args:
        known: This computer's addresses.
        routed: The one that packets to the internet leave from.

    Returns:
        Private IPv4 of a real network first, and of several the one that packets leave from;
        ``None`` if no interface has an address, or only such as no packet leaves from.
    """
    ranked = sorted(known, key=lambda each: _rank(each, routed))
    if ranked and ranked[0].kind in ("network", "unknown"):
        return ranked[0]
    if routed is None:
        return None
    return next((each for each in ranked if each.address == routed), Address(routed, ""))


def _rank(each: Address, routed: str | None) -> tuple[int, bool, bool, bool]:
    is_own_cable = ipaddress.ip_address(each.address).is_link_local
    return _KINDS.index(each.kind), is_own_cable, not each.is_ipv4, each.address != routed


def others_beside(chosen: str, known: Iterable[Address]) -> tuple[Address, ...]:
    """Give the addresses in other real networks, in which the phone may be as well."""
    known = tuple(known)
    own = {each.interface for each in known if each.address == chosen}
    return tuple(
        each
        for each in known
        if each.kind == "network" and each.is_ipv4 and each.interface not in own
    )


def _is_local(address: str) -> bool:
    try:
        place = Origin.of("http", address, 1)
    except CertRelayError:
        return False
    return place.is_local and not place.is_loopback


def _of_any() -> Iterator[Address]:
    """As Windows and macOS tell them."""
    try:
        import ifaddr

        adapters = list(ifaddr.get_adapters())
    except (ImportError, OSError):
        yield from _of_name_service()
        return
    for adapter in adapters:
        for each in adapter.ips:
            address = each.ip if isinstance(each.ip, str) else each.ip[0]
            if each.is_IPv4 or not ipaddress.ip_address(address).is_link_local:
                yield Address(address, each.nice_name, adapter.nice_name)


def _of_name_service() -> Iterator[Address]:
    """As the name service knows them; it does not tell the interfaces."""
    with contextlib.suppress(OSError):
        _, _, found = socket.gethostbyname_ex(socket.gethostname())
        yield from (Address(each, "") for each in found)


def _in_wsl(found: Iterable[Address]) -> Iterator[Address]:
    """Mark what only Windows reaches; with mirrored networking there are Windows' own ones."""
    for each in found:
        is_inside = each.is_ipv4 and ipaddress.ip_address(each.address) in _WSL_NETWORK
        yield replace(each, is_inside=is_inside)


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
