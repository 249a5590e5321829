"""What this computer is: its name, its system, its address in the local network."""

import platform
import re
import socket
import sys
from typing import Final

from certrelay import __version__
from certrelay.e2e.hello import Hello, fit_name
from certrelay.e2e.origin import Origin
from certrelay.errors import CertRelayError
from client_pc.interfaces import addresses, best

_PLATFORMS: Final = {"win32": "windows", "darwin": "macos"}


def hello(name: str | None) -> Hello:
    """How this PC presents itself.

    Args:
        name: What the person calls it; the computer's own name if there is none.
    """
    return Hello(
        name=fit_name(name or platform.node() or "PC"),
        platform=_PLATFORMS.get(sys.platform, "linux"),
        app="certrelay-pc",
        app_version=f"P{__version__}",
        os_version=_os_version(),
    )


def _os_version() -> str:
    """The system's version as one to four numbers."""
    text = platform.release()
    if sys.platform == "darwin":
        text = platform.mac_ver()[0]
    elif sys.platform == "win32":
        text = platform.version()
    found = re.match(r"[0-9]{1,5}(?:\.[0-9]{1,5}){0,3}", text)
    return found[0] if found else "0"


def lan_address() -> str | None:
    """This computer's own address in the local network, or ``None`` if it is in none.

    See `client_pc.interfaces.best`: a VPN's address, or one of a network inside this computer,
    where no phone is, is taken only if there is no other.
    """
    found = best(addresses(), _routed_address())
    return None if found is None else found.address


def _routed_address() -> str | None:
    """Asking which address a packet would leave from sends no packet."""
    for family, somewhere in (
        (socket.AF_INET, "192.0.2.1"),
        (socket.AF_INET6, "2001:db8::1"),
    ):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((somewhere, 9))
                address = str(probe.getsockname()[0])
            place = Origin.of("http", address, 1)
        except (OSError, CertRelayError):
            continue
        if place.is_local and not place.is_loopback:
            return address
    return None
