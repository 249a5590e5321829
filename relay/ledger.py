"""The bytes that wait in this process for slow sockets: counted by address, and bounded in total.

A bound for each socket is none for all of them: 480 pairs whose ends barely read held 572 MiB.
What is counted is what a socket makes the relay keep: messages that wait to be written to it,
and those that it has begun to send.  In this order, as it fills:

* half: newcomers are refused, pairs go on;
* three quarters: nobody's second message waits, so who sends to a slow device is not read;
* all: the socket that holds most is cut off, of the address that has gone over its share.
"""

from collections.abc import Callable
from typing import Final

from relay.settings import AdmissionLimits

_NEWCOMERS: Final = 1 / 2
_CROWDED: Final = 3 / 4


class Account:
    """The bytes that one socket holds."""

    __slots__ = ("_cut_off", "_is_closed", "_ledger", "address", "held")

    def __init__(self, ledger: "Ledger", address: str, cut_off: Callable[[], None]) -> None:
        self._ledger: Final = ledger
        self.address: Final = address
        self._cut_off: Final = cut_off
        self._is_closed = False
        self.held = 0

    def change(self, size: int) -> None:
        """Count bytes that wait now, or with a negative size no longer."""
        if not self._is_closed:
            self.held += size
            self._ledger._change(self, self.address, size)

    def evict(self) -> None:
        """Cut the socket off; what it holds is gone in a moment."""
        self.change(-self.held)
        self._is_closed = True
        self._cut_off()

    @property
    def is_crowded(self) -> bool:
        """Whether this socket's address, or the relay, should keep no more than it must."""
        return self._ledger.level(self.address) >= _CROWDED


class Ledger:
    """All accounts of one process.

    Args:
        limits: Its ``waiting_bytes`` and ``waiting_bytes_per_address`` count.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._most: Final = limits.waiting_bytes
        self._most_per_address: Final = limits.waiting_bytes_per_address
        self.total = 0
        self._by_address: Final[dict[str, int]] = {}
        self._holders: Final[dict[Account, str]] = {}
        """Who holds anything, with its address: few at any time."""

    def open(self, address: str, cut_off: Callable[[], None]) -> Account:
        """Make the account of a socket; ``cut_off`` ends it at once."""
        return Account(self, address, cut_off)

    def level(self, address: str) -> float:
        """How full the ledger is for an address: 1.0 is all."""
        own = self._by_address.get(address, 0) / self._most_per_address
        return max(own, self.total / self._most)

    def admits(self, address: str) -> bool:
        """Whether somebody new may come in from an address."""
        return self.level(address) < _NEWCOMERS

    def _change(self, account: Account, address: str, size: int) -> None:
        self.total += size
        own = self._by_address.get(address, 0) + size
        if own:
            self._by_address[address] = own
        else:
            self._by_address.pop(address, None)
        if not account.held:
            self._holders.pop(account, None)
            return
        self._holders[account] = address
        if size > 0 and own > self._most_per_address:
            self._evict([each for each, whose in self._holders.items() if whose == address])
        elif size > 0 and self.total > self._most:
            self._evict(list(self._holders))

    def _evict(self, holders: list[Account]) -> None:
        max(holders, key=lambda account: account.held).evict()
