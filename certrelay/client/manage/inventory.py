"""What is there, as one list: each certificate with its state, its copies and its successor.

A `Filter` picks from the list; the numbers stay those of the whole list.
"""

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from certrelay.client.flow.describing import fields_of
from certrelay.client.manage.renewals import Certainty, successors
from certrelay.client.manage.stores import duplicates
from certrelay.client.store.reading import Entry
from certrelay.errors import CertificateError, CertRelayError
from certrelay.frozen import frozen
from certrelay.pki.certificate import Certificate
from certrelay.pki.kinds import Holder, kind_of
from certrelay.pki.naming import owner_name
from certrelay.pki.validity import days_left, state

ListedState = Literal["valid", "expiring", "expired", "not_yet", "sealed", "broken", "unknown"]
Sort = Literal["number", "owner", "issuer", "expiry"]


@frozen
class Replaced:
    """What has taken a certificate's place."""

    path: Path
    fingerprint: str
    certainty: Certainty


@frozen
class Listed:
    """One line of the list."""

    number: int
    entry: Entry
    state: ListedState
    days_left: int | None
    """Days of the Korean calendar; below 0 it has expired."""

    same_as: Path | None
    """The first copy, where this is another one."""

    replaced_by: Replaced | None
    now: datetime

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.entry.path

    @property
    def certificate(self) -> Certificate | None:
        """The certificate, where it can be read."""
        return None if self.entry.summary is None else self.entry.summary.certificate

    @property
    def owner(self) -> str:
        """The owner's name without its number; the file's name where it cannot be read."""
        name = None if self.entry.summary is None else self.entry.summary.name
        return owner_name(name) if name else self.path.stem

    @property
    def fault(self) -> CertRelayError | None:
        """Why it cannot be judged."""
        if self.state == "sealed":
            return CertificateError("sealed", path=str(self.path))
        return self.entry.error

    @property
    def is_unprotected(self) -> bool:
        """Whether it has a key that no password protects."""
        return self.entry.summary is not None and not self.entry.summary.protected

    @property
    def is_superseded(self) -> bool:
        """Whether a newer one is certain to have taken its place."""
        return self.replaced_by is not None and self.replaced_by.certainty == "certain"

    def fields(self) -> dict[str, Any]:
        """What a script reads; the same fields whatever the state, ``None`` for the unknown."""
        summary, replaced = self.entry.summary, self.replaced_by
        known = _NOTHING if summary is None else fields_of(summary, self.now)
        return {
            "number": self.number,
            "path": self.path,
            **known,
            "kind": self.entry.kind,
            "state": self.state,
            "days_left": self.days_left,
            "protected": None if summary is None else summary.protected,
            "same_as": self.same_as,
            "replaced_by": replaced
            and {
                "path": replaced.path,
                "fingerprint": replaced.fingerprint,
                "certainty": replaced.certainty,
            },
            "error": None if self.entry.error is None else self.entry.error.code,
        }


_NOTHING: Final = dict.fromkeys(
    (
        "fingerprint",
        "cn",
        "owner",
        "issuer",
        "authority",
        "serial",
        "use",
        "holder",
        "policy",
        "not_before",
        "not_after",
        "verified",
    )
)


def take_stock(entries: Sequence[Entry], now: datetime) -> tuple[Listed, ...]:
    """Number everything that was found, and see how it stands.

    Args:
        entries: What the stores hold.
        now: With a zone.
    """
    again = duplicates(entries)
    certificates: dict[str, tuple[Path, Certificate]] = {}
    for entry in entries:
        if entry.summary is not None and (certificate := entry.summary.certificate) is not None:
            certificates.setdefault(certificate.fingerprint, (entry.path, certificate))
    newer = successors(certificate for _, certificate in certificates.values())
    records = []
    for number, entry in enumerate(entries, 1):
        certificate = None if entry.summary is None else entry.summary.certificate
        successor = None if certificate is None else newer.get(certificate.fingerprint)
        replaced = None
        if successor is not None:
            fingerprint = successor.certificate.fingerprint
            where = certificates[fingerprint][0]
            replaced = Replaced(where, fingerprint, successor.certainty)
        end = None if certificate is None else certificate.not_after
        left = None if end is None else days_left(end, now)
        at = _state(entry, certificate, now)
        records.append(Listed(number, entry, at, left, again.get(entry.path), replaced, now))
    return tuple(records)


def _state(entry: Entry, certificate: Certificate | None, now: datetime) -> ListedState:
    if entry.summary is None:
        return "broken"
    if certificate is None:
        return "sealed"
    return state(certificate.not_before, certificate.not_after, now)


@frozen
class Filter:
    """Which lines of the list; what is left empty leaves nothing out."""

    states: Sequence[ListedState] = ()
    expires_within: int | None = None
    """Days until the last one; what has expired already is not meant."""

    owner: str | None = None
    issuer: str | None = None
    """Parts of the names, without regard to case."""

    holder: Holder | None = None
    kind: Literal["npki", "p12"] | None = None
    duplicates: bool = False
    """Only copies of an earlier one."""

    superseded: bool = False
    """Only what a newer one is certain to have replaced."""

    @property
    def is_empty(self) -> bool:
        """Whether it leaves nothing out."""
        return not any(getattr(self, name) for name in self.__match_args__) and (
            self.expires_within is None
        )

    def keeps(self, record: Listed) -> bool:
        """Tell whether a line is meant."""
        certificate, left = record.certificate, record.days_left
        kind = "npki" if record.entry.kind == "npki" else "p12"
        issuer = "" if certificate is None else f"{certificate.issuer_cn} {certificate.ca}"
        holder = None if certificate is None else kind_of(certificate).holder
        within = self.expires_within
        return (
            (not self.states or record.state in self.states)
            and (within is None or (left is not None and 0 <= left <= within))
            and _is_part(self.owner, record.owner)
            and _is_part(self.issuer, issuer)
            and (self.holder is None or holder == self.holder)
            and (self.kind is None or kind == self.kind)
            and (not self.duplicates or record.same_as is not None)
            and (not self.superseded or record.is_superseded)
        )


def _is_part(wanted: str | None, text: str) -> bool:
    return wanted is None or _folded(wanted) in _folded(text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def arranged(records: Sequence[Listed], sort: Sort) -> list[Listed]:
    """Put the lines in order."""
    keys: dict[Sort, Callable[[Listed], Any]] = {
        "number": lambda record: record.number,
        "owner": lambda record: (_folded(record.owner), record.number),
        "issuer": lambda record: (
            "" if record.certificate is None else record.certificate.ca,
            record.number,
        ),
        "expiry": lambda record: (
            record.days_left is None,
            record.days_left or 0,
            record.number,
        ),
    }
    return sorted(records, key=keys[sort])
