"""The simulated phone's own certificates: a new key store, filled by a test authority.

Personal and corporate, with sign and km pair; valid, expiring and expired.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from certrelay.client.store.store import Store
from certrelay.errors import StorageError, UsageError
from certrelay.frozen import frozen
from certrelay.pki.check import inspect
from certrelay.pki.validity import KOREA
from certrelay.testkit.ca import Authority, Owner

PASSWORD: Final = "Test-pw1234!"  # noqa: S105 - of test certificates, and printed on purpose
"""The password of every certificate that `fill` makes; it protects nothing."""


@frozen
class Made:
    """A test certificate that was made: its CN, the end of its validity, where it is."""

    cn: str
    not_after: datetime
    path: Path


def fill(root: Path, now: datetime) -> list[Made]:
    """Make a key store with test certificates.

    Args:
        root: The folder; it must be empty or not exist.
        now: The wall clock's time.

    Raises:
        UsageError: ``keystore_exists``, if something is there already.
        StorageError: If it cannot be written.
    """
    try:
        if root.exists() and any(root.iterdir()):
            raise UsageError("keystore_exists", path=str(root))
    except NotADirectoryError:
        raise StorageError("not_a_folder", path=str(root)) from None
    except OSError:
        raise StorageError("denied", path=str(root)) from None
    authority = Authority(now)
    store = Store(root)
    # The field's certificates end at the last second of a Korean day.
    today = now.astimezone(KOREA).replace(hour=23, minute=59, second=59, microsecond=0)
    year, a_day = timedelta(days=365), timedelta(days=1)
    wanted = (
        (Owner("홍길동", 1), today + year),
        (Owner.corporate(number=2), today + year),
        (Owner("성춘향", 3), today + timedelta(days=10)),
        (Owner("이몽룡", 4), today - timedelta(days=30)),
    )
    made = []
    for owner, not_after in wanted:
        issued = authority.issue(owner, not_after - year - a_day + timedelta(seconds=1), not_after)
        item = issued.npki(PASSWORD)
        summary = inspect(item)
        saved = store.save(item, summary.place)
        made.append(Made(summary.cn or "", not_after, saved.path))
    return made
