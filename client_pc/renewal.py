"""Where a certificate is renewed, and from when: what a person has to do next.

Renewal opens `RENEWAL_DAYS` before the last day and ends with it; an expired certificate can
only be issued anew.  yessign's certificates are renewed where they were issued, at the bank
that one of the subject's units names; the other authorities have centres of their own.

Source: the authorities' pages on renewal; the units of banks as certificate dialogs list them.
"""

from datetime import datetime, timedelta
from typing import Literal

from certrelay.limits import RENEWAL_DAYS
from certrelay.pki.certificate import Certificate
from certrelay.pki.validity import days_left, last_day
from certrelay.texts import Texts

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


def place(certificate: Certificate, texts: Texts) -> str:
    """Name the centre where a certificate is renewed or issued anew."""
    ca = certificate.ca
    if ca == "yessign":
        for attribute, value in certificate.subject_rdns:
            key = f"bank.{value.strip().upper()}"
            if attribute == "ou" and texts.has(key):
                return texts.say("renew.bank", bank=texts.say(key))
    key = f"renew.{ca}"
    return texts.say(key if texts.has(key) else "renew.other")
