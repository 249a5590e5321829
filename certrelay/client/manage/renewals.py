"""Which certificate has taken another one's place, and how surely that is known.

A renewal keeps the owner's name with its number, so that it is known by the subject.  A new issue
(after the old one ended, or for a lost one) gets a new number: the owner's name, the authority and
the use say the same, and the new one begins where the old one ends.  Two people of one name would
look the same, so that is told as likely and nothing is deleted on it.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, Literal

from certrelay.frozen import frozen
from certrelay.pki.certificate import Certificate
from certrelay.pki.kinds import kind_of
from certrelay.pki.naming import owner_name

Certainty = Literal["certain", "likely"]

_OVERLAP: Final = timedelta(days=45)
"""How long before the old one's end a new issue may begin: renewal opens 30 days before."""


@frozen
class Successor:
    """What has taken a certificate's place."""

    certificate: Certificate
    certainty: Certainty


def successors(certificates: Iterable[Certificate]) -> dict[str, Successor]:
    """Find, by fingerprint, what has taken each certificate's place; the latest one counts."""
    by_owner: defaultdict[tuple[str, str], list[Certificate]] = defaultdict(list)
    by_subject: defaultdict[bytes, list[Certificate]] = defaultdict(list)
    for certificate in certificates:
        if certificate.not_after is not None:
            by_owner[_owner(certificate)].append(certificate)
            by_subject[certificate.subject_der].append(certificate)
    found: dict[str, Successor] = {}
    for group in (*by_owner.values(), *by_subject.values()):
        for old in group:
            newer = _latest(old, group)
            known = found.get(old.fingerprint)
            if newer is not None and (known is None or known.certainty == "likely"):
                found[old.fingerprint] = newer
    return found


def _owner(certificate: Certificate) -> tuple[str, str]:
    name = unicodedata.normalize("NFC", owner_name(certificate.cn)).casefold()
    return certificate.ca, "".join(name.split())


def _latest(old: Certificate, group: Sequence[Certificate]) -> Successor | None:
    if len(group) < 2:
        return None
    known = [
        Successor(each, certainty)
        for each in group
        if each is not old and (certainty := _certainty(old, each)) is not None
    ]
    return max(known, key=_rank, default=None)


def _rank(successor: Successor) -> tuple[bool, float]:
    end = successor.certificate.not_after
    return successor.certainty == "certain", end.timestamp() if end else 0.0


def _certainty(old: Certificate, new: Certificate) -> Certainty | None:
    """Tell how surely ``new`` takes the place of ``old``; ``None`` if it does not."""
    if old.not_after is None or new.not_after is None or new.not_after <= old.not_after:
        return None
    if old.subject_der == new.subject_der:
        return "certain"
    mine, other = kind_of(old), kind_of(new)
    if (mine.use, mine.holder) != (other.use, other.holder):
        return None
    if old.extensions.vid is not None and old.extensions.vid == new.extensions.vid:
        return "certain"
    names = {each.extensions.real_name for each in (old, new)} - {None}
    if len(names) > 1 or new.not_before is None or new.not_before < old.not_after - _OVERLAP:
        return None
    return "likely"
