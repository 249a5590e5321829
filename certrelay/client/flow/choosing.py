"""Which certificates are meant: found by what somebody names, or asked for."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from certrelay.bundle import Item, Kind
from certrelay.client.flow.describing import fields_of, line_of
from certrelay.client.flow.dialogue import Ask, Dialogue
from certrelay.client.store.reading import Entry
from certrelay.client.terminal.about import about
from certrelay.client.terminal.report import Report
from certrelay.errors import CertificateError, UsageError
from certrelay.frozen import frozen
from certrelay.limits import MAX_BUNDLE_BYTES, MAX_ITEMS
from certrelay.pki.check import Summary
from certrelay.pki.naming import owner_name
from certrelay.safe_text import printable
from certrelay.texts import Texts

_CN_DIGITS: Final = 5
"""Digits from which a number may be a part of a CN: no list is that long."""


@frozen
class Candidate:
    """A certificate that can be sent; ``number`` as `list` counts it."""

    number: int
    path: Path
    item: Item
    summary: Summary

    @property
    def entry(self) -> Entry:
        """It as a line of the list."""
        return Entry(self.path, self.item.kind, self.item, self.summary, None)

    @property
    def name(self) -> str:
        """What a part of it finds: the CN, or the name of a PKCS#12 file."""
        return self.summary.cn or self.path.name

    def fields(self, now: datetime) -> dict[str, Any]:
        """What a script reads of it."""
        return {"number": self.number, "path": self.path, **fields_of(self.summary, now)}

    def about(self, report: Report) -> Report:
        """A report whose events say that they are about this certificate."""
        return about(report, path=self.path, fingerprint=self.fingerprint)

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the certificate; ``None`` if it is sealed."""
        return None if self.summary.certificate is None else self.summary.certificate.fingerprint

    def line(self, texts: Texts, now: datetime) -> str:
        """One line that tells it from the others."""
        return line_of(self.summary, texts, now, checked=False, file=self.path.name)


def candidates(entries: Sequence[Entry]) -> tuple[Candidate, ...]:
    """Number everything that was found, and keep what is whole.

    Raises:
        CertificateError: ``no_certificates`` if nothing was found; if all that was found is
            broken, what is wrong with the first.
    """
    found = tuple(
        Candidate(number, entry.path, entry.item, entry.summary)
        for number, entry in enumerate(entries, 1)
        if entry.item is not None and entry.summary is not None
    )
    broken = [entry.error for entry in entries if entry.error is not None]
    if not found:
        raise broken[0] if broken else CertificateError("no_certificates")
    return found


def select(
    entries: Sequence[Entry],
    selectors: Sequence[str],
    prefer: Kind | None = None,
    *,
    one_file: bool = False,
) -> tuple[Candidate, ...]:
    """Find the certificates that the selectors mean, each once, in their order.

    A selector is a number from the list, a serial number (decimal, or hex after ``0x``), the
    beginning of the fingerprint (8 hex digits or more), the CN or the owner's name, or a part of
    the CN (of a sealed PKCS#12 file: of the file's name) without regard to case and to how Korean
    letters are composed, tried in this order.  A short number is no part of a CN, though most
    CNs hold a 3: it may be a part of the owner's name.

    Args:
        entries: The list.
        selectors: What somebody typed.
        prefer: Of several files of one certificate, the kind that is taken; else the first.
        one_file: Whether several files of one certificate are too many.

    Raises:
        CertRelayError: As `candidates`; what is wrong with a broken one that is selected by
            its number.
        UsageError: ``selector_unknown``, ``selector_ambiguous``, ``too_many_selected``.
    """
    found = candidates(entries)
    broken = {str(n): entry.error for n, entry in enumerate(entries, 1) if entry.error is not None}
    chosen: dict[int, Candidate] = {}
    for selector in map(str.strip, selectors):
        if selector in broken:
            raise broken[selector]
        match = _find(found, selector, prefer, one_file=one_file)
        chosen[match.number] = match
    result = tuple(chosen.values())
    check_amount(result)
    return result


def check_amount(chosen: Sequence[Candidate]) -> None:
    """See that one copy can hold what was chosen.

    Raises:
        UsageError: ``too_many_selected``.
    """
    size = sum(candidate.item.size for candidate in chosen)
    if len(chosen) > MAX_ITEMS or size > MAX_BUNDLE_BYTES:
        raise UsageError("too_many_selected")


def _find(
    found: Sequence[Candidate], selector: str, prefer: Kind | None, *, one_file: bool
) -> Candidate:
    wanted = _folded(selector)
    is_part = wanted != "" and not (wanted.isdigit() and len(wanted) < _CN_DIGITS)
    is_print = _FINGERPRINT.fullmatch(wanted) is not None
    tests: tuple[Callable[[Candidate], bool], ...] = (
        lambda c: str(c.number) == wanted,
        lambda c: wanted in _serial_texts(c.summary.serial),
        lambda c: is_print and (c.fingerprint or "").startswith(wanted),
        lambda c: wanted in (_folded(c.name), _folded(owner_name(c.name))),
        lambda c: wanted != "" and wanted in _folded(_searched(c, whole=is_part)),
    )
    for test in tests:
        matches = [candidate for candidate in found if test(candidate)]
        if not one_file and len({match.fingerprint or match.path for match in matches}) == 1:
            return next((m for m in matches if m.item.kind == prefer), matches[0])
        if len(matches) == 1:
            return matches[0]
        if matches:
            numbers = tuple(match.number for match in matches)
            raise UsageError("selector_ambiguous", selector=printable(selector), numbers=numbers)
    raise UsageError("selector_unknown", selector=printable(selector))


def _searched(candidate: Candidate, *, whole: bool) -> str:
    """The text in which a part is looked for: for a short number the owner's name alone."""
    return candidate.name if whole else owner_name(candidate.summary.cn or "")


_FINGERPRINT: Final = re.compile(r"[0-9a-f]{8,64}")
"""So much of a fingerprint names a certificate."""


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _serial_texts(serial: int | None) -> tuple[str, ...]:
    return () if serial is None else (str(serial), f"{serial:#x}")


def choose(
    entries: Sequence[Entry], selectors: Sequence[str], report: Report, now: datetime
) -> Dialogue[tuple[Candidate, ...]]:
    """Take the selectors of the command line, or show the list and ask.

    Args:
        entries: The list.
        selectors: What the command line names; empty to ask.
        report: Where the list is shown.
        now: The wall clock's time.

    Raises:
        CertRelayError: As `select`; ``nothing_selected`` for an empty answer.
    """
    if not selectors:
        found = candidates(entries)
        lines = [
            f"  {candidate.number}. {candidate.line(report.texts, now)}" for candidate in found
        ]
        items = [candidate.fields(now) for candidate in found]
        report.event("choose", "\n".join(lines), count=len(found), items=items)
        answer = yield Ask(report.texts.say("story.ask.which"))
        selectors = answer.replace(",", " ").split()
        if not selectors:
            raise UsageError("nothing_selected")
    return select(entries, selectors)
