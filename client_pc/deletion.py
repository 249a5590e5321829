"""`certrelay delete` and `restore`: certificates into the trash and out of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from certrelay.client.flow.describing import line_of
from certrelay.client.flow.dialogue import Ask, Dialogue, hold, says_yes
from certrelay.client.flow.session import Shell
from certrelay.client.manage.stores import Stores
from certrelay.client.manage.trash import Trash, find_deleted
from certrelay.client.path_text import path_of
from certrelay.client.store import replace_files as disk
from certrelay.client.store.reading import Entry
from certrelay.client.terminal.report import Report
from certrelay.errors import (
    CertRelayError,
    NotConfirmed,
    SomeFailed,
)
from certrelay.frozen import frozen
from certrelay.limits import TRASH_DAYS
from certrelay.safe_text import printable
from client_pc.telling import about_entry, fingerprint_of


@frozen
class Deletion:
    """How `delete` deletes."""

    yes: bool = False
    """Whether nobody is asked."""

    forever: bool = False
    """Whether nothing goes to the trash."""

    dry_run: bool = False
    """Whether only what would go is told."""


def delete(
    stores: Stores, entries: Sequence[Entry], how: Deletion, shell: Shell
) -> CertRelayError | None:
    """Put certificates into the trash, broken ones too, after naming all that goes.

    Returns:
        ``not_deleted`` if the person did not say yes; ``some_failed``.
    """
    report, failed = shell.report, 0
    for entry in entries:
        names = disk.contents(entry.path)
        listing = "\n".join(f"    {printable(name, None)}" for name in names)
        text = f"  {_line(entry, report)}\n  {printable(str(entry.path), None)}\n{listing}"
        about_entry(entry, report).event("delete_wanted", text, files=list(names))
    if how.dry_run:
        report.event("dry_run", report.texts.say("pc.dry_run"))
        return None
    if not how.yes and not hold(_sure(report, len(entries)), shell.lines, report):
        return NotConfirmed("not_deleted")
    for entry in entries:
        try:
            remove(stores, entry, report, forever=how.forever)
        except CertRelayError as error:
            if len(entries) == 1:
                raise
            failed += 1
            text = report.texts.error(error)
            about_entry(entry, report).event("failed", text, code=error.code)
    return SomeFailed("some_failed", count=len(entries), failed=failed) if failed else None


def remove(stores: Stores, entry: Entry, report: Report, *, forever: bool = False) -> None:
    """Delete one without asking, and tell where it can be put back from."""
    now = datetime.now(UTC)
    summary = entry.summary
    owner = (summary.name if summary is not None else None) or entry.path.name
    report, path = about_entry(entry, report), str(entry.path)
    if forever:
        disk.delete(entry.path.parent, entry.path)
        text = report.texts.say("pc.deleted", path=path)
    else:
        root = stores.root_of(entry.path)
        trash = Trash(root if root in entry.path.parents else entry.path.parent)
        trash.drop_old(now)
        trash.put(entry.path, fingerprint_of(entry), owner, now)
        text = report.texts.say("pc.trashed", path=path, days=TRASH_DAYS)
    report.event("deleted", text, forever=forever)


def restore(stores: Stores, target: str, report: Report) -> None:
    """Put what was deleted last back where it was.

    Raises:
        StorageError: ``not_in_trash``; ``name_taken`` if something stands there now.
    """
    trash, deleted = find_deleted(trashes(stores, target), target)
    trash.restore(deleted)
    text = report.texts.say("pc.restored", path=str(deleted.path))
    report.event("restored", text, **deleted.fields())


def trashes(stores: Stores, target: str = "") -> list[Trash]:
    """The trashes of the stores, and that of the folder in which a named file lay."""
    roots = [*stores.roots, *([path_of(target).absolute().parent] if target.strip() else [])]
    return [Trash(root) for root in dict.fromkeys(roots)]


def _line(entry: Entry, report: Report) -> str:
    if entry.summary is None:
        return report.texts.say("state.broken")
    return line_of(
        entry.summary, report.texts, datetime.now(UTC), checked=False, file=entry.path.name
    )


def _sure(report: Report, count: int) -> Dialogue[bool]:
    key = "pc.ask.delete" if count == 1 else "pc.ask.delete_many"
    return says_yes((yield Ask(report.texts.say(key, count=count))))
