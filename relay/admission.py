"""Who may come in: what each address may have and do.

Counts only newcomers: established connections are never evicted for new ones.  Nothing here is
logged.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from certrelay.wire.service import Network
from relay.client_address import is_within, networks_of
from relay.clock import Clock, monotonic
from relay.settings import AdmissionLimits


class AddressCounter:
    """Counts what stands, by network.

    Args:
        most: How many one address may have.
    """

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._counts: Final[Counter[str]] = Counter()

    def __len__(self) -> int:
        """Count the networks that have anything."""
        return len(self._counts)

    def has_room(self, address: str) -> bool:
        """Whether an address may have one more."""
        return all(self._counts[key] < self._most * n for key, n in networks_of(address))

    def add(self, address: str) -> None:
        """Count one more."""
        for key, _ in networks_of(address):
            self._counts[key] += 1

    def remove(self, address: str) -> None:
        """Count one less."""
        for key, _ in networks_of(address):
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]


class Allowances:
    """What each network may still do: an allowance that is used up and fills again.

    Args:
        most: How many times one address may do it at once.
        per_s: How many more in each second.
        clock: Gives seconds.
    """

    def __init__(self, most: float, per_s: float, clock: Clock = monotonic) -> None:
        self._most: Final = most
        self._per_s: Final = per_s
        self._clock: Final = clock
        # For each network what it has used up, and as of when.  It is dropped once the
        # allowance is full again, so that the table stays as small as the traffic.
        self._used: Final[dict[str, tuple[float, float]]] = {}
        self._sweep_at = 0.0

    def __len__(self) -> int:
        """Count the networks that have not their whole allowance."""
        return len(self._used)

    def take(self, address: str) -> float:
        """Use up one.

        Returns:
            0 if there was one left, else the seconds until there is; then none is used up.
        """
        wait_s = self._wait_s(address)
        if not wait_s:
            self._use(address)
        return wait_s

    def owe(self, address: str) -> float:
        """Use up one, in advance if need be; gives the seconds until it was due."""
        wait_s = self._wait_s(address)
        self._use(address)
        return wait_s

    def _wait_s(self, address: str) -> float:
        now = self._clock()
        self._sweep(now)
        return max(
            max(0.0, self._left(key, shares, now) + 1 - self._most * shares)
            / (self._per_s * shares)
            for key, shares in networks_of(address)
        )

    def _use(self, address: str) -> None:
        now = self._clock()
        for key, shares in networks_of(address):
            self._used[key] = (self._left(key, shares, now) + 1, now)

    def _left(self, key: str, shares: int, now: float) -> float:
        """How much is used up and not filled again."""
        used, since = self._used.get(key, (0.0, now))
        return max(0.0, used - (now - since) * self._per_s * shares)

    def _sweep(self, now: float) -> None:
        """Drop the allowances that are full, once in the time that the emptiest needs."""
        if now < self._sweep_at:
            return
        for key, (used, since) in list(self._used.items()):
            if used <= (now - since) * self._per_s:
                del self._used[key]
        self._sweep_at = now + self._most / self._per_s


WHY_REFUSED: Final = ("limit", "address", "rate")
"""What a connection is turned away by: all of them, its address' number, its address' rate."""


class ConnectionLimiter:
    """Counts TCP connections before anything is read from them, and HTTP requests.

    Args:
        limits: Of the connections.
        most: Connections at once, of any kind: what the system can have.
        trusted: The proxies: one may have all connections.
    """

    def __init__(
        self,
        limits: AdmissionLimits,
        most: int,
        trusted: Sequence[Network] = (),
        clock: Clock = monotonic,
    ) -> None:
        self.most: Final = most
        """Connections at once, of any kind."""

        self.refused: Final[Counter[str]] = Counter()
        """Those that were turned away, by a word of `WHY_REFUSED`."""

        self._trusted: Final = trusted
        self._counter: Final = AddressCounter(limits.connections_per_address)
        self._connects: Final = Allowances(
            limits.connects_per_address, limits.connects_per_address_per_s, clock
        )
        self._requests: Final = Allowances(
            limits.requests_per_address, limits.requests_per_address_per_s, clock
        )
        self._all = 0

    def __len__(self) -> int:
        """Count the connections that are inside."""
        return self._all

    def enter(self, client: tuple[str, int] | None) -> bool:
        """Count a connection in; ``False`` if it is one too many.  Then `leave` it too."""
        host = _host(client)
        self._all += 1
        has_room = self._counter.has_room(host)
        self._counter.add(host)
        if self._all > self.most:
            why = "limit"
        elif self._trusted and is_within(host, self._trusted):
            return True
        elif not has_room:
            why = "address"
        elif self._connects.take(host):
            why = "rate"
        else:
            return True
        self.refused[why] += 1
        return False

    def leave(self, client: tuple[str, int] | None) -> None:
        """Count a connection out."""
        self._all -= 1
        self._counter.remove(_host(client))

    def request_wait_s(self, client: tuple[str, int] | None) -> float:
        """Count an HTTP request; gives the seconds until the next one is due."""
        host = _host(client)
        if self._trusted and is_within(host, self._trusted):
            return 0.0
        return self._requests.owe(host)


class AddressLimiter:
    """Counts sockets and requests by address.

    Args:
        limits: Of the sockets and what is asked.
        clock: Gives seconds.
    """

    def __init__(self, limits: AdmissionLimits, clock: Clock = monotonic) -> None:
        self._sockets: Final = AddressCounter(limits.sockets_per_address)
        self._asks: Final = Allowances(
            limits.asks_per_address, limits.asks_per_address_per_s, clock
        )

        self._enters: Final = Allowances(
            limits.enters_per_address, limits.enters_per_address_per_s, clock
        )

    def enter(self, address: str) -> bool:
        """Count a socket in; ``False`` if its address has too many.  Then `leave` it too."""
        has_room = self._sockets.has_room(address)
        self._sockets.add(address)
        return has_room

    def leave(self, address: str) -> None:
        """Count a socket out."""
        self._sockets.remove(address)

    def retry_after_ms(self, address: str) -> int:
        """Use up one request of an address.

        Returns:
            0 if it had one left, else the milliseconds until it has.
        """
        return _milliseconds(self._asks.take(address))

    def enter_after_ms(self, address: str) -> int:
        """Use up one typed code of an address; gives what `retry_after_ms` does."""
        return _milliseconds(self._enters.take(address))


def _milliseconds(wait_s: float) -> int:
    return max(1, int(wait_s * 1000)) if wait_s else 0


def _host(client: tuple[str, int] | None) -> str:
    return "" if client is None else client[0]
