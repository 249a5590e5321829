"""What the commands tell of one certificate, and which one they are about."""

from pathlib import Path

from certrelay.client.flow.choosing import Candidate
from certrelay.client.flow.session import Shell
from certrelay.client.store.reading import Entry
from certrelay.client.store.system import others_can_read
from certrelay.client.terminal.about import about as about_path
from certrelay.client.terminal.report import Report
from certrelay.frozen import replace
from certrelay.safe_text import printable


def about(candidate: Candidate, shell: Shell) -> Shell:
    """The same shell, whose events say which certificate they are about."""
    return replace(shell, report=candidate.about(shell.report))


def about_entry(entry: Entry, report: Report) -> Report:
    """A report whose events say which entry they are about."""
    return about_path(report, path=entry.path, fingerprint=fingerprint_of(entry))


def fingerprint_of(entry: Entry) -> str | None:
    """The fingerprint of its certificate, if one can be read."""
    certificate = None if entry.summary is None else entry.summary.certificate
    return None if certificate is None else certificate.fingerprint


def say_if_unprotected(candidate: Candidate, report: Report) -> None:
    """Tell it where no password protects the key."""
    if not candidate.summary.protected:
        report.event("unprotected", report.texts.say("pc.passwd.unprotected"))


def tell_saved(candidate: Candidate, path: Path, status: str, report: Report) -> None:
    """Tell where a certificate was stored, or that it was there already."""
    text = report.texts.say(f"story.saved.{status}", path=str(path))
    report.event("saved", text, status=status, path=path, source=candidate.path)
    if status == "stored" and others_can_read(path):
        text = report.texts.say("note.readable", path=str(path))
        report.event("note", text, code="readable", path=path)
    if report.columns is None:  # on a screen it stands already
        report.result(printable(str(path), None))
