"""A report about one certificate: each event says which."""

from typing import Any, Final

from certrelay.client.terminal.report import Report


class About:
    """Passes everything on, each event with the fields that name its certificate.

    Args:
        report: Where it goes.
        fields: ``path``, ``fingerprint`` and the like; an event's own of the same name count more.
    """

    def __init__(self, report: Report, **fields: Any) -> None:
        self._report: Final = report
        self._fields: Final = fields

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Pass it on, and say about which certificate it is."""
        self._report.event(name, text, **(self._fields | fields))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._report, name)


def about(report: Report, **fields: Any) -> Report:
    """A report whose events name their certificate."""
    named: Any = About(report, **fields)
    told: Report = named
    return told
