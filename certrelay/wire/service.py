"""When a relay takes newcomers: hours of use (이용시간), and a stop by hand (이용중지).

A relay that is closed answers `create` and `join` with ``suspended`` and ends the rooms that
nobody has claimed; pairs go on to their end.  The time is an argument, so that all of it can
be shown without waiting for Monday.

Source: docs/protocol.md §4; docs/operations.md.
"""

import math
import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final, Self

from certrelay.errors import ProtocolError, UsageError
from certrelay.frozen import frozen
from certrelay.wire.ids import AccessKeyHash
from certrelay.wire.messages import Refused

Network = IPv4Network | IPv6Network

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MIN: Final = 24 * 60
_WEEK_MIN: Final = 7 * _DAY_MIN

_EPOCH_MIN: Final = 3 * _DAY_MIN
"""Minutes of its week that were over when Unix time began: a Thursday, 0:00."""

_KOREA_MIN: Final = 9 * 60
"""Minutes that Korea is ahead of UTC; it has no summer time."""

_SPAN: Final = re.compile(r"([a-z,-]+) ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])\Z")
_OFFSET: Final = re.compile(r"([+-])([01][0-9]):([0-5][0-9])\Z")


@frozen
class ServicePolicy:
    """Whether a relay may be used, and when.  The default is always."""

    suspended: bool = False
    """Whether the operator has stopped it by hand."""

    hours: tuple[tuple[int, int], ...] | None = None
    """Spans in which it is open, in minutes since Monday 0:00, the end not included (beyond
    the week's end: it begins on Sunday); ``None`` is always."""

    offset_min: int = _KOREA_MIN
    """Minutes that the clock of ``hours`` is ahead of UTC."""

    networks: tuple[Network, ...] | None = None
    """From where rooms may be opened without a key.  Phones join from anywhere."""

    keys: tuple[AccessKeyHash, ...] | None = None
    """Whose keys open rooms from anywhere.  Without networks and keys everybody may."""

    @classmethod
    def from_table(cls, table: Any) -> Self:
        """Read the table ``[service]`` of a policy file.

        Args:
            table: ``suspended`` (true or false), ``hours`` (a list such as
                ``["mon-fri 09:00-18:00", "sat,sun 22:00-02:00"]``), ``utc_offset``
                (``"+09:00"``, which is the default), ``networks`` (a list such as
                ``["203.0.113.0/24", "2001:db8::/32"]``), ``keys`` (a list of hashes in hex).

        Raises:
            UsageError: ``bad_policy`` with ``where``, the key that is wrong.
        """
        if not isinstance(table, Mapping):
            raise UsageError("bad_policy", where="[service]")
        for key in table:
            if key not in ("suspended", "hours", "utc_offset", "networks", "keys"):
                raise UsageError("bad_policy", where=f"[service] {key}")
        suspended = table.get("suspended", False)
        if not isinstance(suspended, bool):
            raise UsageError("bad_policy", where="[service] suspended")
        hours = None
        if "hours" in table:
            try:
                hours = tuple(span for text in table["hours"] for span in _spans(text))
            except (TypeError, ValueError):
                raise UsageError("bad_policy", where="[service] hours") from None
            if isinstance(table["hours"], str) or not hours:
                raise UsageError("bad_policy", where="[service] hours")
        try:
            offset = _minutes_ahead(table.get("utc_offset", "+09:00"))
        except (TypeError, ValueError):
            raise UsageError("bad_policy", where="[service] utc_offset") from None
        return cls(suspended, hours, offset, _networks(table), _keys(table))

    def may_open(self, address: str, key: AccessKeyHash | None = None) -> bool:
        """Whether somebody may open a room: everybody, or from his network, or by his key.

        Args:
            address: An IPv4 address, or the first one of an IPv6 /64.
            key: The hash of the key that he has shown.
        """
        if self.networks is None and self.keys is None:
            return True
        return self._is_within(address) or self._holds(key)

    def _is_within(self, address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.networks or ())

    def _holds(self, key: AccessKeyHash | None) -> bool:
        # All are compared, each in constant time.
        return any([key == known for known in self.keys or ()])  # noqa: C419

    @property
    def is_always_open(self) -> bool:
        """Whether time plays no part, and nobody is refused."""
        return not self.suspended and self.hours is None

    def refusal(self, at: float) -> Refused | None:
        """Say what newcomers are refused with; ``None`` admits them.

        Args:
            at: Seconds since the Unix epoch, UTC.
        """
        if self.suspended:
            return Refused("suspended")
        if self.hours is None:
            return None
        now = (at / 60 + self.offset_min + _EPOCH_MIN) % _WEEK_MIN
        if any((now - begins) % _WEEK_MIN < ends - begins for begins, ends in self.hours):
            return None
        wait_min = min((begins - now) % _WEEK_MIN for begins, _ in self.hours)
        return Refused("suspended", retry_in_ms=math.ceil(wait_min * 60_000))


def _networks(table: Mapping[str, Any]) -> tuple[Network, ...] | None:
    if "networks" not in table:
        return None
    told = table["networks"]
    try:
        if isinstance(told, str) or not told or not all(isinstance(each, str) for each in told):
            raise ValueError
        return tuple(ip_network(each) for each in told)
    except (TypeError, ValueError):
        raise UsageError("bad_policy", where="[service] networks") from None


def _keys(table: Mapping[str, Any]) -> tuple[AccessKeyHash, ...] | None:
    if "keys" not in table:
        return None
    told = table["keys"]
    try:
        if isinstance(told, str) or not told or not all(isinstance(each, str) for each in told):
            raise ValueError
        return tuple(AccessKeyHash.from_hex(each) for each in told)
    except (TypeError, ValueError, ProtocolError):
        raise UsageError("bad_policy", where="[service] keys") from None


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Read ``"mon-fri,sun 09:00-18:00"``: one span for each day.

    Raises:
        ValueError, TypeError: If it is none.
    """
    found = _SPAN.match(text)
    if found is None:
        raise ValueError
    begins, ends = (int(found[at]) * 60 + int(found[at + 1]) for at in (2, 4))
    if begins >= _DAY_MIN or ends > _DAY_MIN or begins == ends:
        raise ValueError
    if ends < begins:  # over midnight
        ends += _DAY_MIN
    for part in found[1].split(","):
        first, dash, last = part.partition("-")
        a, b = _DAYS.index(first), _DAYS.index(last if dash else first)
        for day in range(a, b + 1 if b >= a else b + 8):
            start = day % 7 * _DAY_MIN
            yield start + begins, start + ends


def _minutes_ahead(text: str) -> int:
    found = _OFFSET.match(text)
    if found is None:
        raise ValueError
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes
