"""Writes every change that is told into the history: what changed, where, and when."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from certrelay.client.path_text import path_text
from certrelay.client.terminal.report import Report
from certrelay.errors import StorageError
from client_pc.history import History, LocalChange

_CHANGES: Final = {
    "changed": "passwd",
    "deleted": "delete",
    "restored": "restore",
    "unlocked": "unlock",
}
"""The events that tell of a change, and what it is called in the history."""


class Journal:
    """Passes everything on, and writes changes down.

    Args:
        report: Where it goes.
        folder: The history's; ``None`` if the person wants none.
        saved: What a certificate that is saved is called there: the command that made it.
    """

    def __init__(self, report: Report, folder: Path | None, saved: str) -> None:
        self._report: Final = report
        self._changes: Final = {**_CHANGES, "saved": saved}
        self._folder: Final = folder

    def event(self, name: str, text: str = "", **fields: Any) -> None:
        """Pass it on; if it tells of a change, that is kept."""
        self._report.event(name, text, **fields)
        if self._folder is None or name not in self._changes or fields.get("status") == "duplicate":
            return
        path, source = fields.get("path"), fields.get("source")
        change = LocalChange(
            datetime.now(UTC),
            self._changes[name],
            _written(source or path) or "?",
            fields.get("fingerprint"),
            _written(path) if source else None,
        )
        try:
            History(self._folder).append_change(change)
        except StorageError as problem:
            where = str(problem.details["path"])
            told = self._report.texts.say("pc.history.not_written", path=where)
            self._report.event("history_not_written", told, path=Path(where))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._report, name)


def _written(path: object) -> str | None:
    if path is None:
        return None
    return path_text(path) if isinstance(path, Path) else str(path)


def journalled(report: Report, folder: Path | None, saved: str = "convert") -> Report:
    """A report that writes changes down."""
    journal: Any = Journal(report, folder, saved)
    told: Report = journal
    return told
