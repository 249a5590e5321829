"""Where a relay is: the part of the QR's URL in front of the ``#``.

An origin has exactly one spelling, the one a browser would show, because both ends put it
into the key schedule: two spellings of one place would not open each other's messages.

Source: docs/protocol.md §2.
"""

import ipaddress
import re
from typing import Self

from certrelay.errors import QrError
from certrelay.frozen import frozen

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/(?:[a-z0-9._-]+/)*)\Z"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_LOOKS_LIKE_A_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOCAL_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)


@frozen
class Origin:
    """A relay's place: ``scheme://host[:port]/[path/]`` in its one spelling."""

    text: str
    scheme: str
    host: str
    """A name, or an IP literal without brackets."""

    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an origin.

        Raises:
            QrError: ``qr_origin``, if it is not one, or not in its one spelling.
        """
        found = _ORIGIN.match(text)
        if found is None:
            raise QrError("qr_origin")
        scheme, host, path = found["scheme"], found["host"], found["path"]
        port = int(found["port"] or _DEFAULT_PORTS[scheme])
        spelled_out_default = found["port"] is not None and port == _DEFAULT_PORTS[scheme]
        dots = any(segment in (".", "..") for segment in path.split("/"))
        if spelled_out_default or port > 65_535 or dots or not _is_spelled_well(host):
            raise QrError("qr_origin")
        return cls(text, scheme, host.strip("[]"), port, path)

    @classmethod
    def of(cls, scheme: str, host: str, port: int, path: str = "/") -> Self:
        """Spell the origin of a server; ``host`` may be an IPv6 address."""
        name = f"[{_spell_ipv6(host)}]" if ":" in host else host
        shown_port = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
        return cls.parse(f"{scheme}://{name}{shown_port}{path}")

    @property
    def is_loopback(self) -> bool:
        """Tell whether the host is an IP literal of this very device."""
        address = _address(self.host)
        return address is not None and address.is_loopback

    @property
    def is_local(self) -> bool:
        """Tell whether the host is a private, link-local or loopback IP literal."""
        address = _address(self.host)
        return address is not None and any(
            address.version == network.version and address in network for network in _LOCAL_NETWORKS
        )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_spelled_well(host: str) -> bool:
    if host.startswith("["):
        address = _address(host[1:-1])
        return address is not None and _spell_ipv6(str(address)) == host[1:-1]
    labels = host.split(".")
    if _LOOKS_LIKE_A_NUMBER.match(labels[-1]):
        # A browser reads such a host as an IPv4 address and shows it with four parts.
        address = _address(host)
        return address is not None and str(address) == host
    return len(host) <= 253 and all(_LABEL.match(label) for label in labels)


def _spell_ipv6(text: str) -> str:
    """Spell as browsers do; Python's spelling of IPv4-mapped addresses varies by release."""
    address = ipaddress.IPv6Address(text)
    if address.ipv4_mapped is not None:
        low = int(address) & 0xFFFFFFFF
        return f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}"
    return address.compressed
