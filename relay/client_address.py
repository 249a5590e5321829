"""The address that a device is counted by, behind proxies and in networks.

An IPv6 address is counted three times, in its /64, /56 and /48, since one /48 has 65,536 /64; the
wider ones may have more.  Nothing here is logged.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from certrelay.wire.service import Network

_IPV6_NETWORKS: Final = ((64, 1), (56, 2), (48, 4))
"""Lengths of the prefixes that are counted, and how many times an address's share each has."""


_KNOWN_NETWORKS: Final = 8192
"""Addresses whose networks are kept at hand."""


def client_address(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """Find whose connection it is.

    Args:
        peer: The address at the other end of the TCP connection.
        forwarded: The values of ``X-Forwarded-For``, in the order they came.
        trusted: The proxies that are believed.

    Returns:
        The rightmost address that no trusted proxy has: whatever stands to its left was
        written by a stranger.  What is no address is not believed, and ends the search.
    """
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    client = peer
    while hops and is_within(client, trusted):
        hop = hops.pop()
        if _parsed(hop) is None:
            break
        client = hop
    return client


def allowance_key(address: str) -> str:
    """Name the allowance of an address: itself, or its /64 for IPv6."""
    parsed = _parsed(address)
    if parsed is None:
        return ""
    return networks_of(str(parsed))[0][0]


@lru_cache(_KNOWN_NETWORKS)
def networks_of(address: str) -> tuple[tuple[str, int], ...]:
    """The networks that an address counts for, with the number of shares that each has.

    Args:
        address: An IP address, or its `allowance_key`: the networks are the same.
    """
    parsed = _parsed(address)
    if not isinstance(parsed, ipaddress.IPv6Address):
        return (("" if parsed is None else str(parsed), 1),)
    return tuple(
        (
            # The first is written without its length, as the address of a host is.
            str(network.network_address) if length == _IPV6_NETWORKS[0][0] else str(network),
            shares,
        )
        for length, shares in _IPV6_NETWORKS
        for network in (ipaddress.IPv6Network((parsed, length), strict=False),)
    )


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Tell whether an address is in one of the networks."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
