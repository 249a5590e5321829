"""What became of each of several certificates, and of all of them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from certrelay.client.terminal.report import Report
from certrelay.errors import CertRelayError, SomeFailed
from certrelay.safe_text import printable

_STATUSES: Final = ("done", "skipped", "failed", "left")
_STYLES: Final = {"done": "32", "failed": "31"}


class Results:
    """Tells one result after the other, and counts them.

    Args:
        report: Where they are told.
        dry_run: Whether nothing is changed.
    """

    def __init__(self, report: Report, *, dry_run: bool = False) -> None:
        self._report: Final = report
        self._dry_run: Final = dry_run
        self._counts: Final[Counter[str]] = Counter()

    def tell(self, fields: Mapping[str, Any], name: str, more: str, *, line: bool = True) -> None:
        """Tell one: everything to a script, a line to a person.

        Args:
            fields: Those of the event ``result``, without ``index``.
            name: Whose certificate; a stranger's text.
            more: Where the result lies, or why there is none.
            line: Whether a person gets one.
        """
        status = str(fields["status"])
        report = self._report
        if line:
            text = f"{report.texts.say(f'pc.batch.{status}')}  {printable(name, None)}"
            told = f"{text}  {printable(more, None)}"
            report.result(report.painted(told, _STYLES.get(status, "")))
        report.event("result", index=self._counts.total(), **fields)
        self._counts[status] += 1

    def leave(self, count: int) -> None:
        """So many are not tried any more."""
        self._counts["left"] += count

    @property
    def has_failed(self) -> bool:
        """Whether one or more could not be done."""
        return self._counts["failed"] > 0

    def sum_up(self) -> CertRelayError | None:
        """Tell how many there were of each.

        Returns:
            ``some_failed`` if one or more could not be done.
        """
        counts = {status: self._counts[status] for status in _STATUSES}
        total = sum(counts.values())
        text = self._report.texts.say("pc.batch.sum", **counts)
        self._report.event("summary", text, count=total, dry_run=self._dry_run, **counts)
        if not self.has_failed:
            return None
        return SomeFailed("some_failed", count=total, failed=counts["failed"])
