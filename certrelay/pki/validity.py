"""Whether a certificate is valid today, counted as Koreans count: by days in Korean time.

Source: the field's habit: validity ends at 23:59:59 in Korea, renewal opens 30 days before.
"""

from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

KOREA: Final = timezone(timedelta(hours=9), "KST")
"""Korean time has no summer time."""

EXPIRING_DAYS: Final = 30
"""Days before the end from which a certificate counts as expiring."""


class Validity(StrEnum):
    """정상, 만료 예정, 만료, 유효기간 전, and what cannot be told."""

    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    UNKNOWN = "unknown"


def judge(not_before: datetime | None, not_after: datetime | None, now: datetime) -> Validity:
    """Judge a period of validity; all three are aware times.

    A bound that cannot be read makes the answer ``UNKNOWN``, unless the other one decides.
    """
    if not_after is not None and now > not_after:
        return Validity.EXPIRED
    if not_before is not None and now < not_before:
        return Validity.NOT_YET
    if not_after is None or not_before is None:
        return Validity.UNKNOWN
    return Validity.EXPIRING if days_left(not_after, now) <= EXPIRING_DAYS else Validity.VALID


def days_left(not_after: datetime, now: datetime) -> int:
    """Days until the end, from one Korean date to the other; negative when it is over."""
    return (not_after.astimezone(KOREA).date() - now.astimezone(KOREA).date()).days


def korean_date(moment: datetime) -> str:
    """The date in Korea, as ``2027-01-01``."""
    return moment.astimezone(KOREA).date().isoformat()
