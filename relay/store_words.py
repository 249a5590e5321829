"""What a relay says of its store: what keeps it away, and that it is back or full.

A store that is away is told at once, and once a minute as long as that lasts; one word says why.
"""

import ssl
from collections.abc import Iterator
from socket import gaierror
from typing import Final

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from relay import journal
from relay.clock import Clock

AGAIN_S: Final = 60.0
"""Seconds between two lines about a store that stays away."""

JUMP_S: Final = 5.0
"""Seconds by which the store's clock must leave this node's: more than an answer takes."""

_Kind = type[BaseException] | tuple[type[BaseException], ...]

_KINDS: Final[tuple[tuple[_Kind, str], ...]] = (
    (AuthenticationError, "password"),
    (NoPermissionError, "permission"),
    (OutOfMemoryError, "full"),
    (BusyLoadingError, "loading"),
    (ReadOnlyError, "read_only"),
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "tls"),
    (gaierror, "name"),
    (ConnectionRefusedError, "refused"),
    ((TimeoutError, RedisTimeoutError), "timeout"),
)
"""The errors that have a word of their own; the first that is found in a chain counts."""

WHY_AWAY: Final = (*(word for _, word in _KINDS), "connection")
"""All that `kind_of` may say."""


def kind_of(error: BaseException) -> str:
    """Say in one word what keeps the store away; never an error's own text."""
    chain = list(_chain(error))
    for kind, word in _KINDS:
        if any(isinstance(each, kind) for each in chain):
            return word
    if any(isinstance(each, RedisError) and "auth" in str(each).lower() for each in chain):
        return "password"  # servers word it in several ways
    return "connection"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, all it contains and all it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


class StoreWords:
    """Writes down what becomes of the store.

    Args:
        clock: Gives seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._again_at = 0.0
        self._is_full = False
        self._is_foreign = False
        self._offset: float | None = None

        self.away_for = ""
        """What keeps it away, in one word; empty while it is there."""

    def away(self, error: BaseException) -> None:
        """It is away, still or anew."""
        why, now = kind_of(error), self._clock()
        if why != self.away_for or now >= self._again_at:
            journal.write_warning("store_away", why=why)
            self._again_at = now + AGAIN_S
        self.away_for = why

    def joined(self) -> None:
        """It is there."""
        self.away_for = ""
        journal.write_notice("store_joined")

    def full(self, is_full: bool) -> None:
        """It has no memory left, or has."""
        if is_full and not self._is_full:
            journal.write_warning("store_full")
        elif self._is_full and not is_full:
            journal.write_notice("store_has_room")
        self._is_full = is_full

    def foreign(self, is_foreign: bool, own: int) -> None:
        """It is used by relays whose records have another version, or no more."""
        if is_foreign and not self._is_foreign:
            journal.write_warning("store_foreign", records=own)
        elif self._is_foreign and not is_foreign:
            journal.write_notice("store_own_again", records=own)
        self._is_foreign = is_foreign

    def time(self, offset: float) -> None:
        """Its clock is ahead of this node's by so many seconds, whatever that number is.

        A room's deadlines are times of the store: a jump ends rooms early or late.
        """
        if self._offset is not None and abs(offset - self._offset) > JUMP_S:
            journal.write_warning("store_time_jumped", seconds=round(offset - self._offset))
        self._offset = offset
