"""Where a relay listens, and what it is called there."""

import errno
import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

from certrelay.errors import RelayUnreachable, UsageError
from certrelay.frozen import replace
from certrelay.limits import KIB
from relay.settings import Edges

BACKLOG: Final = 4096
"""Connections that the system keeps waiting to be accepted."""

RECEIVE_BUFFER: Final = 32 * KIB
"""Bytes of the system's buffer for what one connection sends; Linux doubles it."""

SEND_BUFFER: Final = 128 * KIB
"""The same for what one is sent, as long as it is HTTP: the page fits."""

MAX_PORT: Final = 65_535

_LOOPBACK_NAMES: Final = ("127.0.0.1", "[::1]", "localhost")


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Reserve an address; connections wait there until a server runs on it.

    Args:
        host: A name or an IP address of this machine.
        port: 0 picks a free one.
        shared: Other processes that say the same may have the port too: the system gives each
            new connection to one of them.

    Raises:
        RelayUnreachable: ``port_taken``.
        UsageError: ``bad_host``, if this machine has no such address or may not use the port.
    """
    if not 0 <= port <= MAX_PORT:
        raise UsageError("bad_host", host=host, port=port)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        listener = socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=shared)
        # Those that are accepted inherit it: else the system keeps megabytes for each.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        return listener
    except (OSError, ValueError) as error:  # also a bad name, or no shared ports here
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise RelayUnreachable("port_taken") from None
        raise UsageError("bad_host", host=host, port=port) from None


def local_address(host: str) -> str:
    """Name the address under which a relay that listens on ``host`` is asked on this machine."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    return str(address)


def url_of(listener: socket.socket, tls: bool) -> str:
    """Name a listening relay as an origin, ending in "/".

    One that listens on every address is named by the one that leads outward.
    """
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = _outward_address(listener.family)
    return f"{'https' if tls else 'http'}://{_authority(_literal(host), port, tls)}/"


def edges_of(listener: socket.socket, tls: bool, edges: Edges) -> Edges:
    """Add the hosts that a listening relay answers for, where no public name is known.

    A page that rebinds its own name to this machine sends that name as ``Host``; an address
    written as numbers cannot be rebound.
    """
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host)
    names: tuple[str, ...] = _LOOPBACK_NAMES
    if not (address.is_loopback or address.is_unspecified):
        names = (_literal(host),)
    hosts = frozenset(_authority(name, port, tls) for name in names)
    return replace(edges, hosts=hosts, ip_hosts=address.is_unspecified)


def public_origin(url: str) -> str:
    """Read the address that the outside world uses, and give its origin for browsers.

    Args:
        url: ``https://relay.example.kr/`` or with a path, as the QR code shows it.

    Raises:
        UsageError: ``bad_public_url``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("bad_public_url") from None
    plain = url.isascii() and url == url.lower() and not any(c in url for c in "?#@\\\\ ")
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host or not plain or url[-1] != "/":
        raise UsageError("bad_public_url")
    tls = parts.scheme == "https"
    return f"{parts.scheme}://{_authority(_literal(host), port or (443 if tls else 80), tls)}"


def _authority(host: str, port: int, tls: bool) -> str:
    """Write host and port as a browser does: without the scheme's own port."""
    return host if port == (443 if tls else 80) else f"{host}:{port}"


def _literal(host: str) -> str:
    return f"[{host.partition('%')[0]}]" if ":" in host else host


def _outward_address(family: int) -> str:
    """The address from which this machine would reach the world; nothing is sent."""
    target = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 9))
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"
        host: str = probe.getsockname()[0]
        return host
