"""Who may come in: addresses and their allowances.

Counts only newcomers: whoever is in is never put out for another.  Nothing here is logged.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from relay.clock import Clock, monotonic
from relay.settings import AdmissionLimits, Network, SocketLimits


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
    while hops and _within(client, trusted):
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
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, 64), strict=False).network_address)
    return str(parsed)


def _within(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


class Doorman:
    """Counts TCP connections before anything is read from them.

    Args:
        most: Connections at once, of any kind.
        most_per_address: The same from one address; a trusted proxy may have `most`.
        patience: Its `request_s`, `answer_s` and `close_s` count.
        trusted: The proxies.
    """

    def __init__(
        self,
        most: int,
        most_per_address: int,
        patience: SocketLimits,
        trusted: Sequence[Network] = (),
    ) -> None:
        self.request_s: Final = patience.request_s
        self.answer_s: Final = patience.answer_s
        self.close_s: Final = patience.close_s
        self._most: Final = most
        self._most_per_address: Final = most_per_address
        self._trusted: Final = trusted
        self._by_address: Final[Counter[str]] = Counter()
        self._all = 0

    def __len__(self) -> int:
        """Count the connections that are inside."""
        return self._all

    def enter(self, client: tuple[str, int] | None) -> bool:
        """Count a connection in; ``False`` if it is one too many.  Then `leave` it too."""
        host = "" if client is None else client[0]
        self._all += 1
        self._by_address[key := allowance_key(host)] += 1
        fits = self._by_address[key] <= self._most_per_address
        return self._all <= self._most and (fits or _within(host, self._trusted))

    def leave(self, client: tuple[str, int] | None) -> None:
        """Count a connection out."""
        self._all -= 1
        _count_out(self._by_address, allowance_key("" if client is None else client[0]))


class Admission:
    """Counts sockets and requests by address."""

    def __init__(self, limits: AdmissionLimits, clock: Clock = monotonic) -> None:
        self._limits: Final = limits
        self._clock: Final = clock
        self._sockets: Final[Counter[str]] = Counter()
        # For each address the requests it has used up, as of when.  It is dropped once the
        # allowance is full again, so that the table stays as small as the traffic.
        self._used: Final[dict[str, tuple[float, float]]] = {}
        self._sweep_at = 0.0

    @property
    def remembered(self) -> int:
        """How many addresses have sockets here, or not their whole allowance."""
        return len(self._used.keys() | self._sockets.keys())

    def enter(self, key: str) -> bool:
        """Count a socket in; ``False`` if its address has too many.  Then `leave` it too."""
        self._sockets[key] += 1
        return self._sockets[key] <= self._limits.sockets_per_address

    def leave(self, key: str) -> None:
        """Count a socket out."""
        _count_out(self._sockets, key)

    def retry_after_ms(self, key: str) -> int:
        """Use up one request of an address.

        Returns:
            0 if it had one left, else the milliseconds until it has.
        """
        now = self._clock()
        self._sweep(now)
        rate = self._limits.asks_per_address_per_s
        used, since = self._used.get(key, (0.0, now))
        used = max(0.0, used - (now - since) * rate)
        if used + 1 > self._limits.asks_per_address:
            return max(1, int((used + 1 - self._limits.asks_per_address) / rate * 1000))
        self._used[key] = (used + 1, now)
        return 0

    def _sweep(self, now: float) -> None:
        """Drop the allowances that are full, once in the time that the emptiest needs."""
        if now < self._sweep_at:
            return
        rate = self._limits.asks_per_address_per_s
        for key, (used, since) in list(self._used.items()):
            if used <= (now - since) * rate:
                del self._used[key]
        self._sweep_at = now + self._limits.asks_per_address / rate


def _count_out(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
