"""Whether a certificate is valid on a day of the Korean calendar.

Korean certificates end at 14:59:59Z, the last second of a day in Korea, and people count
whole days: a certificate that ends today has 0 days left and still works.
"""

from datetime import datetime, timedelta, timezone
from typing import Final, Literal

from certrelay.limits import RENEWAL_DAYS

KOREA: Final = timezone(timedelta(hours=9), "KST")

State = Literal["valid", "expiring", "expired", "not_yet", "unknown"]
"""정상, 만료 예정, 만료, 유효기간 전; the last one where the dates cannot be read."""


def state(not_before: datetime | None, not_after: datetime | None, now: datetime) -> State:
    """Tell the state of a certificate.

    Args:
        not_before: Its first second.
        not_after: Its last second.
        now: With a zone.
    """
    if not_before is None or not_after is None:
        return "unknown"
    if now < not_before:
        return "not_yet"
    if now - not_after >= timedelta(seconds=1):
        return "expired"
    return "expiring" if days_left(not_after, now) <= RENEWAL_DAYS else "valid"


def days_left(not_after: datetime, now: datetime) -> int:
    """Count the days until the last one, by the Korean calendar; below zero once it is over."""
    return (_korean(not_after).date() - _korean(now).date()).days


def last_day(not_after: datetime) -> str:
    """The last day in Korea, ``YYYY-MM-DD``."""
    return _korean(not_after).date().isoformat()


def _korean(moment: datetime) -> datetime:
    try:
        return moment.astimezone(KOREA)
    except OverflowError:  # the last hours of the year 9999, which stand for "never"
        return moment
