"""Two hundred and four clients of an accountant: five authorities, four stores, real names."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from certrelay.bundle import Item
from certrelay.client.store.store import Store
from certrelay.pki.check import inspect
from certrelay.pki.rewrap import to_pkcs12
from certrelay.testkit.ca import Authority, Owner
from tests.certificates import PASSWORD, key

AUTHORITIES = ("yessign", "SignKorea", "SignGate", "CrossCert", "TradeSign")
NAMES = (
    "(주)한빛상사",
    "㈜바다물산",
    "나무&돌",
    "하늘건설[주]",
    "강 물산",
    "홍길동",
    "들꽃, 그리고",
)
STORES = ("본점", "지점 1", "USB & 백업", "옛PC(2019)")
COUNT = 204


def make(root: Path) -> list[Path]:
    """Make the four stores.

    Of 204 certificates every eleventh ends within 30 days, every seventeenth has expired, every
    sixth is a PKCS#12 file; three of those that have expired have a renewal beside them, two
    certificates are there twice.
    """
    now = datetime.now(UTC)
    authorities = [Authority(now - timedelta(days=900), name, key=key(99)) for name in AUTHORITIES]
    stores = [root / name / "NPKI" for name in STORES]
    begin = now - timedelta(days=300)
    for number in range(COUNT):
        left = 12 if number % 11 == 0 else -20 if number % 17 == 0 else 60 + number
        owner = Owner(f"{NAMES[number % len(NAMES)]}{number}", number)
        item = _issued(authorities[number % 5], owner, begin, now + timedelta(days=left))
        _put(stores[number % 4], item, as_file=number % 6 == 5)
        if number in (17, 34, 51):
            renewed = _issued(authorities[number % 5], owner, begin, now + timedelta(days=400))
            _put(stores[number % 4], renewed, as_file=False)
    for number, folder in enumerate(sorted(stores[1].glob("*/USER/*"))[:2]):
        shutil.copytree(folder, folder.with_name(f"사본 {number}"))
    return stores


def _issued(authority: Authority, owner: Owner, begin: datetime, end: datetime) -> Item:
    return authority.issue(owner, begin, end, sign_key=key(1), km=False).npki(PASSWORD)


def _put(store: Path, item: Item, *, as_file: bool) -> None:
    if not as_file:
        Store(store).save(item, inspect(item).place, beside=True)
        return
    made = to_pkcs12(item, PASSWORD, PASSWORD, os.urandom, "field")
    Store(store).save(made, inspect(made).place, beside=True)
