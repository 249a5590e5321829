"""Where a certificate is renewed, and from when: what a person has to do next.

Renewal opens `RENEWAL_DAYS` before the last day and ends with it; an expired certificate can
only be issued anew.  yessign's certificates are renewed where they were issued, at the bank
that one of the subject's units names; the other authorities have centres of their own.

Source: the authorities' pages on renewal; the units of banks as certificate dialogs list them.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from certrelay.frozen import frozen
from certrelay.limits import RENEWAL_DAYS
from certrelay.pki.certificate import Certificate
from certrelay.pki.validity import days_left, last_day
from certrelay.texts import Texts

_BANKS: Final = frozenset(
    (
        "CHB",
        "CITI",
        "CJB",
        "CUBANK",
        "DGB",
        "HNB",
        "IBK",
        "JBB",
        "KAB",
        "KDB",
        "KEB",
        "KFB",
        "KFCC",
        "KFTC",
        "KJB",
        "KMB",
        "KNBBANK",
        "NACF",
        "NFFC",
        "PSB",
        "SHB",
        "WOORI",
    )
)
"""The banks' units that have a name in the texts."""

Window = Literal["later", "open", "over"]
"""Whether renewal has not begun, is open, or is over because the certificate has expired."""


def window(not_after: datetime, now: datetime) -> Window:
    """Tell whether a certificate can be renewed on a day of the Korean calendar."""
    left = days_left(not_after, now)
    if left < 0:
        return "over"
    return "open" if left <= RENEWAL_DAYS else "later"


def opens_on(not_after: datetime) -> str:
    """The first day of renewal in Korea, ``YYYY-MM-DD``."""
    return last_day(not_after - timedelta(days=RENEWAL_DAYS))


@frozen
class Centre:
    """Who renews a certificate or issues it anew."""

    authority: str
    bank: str | None = None
    """The unit by which yessign names the bank."""


def centre(certificate: Certificate) -> Centre:
    """Find the centre where a certificate is renewed or issued anew."""
    authority = certificate.ca
    if authority == "yessign":
        for attribute, value in certificate.subject_rdns:
            if attribute == "ou" and (unit := value.strip().upper()) in _BANKS:
                return Centre(authority, unit)
    return Centre(authority)


def place(centre: Centre, texts: Texts) -> str:
    """Name the centre for a person."""
    if centre.bank is not None:
        return texts.say("renew.bank", bank=texts.say(f"bank.{centre.bank}"))
    key = f"renew.{centre.authority}"
    return texts.say(key if texts.has(key) else "renew.other")
