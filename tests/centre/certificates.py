"""Certificates as people have them on a PC."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from certrelay.testkit.ca import Authority, Issued, Owner, new_key
from tests.web_phone.conftest import PASSWORD, write_files

HONG, KIM, LEE, FIRM = "홍길동", "김철수", "이영희", "주식회사 한빛"
DAYS = {HONG: (-10, 355), KIM: (-353, 12), LEE: (-400, -35), FIRM: (-40, 325)}
"""From when to when they are valid, in days from now."""


def people() -> dict[str, Issued]:
    """Issue one certificate to each, by an authority of nobody."""
    now = datetime.now(UTC).replace(microsecond=0)
    authority = Authority(now - timedelta(days=800), key=new_key(1024))
    return {
        name: authority.issue(
            Owner(name, 7 + at),
            now + timedelta(days=first),
            now + timedelta(days=last, hours=1),
            sign_key=new_key(1024),
            km_key=new_key(1024),
        )
        for at, (name, (first, last)) in enumerate(DAYS.items())
    }


def fill_store(store: Path, issued: dict[str, Issued]) -> None:
    """Put them into a store: pairs, a .p12 file, a second copy, and one that is broken."""
    users = store / "yessign" / "USER"
    for name in (HONG, KIM, LEE):
        write_files(issued[name].npki(PASSWORD), users / f"cn={name}")
    write_files(issued[FIRM].pkcs12(PASSWORD), store)
    write_files(issued[HONG].npki(PASSWORD), users / "cn=copy")
    broken = users / "cn=broken"
    broken.mkdir()
    for name in ("signCert.der", "signPri.key"):
        (broken / name).write_bytes(b"no certificate")


def many(store: Path, count: int) -> Iterator[str]:
    """Put many into a store, quickly: one key for all; give their owners' names."""
    now = datetime.now(UTC).replace(microsecond=0)
    key = new_key(1024)
    authority = Authority(now - timedelta(days=800), key=key)
    for at in range(count):
        name = f"{'김이박최정강조윤장임'[at % 10]}{'민서지우하준도윤서연'[at // 10 % 10]}{at:04}"
        end = now + timedelta(days=at % 500 - 60)
        made = authority.issue(
            Owner(name, at), now - timedelta(days=300), end, km=False, sign_key=key
        )
        write_files(made.npki(PASSWORD), store / "yessign" / "USER" / f"cn={at}")
        yield name
